"""Whatever the model writes, in whatever pieces, nothing that is forbidden is offered.

And where it is allowed as it stands, nothing is different: not the text, not the counts, not
what the engine is asked.
"""

import asyncio
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import example, given
from hypothesis import strategies as st

from completion.types import CompletionOptions, Suggestion
from engine.protocol.messages import FinishReason, ModelDescription
from monitors.types import Site
from tests.unit.completion.fakes import CURSOR, NAME, completer_on, description, small_tokenizer
from tests.unit.completion.guided import NAMES, FakeMonitors, ObedientEngine

KNOWN = sorted({f"{receiver}.{name}" for receiver, names in NAMES.items() for name in names})
UNKNOWN = ["left.si", "left.length", "left.sizesize", "right.näme", "right.", "left.ñ"]
GLUE = [" + ", "(", ")", ", ", ".x", "other.thing", " ", "ß"]

texts = st.lists(st.sampled_from([*KNOWN, *UNKNOWN, *GLUE]), max_size=8).map("".join)
known_texts = st.lists(st.sampled_from(KNOWN), min_size=1, max_size=5).map(" + ".join)
choices = st.lists(texts, min_size=1, max_size=6)
piece_sizes = st.lists(st.integers(1, 9), min_size=1, max_size=6)
delays = st.lists(st.integers(0, 12), min_size=1, max_size=4)


@cache
def model() -> ModelDescription:
    directory = Path(mkdtemp())
    small_tokenizer().save(str(directory / "tokenizer.json"))
    return description(directory)


def pieces(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    cut, start, turn = [], 0, 0
    while start < len(data):
        size = sizes[turn % len(sizes)]
        cut.append(data[start : start + size])
        start, turn = start + size, turn + 1
    return cut


def slow_monitors(turns: Sequence[int]) -> FakeMonitors:
    """Answer after some turns of the event loop, others each time."""
    monitors = FakeMonitors()

    async def answering(_: Site) -> None:
        for _turn in range(turns[len(monitors.asked) % len(turns)]):
            await asyncio.sleep(0)

    monitors.answering = answering
    return monitors


async def suggestion(
    engine: ObedientEngine, monitors: FakeMonitors | None, num_candidates: int
) -> Suggestion:
    completer = completer_on(
        engine, monitors=monitors, prepare_on_open=False, prepare_next=False, context_tokens=0
    )
    options = CompletionOptions(num_candidates, is_invoked=True)
    try:
        return await completer.complete(NAME, CURSOR, options)
    finally:
        await completer.aclose()


def forbidden_names(text: str) -> list[str]:
    """Judge what is offered by other means than the code does."""
    found = re.findall(r"\b(left|right)\.(\w+)", text)
    return [f"{receiver}.{name}" for receiver, name in found if name not in NAMES[receiver]]


@example([["other.thingleft.addright.left.addleft.add"]], "", [1], [0], FinishReason.END_OF_TEXT)
@given(
    candidates=st.lists(choices, min_size=1, max_size=3),
    rest=texts,
    sizes=piece_sizes,
    turns=delays,
    finish=st.sampled_from([FinishReason.END_OF_TEXT, FinishReason.LENGTH]),
)
def test_nothing_forbidden_is_offered(
    candidates: list[list[str]],
    rest: str,
    sizes: list[int],
    turns: list[int],
    finish: FinishReason,
) -> None:
    async def run() -> Suggestion:
        engine = ObedientEngine.ready(model())
        engine.texts, engine.rest, engine.ends_with = candidates, rest, finish
        engine.cut = lambda data: pieces(data, sizes)
        return await suggestion(engine, slow_monitors(turns), len(candidates))

    offered = asyncio.run(run())
    for candidate in offered.candidates:
        assert not forbidden_names(candidate.text), offered


@given(candidates=st.lists(known_texts, min_size=1, max_size=3), sizes=piece_sizes, turns=delays)
def test_what_is_allowed_stays_as_it_is(
    candidates: list[str], sizes: list[int], turns: list[int]
) -> None:
    async def run(monitors: FakeMonitors | None) -> tuple[Suggestion, ObedientEngine]:
        engine = ObedientEngine.ready(model())
        engine.texts = [[text] for text in candidates]
        engine.cut = lambda data: pieces(data, sizes)
        return await suggestion(engine, monitors, len(candidates)), engine

    plain, plain_engine = asyncio.run(run(None))
    guarded, engine = asyncio.run(run(slow_monitors(turns)))
    assert guarded.candidates == plain.candidates
    assert guarded.num_generated == plain.num_generated
    assert guarded.decoding == plain.decoding
    assert engine.requests == plain_engine.requests
