"""How likely a suggestion's first line is right."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.confidence import LineOdds, confidence_of
from completion.document import Document
from completion.types import CompletionOptions
from tests.unit.completion.fakes import NAME, FakeEngine, Script, completer_on


def test_a_line_without_tokens_is_as_unlikely_as_can_be() -> None:
    assert confidence_of(LineOdds()) == 0.0


def test_weights_stand_for_constant_sum_and_length() -> None:
    odds = LineOdds().with_piece(-1.0, 1).with_piece(-3.0, 3)
    assert odds.features == (1.0, -4.0, math.log(4))
    expected = 1 / (1 + math.exp(-(2.0 - 4.0 * 0.5 + 0.125 * math.log(4))))
    assert confidence_of(odds, (2.0, 0.5, 0.125)) == pytest.approx(expected)


@given(st.floats(-1e9, 0), st.integers(1, 10_000))
def test_a_confidence_is_a_chance(logprob: float, num_tokens: int) -> None:
    assert 0.0 <= confidence_of(LineOdds(logprob, num_tokens)) <= 1.0


@given(st.floats(-50, -0.1), st.integers(1, 60))
def test_what_the_model_finds_likelier_is_likelier(logprob: float, num_tokens: int) -> None:
    better, worse = LineOdds(logprob / 2, num_tokens), LineOdds(logprob, num_tokens)
    assert confidence_of(better) >= confidence_of(worse)


async def test_only_the_first_line_counts(engine: FakeEngine) -> None:
    pieces = [(0, b"a = 1", -0.5), (0, b"\nb", -9.0), (0, b" = 2", -9.0)]
    text = "def f():\n    "
    alone = await confidence(engine, [(0, b"a = 1", -0.5), (0, b"\n", -9.0)], text)
    assert await confidence(engine, pieces, text) == alone


async def test_what_is_forced_does_not_count(engine: FakeEngine) -> None:
    free = await confidence(engine, [(0, b"ft", -1.0)])
    forced = await confidence(engine, [(0, b"le", -7.0), (0, b"ft", -1.0)], forced_text="le")
    assert forced == free


async def confidence(
    engine: FakeEngine,
    pieces: list[tuple[int, bytes, float]],
    text: str = "x = ",
    forced_text: str = "",
) -> float:
    engine.script = Script(pieces)
    completer = completer_on(engine, Document(NAME, "python", 1, text), reuse_suggestions=False)
    options = CompletionOptions(forced_text=forced_text)
    return (await completer.complete(NAME, len(text), options)).candidates[0].confidence
