"""Recorded typing: who asks, who is overtaken, what is accepted and taken back."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from evaluation.bench.endurance import recorded_typist
from evaluation.bench.endurance.pace import Stroke
from evaluation.bench.endurance.recorded_typist import (
    Answer,
    Habits,
    Handled,
    Outcome,
    RecordedTypist,
)
from evaluation.errors import RequestFailedError, ServerExitedError
from evaluation.trace.recording import Patch

TOLD = {
    "origin": "model",
    "reason": None,
    "timings": {"first_token_ms": 30.0, "total_ms": 90.0},
    "decoding": {"decode_ms": 50.0},
}
SOON_AFTER = Stroke(0.05, (Patch(1, 0, "b"),))
"""A key that leaves time to ask, which takes no more than a turn of the event loop."""


class FakeEditor:
    """Holds the text and answers at once, unless told to keep silent."""

    def __init__(self, answer: str = "", *, is_silent: bool = False) -> None:
        self.text = ""
        self.texts: list[str] = []
        self.asked_at: list[int] = []
        self.was_asked = asyncio.Event()
        self._answer = answer
        self._is_silent = is_silent

    async def edit(self, _uri: str, patches: Sequence[Patch]) -> None:
        for patch in patches:
            stop = patch.start + patch.num_deleted
            self.text = self.text[: patch.start] + patch.inserted + self.text[stop:]
        self.texts.append(self.text)

    async def insert(self, uri: str, offset: int, text: str) -> None:
        await self.edit(uri, (Patch(offset, 0, text),))

    async def suggest(self, _uri: str, offset: int) -> tuple[str, ...]:
        self.asked_at.append(offset)
        self.was_asked.set()
        if self._is_silent:
            await asyncio.Event().wait()
        return (self._answer,) if self._answer else ()

    async def last_suggestion(self, uri: str) -> Any:
        return TOLD | {"reason": "" if self._answer else "nothing-to-say"} if uri == "u" else None


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded_typist, "DEBOUNCE_S", 0.0)
    monkeypatch.setattr(recorded_typist, "READING_S", 0.0)


def keys(text: str) -> list[Stroke]:
    return [Stroke(0.0, (Patch(place, 0, key),)) for place, key in enumerate(text)]


async def play(
    editor: FakeEditor, strokes: Sequence[Stroke], **habits: Any
) -> list[Answer | Handled]:
    told: list[Answer | Handled] = []
    typist = RecordedTypist(editor, "u", Habits(**habits), told.append)  # type: ignore[arg-type]
    async with asyncio.timeout(10):
        await typist.type_along(strokes)
    return told


def answers(told: Sequence[Answer | Handled]) -> list[Answer]:
    return [each for each in told if isinstance(each, Answer)]


async def test_each_edit_is_timed_and_the_last_one_is_asked_after() -> None:
    """Keys that come at once leave no time to ask."""
    editor = FakeEditor("more")
    told = await play(editor, keys("abc"), accept_every=100)
    assert editor.texts == ["a", "ab", "abc"]
    assert sum(isinstance(each, Handled) for each in told) == 3
    assert editor.asked_at == [3]
    (answer,) = answers(told)
    assert (answer.outcome, answer.origin, answer.reason) == (Outcome.SHOWN, "model", "")
    assert (answer.first_token_ms, answer.total_ms, answer.waited_ms) == (30, 90, 40)


async def test_the_next_key_cancels_a_request() -> None:
    editor = FakeEditor(is_silent=True)
    told: list[Answer | Handled] = []
    typist = RecordedTypist(editor, "u", Habits(), told.append)  # type: ignore[arg-type]
    typing = asyncio.create_task(typist.type_along([*keys("a"), SOON_AFTER]))
    async with asyncio.timeout(10):
        while len(editor.asked_at) < 2:
            await editor.was_asked.wait()
            editor.was_asked.clear()
    assert typist.is_asking
    assert [each.outcome for each in answers(told)] == [Outcome.OVERTAKEN]
    typing.cancel()
    await asyncio.gather(typing, return_exceptions=True)
    assert typing.cancelled()
    assert len(answers(told)) == 2
    assert not typist.is_asking


async def test_what_is_accepted_is_taken_back_with_the_next_key() -> None:
    """So the recording fits its own text again."""
    editor = FakeEditor("more")
    await play(editor, [*keys("a"), SOON_AFTER], accept_every=1)
    assert editor.texts == ["a", "amore", "a", "ab", "abmore"]
    assert editor.asked_at == [1, 5, 2, 6]


async def test_nothing_to_say_has_its_reason() -> None:
    (answer,) = answers(await play(FakeEditor(), keys("a")))
    assert (answer.outcome, answer.reason) == (Outcome.EMPTY, "nothing-to-say")


async def test_a_refusal_is_counted_and_a_server_that_is_gone_is_told() -> None:
    class Refusing(FakeEditor):
        async def suggest(self, _uri: str, _offset: int) -> tuple[str, ...]:
            raise RequestFailedError("no")

    class Gone(FakeEditor):
        async def suggest(self, _uri: str, _offset: int) -> tuple[str, ...]:
            raise ServerExitedError("gone")

    (answer,) = answers(await play(Refusing(), keys("a")))
    assert (answer.outcome, answer.reason) == (Outcome.FAILED, "no")
    with pytest.raises(ServerExitedError):
        await play(Gone(), keys("a"))
