"""Typing as it is played: the trace, and who asks after it."""

import asyncio
import random

import pytest

from evaluation.bench.serving import typist
from evaluation.bench.serving.sources import library_texts
from evaluation.bench.serving.typing_trace import Keystroke, typing_trace
from evaluation.bench.serving.typist import Typist
from evaluation.errors import UnexpectedResultError

TEXT = "def add(a, b):\n    return a + b\n"


def trace(seed: int = 0) -> tuple[Keystroke, ...]:
    return typing_trace(TEXT, 5.0, random.Random(seed))  # noqa: S311  # no secret


def test_the_keys_are_the_text_at_the_pace_that_was_asked_for() -> None:
    keys = trace()
    assert "".join(key.text for key in keys) == TEXT
    assert sum(key.pause_s for key in keys) == pytest.approx(len(TEXT) / 5.0)


def test_an_editor_indents_the_new_line() -> None:
    assert "\n    " in [key.text for key in trace()]


def test_the_same_seed_types_alike_and_another_does_not() -> None:
    assert trace(1) == trace(1) != trace(2)


def test_nothing_to_type_takes_no_time() -> None:
    assert typing_trace("", 5.0, random.Random(0)) == ()  # noqa: S311


class FakeEditor:
    """Answers the requests after which it is told to, and keeps what was typed."""

    def __init__(self, answered: set[str]) -> None:
        self.text = ""
        self.asked: list[str] = []
        self._answered = answered

    async def insert(self, _uri: str, offset: int, text: str) -> None:
        assert offset == len(self.text)
        self.text += text

    async def suggest(self, _uri: str, offset: int) -> tuple[str, ...]:
        asked = self.text[:offset]
        self.asked.append(asked)
        return ("more",) if asked in self._answered else ()


async def test_keys_that_come_too_fast_are_not_asked_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """All keys come at once, so only the last one outlives the wait before asking."""
    monkeypatch.setattr(typist, "DEBOUNCE_S", 0.2)
    editor = FakeEditor({"abc"})
    keys = [Keystroke(character, 0.0) for character in "abc"]
    record = await Typist(editor, "file:///a", 0).type_along(keys)  # type: ignore[arg-type]
    assert editor.asked == ["abc"]
    assert (record.num_asked, len(record.answer_ms), record.answered_share) == (1, 1, 1.0)


async def test_requests_without_a_suggestion_count_as_unanswered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(typist, "DEBOUNCE_S", 0.0)
    editor = FakeEditor({"ab"})
    keys = [Keystroke("a", 0.0), Keystroke("b", 0.05)]
    record = await Typist(editor, "file:///a", 0).type_along(keys)  # type: ignore[arg-type]
    assert editor.asked == ["a", "ab"]
    assert record.answered_share == 0.5


async def test_a_server_that_goes_away_is_not_hidden() -> None:
    class Broken(FakeEditor):
        async def suggest(self, _uri: str, _offset: int) -> tuple[str, ...]:
            raise UnexpectedResultError("gone")

    editor = Broken(set())
    with pytest.raises(UnexpectedResultError, match="gone"):
        async with asyncio.timeout(10):
            await Typist(editor, "u", 0).type_along([Keystroke("a", 0.0)])  # type: ignore[arg-type]


def test_real_code_is_cut_after_a_line() -> None:
    texts = library_texts(3, 7_500)
    assert len(set(texts)) == 3
    assert all(text.endswith("\n") and 7_000 < len(text) <= 7_500 for text in texts)


def test_more_code_than_there_is_is_refused() -> None:
    with pytest.raises(UnexpectedResultError, match="smaller plan"):
        library_texts(10_000, 7_500)
