"""What a request waits where it comes in the middle of a refresh.

One engine in this process serves all requests, so that it can be told before each of them
whether it may refresh. Each follows an edit near the top of a long file, which leaves nearly all
of its cache to be refreshed, and each comes at a random moment of a slice.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter

import numpy as np

from completion.document import Document
from completion.prompting import PromptBuilder
from completion.settings import CompletionSettings
from engine.permanent import permanent
from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.protocol.messages import GenerationRequest, Piece
from engine.service.host import REFRESH_PAUSE_S, EngineHost, LoadProgress
from engine.service.limits import RefreshLimits
from engine.service.local import LocalEngine
from engine.service.run import load_real_model
from engine.service.steps import LoadedModel
from engine.settings import EngineSettings
from evaluation.bench.serving.plan import ServePlan
from evaluation.bench.serving.sources import library_texts
from evaluation.errors import UnexpectedResultError
from evaluation.report import Parameter, Row, summarise, summarise_percentile

KIND = "refresh"
REFRESHING, RESTING = "refreshing", "resting"

_LATEST_PHASE_S = 0.6  # longer than a slice takes on two cores
_BEGIN_TIMEOUT_S = 30.0
_POLL_S = 0.002
_NOTE = "# Note {number:04d}: everything below was written under another note.\n"
_NUM_RESAMPLES = 2000


class Switch:
    """Lets the engine refresh or not. It believes to be on battery while it may not."""

    def __init__(self) -> None:
        self.may_refresh = True

    def limits(self) -> RefreshLimits:
        """Return limits that heed the switch."""
        return RefreshLimits("auto", is_on_battery=lambda: not self.may_refresh)


class Writer:
    """Edits a long file and asks for the first token after it.

    Args:
        host: Serves the model that `builder` lays out for.
        builder: Of the prompts.
        text: Of the file. `num_keys` characters of its middle are what gets typed.
        num_keys: How often there will be something to type.
    """

    def __init__(self, host: EngineHost, builder: PromptBuilder, text: str, num_keys: int) -> None:
        self._host = host
        self._engine = LocalEngine(host)
        self._builder = builder
        self._start = text.rindex("\n", 0, len(text) // 2) + 1
        self._top, self._bottom = text[: self._start], text[self._start + num_keys :]
        self._keys = text[self._start : self._start + num_keys]
        self._num_typed = self._number = 0

    async def read(self) -> int:
        """Have the file in the cache; returns the length of its prompt."""
        return await self._sync()

    async def edit_near_the_top(self) -> None:
        """Change a line that all of the file stands behind, and follow it."""
        self._number += 1
        await self._sync()

    async def type_and_ask(self) -> float:
        """Type a key, ask at once, and return the milliseconds to the first token."""
        self._num_typed += 1
        tokens, cursor = self._prompt()
        request = GenerationRequest(KIND, tokens, cursor, max_tokens=1)
        began_s = perf_counter()
        first_ms = None
        async for event in self._engine.generate(request):
            if isinstance(event, Piece) and first_ms is None:
                first_ms = (perf_counter() - began_s) * 1000
        if first_ms is None:
            raise UnexpectedResultError("the engine ended a suggestion without a first token")
        return first_ms

    async def _sync(self) -> int:
        tokens, cursor = self._prompt()
        return (await self._engine.sync(KIND, tokens, cursor)).prompt

    def _prompt(self) -> tuple[Sequence[int], int]:
        top = _NOTE.format(number=self._number) + self._top + self._keys[: self._num_typed]
        document = Document(f"{KIND}.py", "python", self._num_typed, top + self._bottom)
        built = self._builder.build(document, len(top), CompletionSettings(), max_tokens=1)
        return built.prompt.tokens.tolist(), built.prompt.cursor


async def refresh_rows(
    settings: EngineSettings, plan: ServePlan, generator: random.Random
) -> list[Row]:
    """Measure first tokens with a refresh under way and without, in turns.

    Raises:
        UnexpectedResultError: If the engine cannot be measured.
        EngineError: If there is no model.
    """
    switch = Switch()
    (text,) = library_texts(1, plan.refresh_characters)
    first_token_ms: dict[str, list[float]] = {REFRESHING: [], RESTING: []}
    async with _engine(settings, switch) as (host, builder):
        writer = Writer(host, builder, text, 2 * plan.refresh_requests)
        prompt_tokens = await writer.read()
        for _ in range(plan.refresh_requests):
            phase_s = generator.uniform(0, _LATEST_PHASE_S)
            for arm in generator.sample((REFRESHING, RESTING), 2):
                switch.may_refresh = arm == REFRESHING
                await writer.edit_near_the_top()
                await _until_amid_refresh(host, phase_s, is_wanted=switch.may_refresh)
                first_token_ms[arm].append(await writer.type_and_ask())
    return _rows(first_token_ms, generator, {"prompt_tokens": prompt_tokens})


async def _until_amid_refresh(host: EngineHost, phase_s: float, *, is_wanted: bool) -> None:
    """Wait as long in both arms; in one of them a refresh is under way then."""
    await asyncio.sleep(REFRESH_PAUSE_S + phase_s)
    try:
        async with asyncio.timeout(_BEGIN_TIMEOUT_S):
            while host.is_refreshing != is_wanted:  # noqa: ASYNC110  (between two slices)
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise UnexpectedResultError(
            f"the engine {'does not refresh' if is_wanted else 'refreshes'} {_BEGIN_TIMEOUT_S:g} s"
            " after an edit near the top; a longer file takes longer to refresh"
        ) from None


@asynccontextmanager
async def _engine(
    settings: EngineSettings, switch: Switch
) -> AsyncIterator[tuple[EngineHost, PromptBuilder]]:
    def load(progress: LoadProgress) -> LoadedModel:
        with permanent():
            return load_real_model(settings, progress)

    host = EngineHost(load, settings.cache_budget_mb * 2**20, limits=switch.limits())
    host.start()
    try:
        state = await host.life.wait_settled(LOADING_TIMEOUT_S)
        if state.model is None:
            raise UnexpectedResultError(f"the engine has no model to measure: {state.message}")
        yield host, PromptBuilder.load(state.model, "")
    finally:
        await host.stop(LOADING_TIMEOUT_S)


def _rows(
    first_token_ms: dict[str, list[float]],
    generator: random.Random,
    params: dict[str, Parameter],
) -> list[Row]:
    rows = []
    for arm, values in first_token_ms.items():
        rows.append(summarise(KIND, arm, "first_token_ms", values, "ms", params=params))
        rows.append(
            summarise_percentile(
                KIND, arm, "first_token_p99_ms", values, "ms", percent=99, params=params
            )
        )
    for metric, percent in (("first_token_ms", 50), ("first_token_p99_ms", 99)):
        rows.append(_ratio_row(first_token_ms, metric, percent, generator, params))
    return rows


def _ratio_row(
    first_token_ms: dict[str, list[float]],
    metric: str,
    percent: float,
    generator: random.Random,
    params: dict[str, Parameter],
) -> Row:
    """Compare a percentile of both arms, with a 95 % interval from drawing requests again."""
    arms = [np.array(first_token_ms[arm]) for arm in (REFRESHING, RESTING)]
    draw = np.random.default_rng(generator.getrandbits(32))
    drawn = [
        np.percentile(draw.choice(arm, (_NUM_RESAMPLES, len(arm))), percent, axis=1) for arm in arms
    ]
    low, high = np.percentile(drawn[0] / drawn[1], (2.5, 97.5))
    value = float(np.percentile(arms[0], percent) / np.percentile(arms[1], percent))
    told: dict[str, Parameter] = {**params, "interval": "95 %"}
    arm = f"{REFRESHING}/{RESTING}"
    return Row(KIND, arm, metric, value, float(low), float(high), len(arms[0]), "times", told)
