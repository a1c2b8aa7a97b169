"""The completer on an engine in this process: what a user would be shown, pause by pause."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from completion.completer import Completer
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import EmptyReason, Suggestion, Timings
from engine.permanent import permanent
from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.service.host import EngineHost, LoadProgress
from engine.service.limits import RefreshLimits
from engine.service.local import LocalEngine
from engine.service.run import load_real_model
from engine.service.steps import LoadedModel
from engine.settings import EngineSettings
from evaluation.errors import UnexpectedResultError

TIMEOUT_MS = 290_000
"""Nobody waits, so no suggestion is cut short by a busy machine."""


def writer_settings(prompt_tokens: int) -> CompletionSettings:
    """Return the server's settings but for what depends on other files or on the time of day."""
    after_tokens = prompt_tokens // 4  # the share that the default settings have
    return CompletionSettings(
        prefix_tokens=prompt_tokens - after_tokens,
        suffix_tokens=after_tokens,
        context_tokens=0,
        monitors=False,
        prepare_on_open=False,
        prepare_next=False,
        timeout_ms=TIMEOUT_MS,
    )


class CompleterWriter:
    """Opens the text anew for each suggestion, so that none depends on those before it."""

    def __init__(
        self,
        host: EngineHost,
        runner: asyncio.Runner,
        settings: CompletionSettings,
        name: str,
        language: str,
    ) -> None:
        self._host = host
        self._runner = runner
        self._settings = settings
        self._name = name
        self._language = language

    def suggest(self, text: str, offset: int) -> Suggestion:
        """See `Writer`.

        Raises:
            UnexpectedResultError: If the engine fails.
        """
        return self._runner.run(self._suggest(text, offset))

    async def _suggest(self, text: str, offset: int) -> Suggestion:
        engine = LocalEngine(self._host)
        completer = Completer(engine, self._settings)
        try:
            completer.open(Document(self._name, self._language, 1, text))
            suggestion = await completer.complete(self._name, offset)
        finally:
            await completer.aclose()
            await engine.aclose()
        if suggestion.reason is not None and suggestion.sync is None:
            raise UnexpectedResultError(f"nothing can be suggested: {suggestion.detail}")
        return suggestion


class SilentWriter:
    """Suggests nothing, so that only what the author typed is followed."""

    def suggest(self, _text: str, _offset: int) -> Suggestion:
        """See `Writer`."""
        return Suggestion((), "", Timings(0.0, 0.0, 0.0), None, 0, reason=EmptyReason.DISABLED)


@contextmanager
def completer_writer(
    engine_settings: EngineSettings, settings: CompletionSettings, name: str, language: str
) -> Iterator[CompleterWriter]:
    """Load the model and suggest with it for as long as the context lasts.

    Raises:
        UnexpectedResultError: If the model cannot be loaded.
    """

    def load(progress: LoadProgress) -> LoadedModel:
        with permanent():
            return load_real_model(engine_settings, progress)

    async def start() -> EngineHost:
        budget_bytes = engine_settings.cache_budget_mb * 2**20
        host = EngineHost(load, budget_bytes, limits=RefreshLimits("off"))
        host.start()
        state = await host.life.wait_settled(LOADING_TIMEOUT_S)
        if state.model is None:
            raise UnexpectedResultError(f"the engine has no model to measure: {state.message}")
        return host

    with asyncio.Runner() as runner:
        host = runner.run(start())
        try:
            yield CompleterWriter(host, runner, settings, name, language)
        finally:
            runner.run(host.stop(LOADING_TIMEOUT_S))
