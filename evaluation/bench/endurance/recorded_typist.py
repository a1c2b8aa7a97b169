"""Plays recorded typing into an editor that asks, cancels, shows and accepts by itself."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from evaluation.bench.endurance.pace import Stroke
from evaluation.bench.serving.typist import DEBOUNCE_S
from evaluation.editor import Editor
from evaluation.errors import RequestFailedError
from evaluation.framing import Json
from evaluation.trace.recording import Patch

READING_S = 0.4
"""How long somebody looks at a suggestion before it is accepted."""
_NOWHERE = "file:///echo"
"""No document: what is asked about it is answered at once."""


class Outcome(StrEnum):
    """What became of a request."""

    SHOWN = "shown"
    EMPTY = "empty"
    OVERTAKEN = "overtaken"  # by the next key, with which the editor cancelled it
    FAILED = "failed"  # answered with an error


@dataclass(frozen=True, slots=True)
class Answer:
    """One request. Times are milliseconds; those of the model are 0 where it was not asked.

    Attributes:
        at_s: When it was sent, since typing began.
        outcome: See `Outcome`.
        answered_ms: From the request until the editor had the answer.
        origin: Where the text comes from; empty without text.
        reason: Why there is none, in a word; empty otherwise.
        first_token_ms, total_ms: From the request, as the server saw it.
        waited_ms: Of the total, all but the engine's own time for writing: others' turns, and
            reading what is new.
    """

    at_s: float
    outcome: Outcome
    answered_ms: float
    origin: str = ""
    reason: str = ""
    first_token_ms: float = 0.0
    total_ms: float = 0.0
    waited_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Handled:
    """From sending an edit until the server answered what was sent right behind it."""

    at_s: float
    edit_ms: float


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody works.

    Attributes:
        speed: How many times faster than recorded. The editor's wait before it asks, and the
            time for reading, shrink alike.
        accept_every: One in so many suggestions that are read is accepted; the next key takes
            it back, so that the recording still fits.
    """

    speed: float = 1.0
    accept_every: int = 3


class RecordedTypist:
    """Types in one open document.

    Args:
        editor: Has the document open.
        uri: The document.
        habits: How the typist works.
        tell: Hears what became of each request and each edit.
    """

    def __init__(
        self, editor: Editor, uri: str, habits: Habits, tell: Callable[[Answer | Handled], None]
    ) -> None:
        self._editor = editor
        self._uri = uri
        self._habits = habits
        self._tell = tell
        self._began_s = time.monotonic()
        self._following: asyncio.Task[None] | None = None
        self._accepted: Patch | None = None  # takes it back
        self._num_read = 0
        self.num_keys = self.num_accepted = 0
        self.is_asking = False

    async def type_along(self, strokes: Iterable[Stroke]) -> None:
        """Make all strokes, each at its time, and see what follows the last one.

        Raises:
            EvaluationError: If the server fails.
        """
        due_s = self._began_s = time.monotonic()
        try:
            for stroke in strokes:
                due_s += stroke.pause_s / self._habits.speed
                await asyncio.sleep(due_s - time.monotonic())
                await self._stop_following()
                await self._press(stroke)
                cursor = stroke.patches[-1].start + len(stroke.patches[-1].inserted)
                self._following = asyncio.create_task(self._follow(cursor))
            if self._following is not None:
                await self._following
        finally:
            await self._stop_following()

    async def _press(self, stroke: Stroke) -> None:
        undo, self._accepted = self._accepted, None
        if undo is not None:
            await self._editor.edit(self._uri, (undo,))
        began_s = time.monotonic()
        await self._editor.edit(self._uri, stroke.patches)
        await self._editor.last_suggestion(_NOWHERE)
        self._tell(Handled(self._now_s(), _ms_since(began_s)))
        self.num_keys += 1

    async def _follow(self, cursor: int) -> None:
        """Ask once nothing more is typed for a moment; read and perhaps accept what comes."""
        await asyncio.sleep(DEBOUNCE_S / self._habits.speed)
        text = await self._ask(cursor)
        if not text:
            return
        await asyncio.sleep(READING_S / self._habits.speed)
        self._num_read += 1
        if self._num_read % self._habits.accept_every == 0:
            self.num_accepted += 1
            self._accepted = Patch(cursor, len(text), "")
            await self._editor.insert(self._uri, cursor, text)
            await self._ask(cursor + len(text))

    async def _ask(self, cursor: int) -> str:
        """Ask for a suggestion and tell what came of it; returns its text."""
        at_s, began_s = self._now_s(), time.monotonic()
        self.is_asking = True
        try:
            texts = await self._editor.suggest(self._uri, cursor)
            answered_ms = _ms_since(began_s)
            told = await self._editor.last_suggestion(self._uri)
        except asyncio.CancelledError:
            self._tell(Answer(at_s, Outcome.OVERTAKEN, _ms_since(began_s)))
            raise
        except RequestFailedError as error:
            self._tell(Answer(at_s, Outcome.FAILED, _ms_since(began_s), reason=str(error)))
            return ""
        finally:
            self.is_asking = False
        self._tell(_answer(at_s, answered_ms, told, has_text=bool(texts)))
        return texts[0] if texts else ""

    async def _stop_following(self) -> None:
        following, self._following = self._following, None
        if following is None:
            return
        following.cancel()
        await asyncio.wait((following,))
        if not following.cancelled():
            following.result()

    def _now_s(self) -> float:
        return time.monotonic() - self._began_s


def _answer(at_s: float, answered_ms: float, told: Json, *, has_text: bool) -> Answer:
    if told is None:
        return Answer(at_s, Outcome.EMPTY, answered_ms, reason="unknown")
    timings = told["timings"]
    return Answer(
        at_s,
        Outcome.SHOWN if has_text else Outcome.EMPTY,
        answered_ms,
        origin=told["origin"] if has_text else "",
        reason="" if has_text else told["reason"] or "unknown",
        first_token_ms=timings["first_token_ms"],
        total_ms=timings["total_ms"],
        waited_ms=max(timings["total_ms"] - told["decoding"]["decode_ms"], 0.0),
    )


def _ms_since(began_s: float) -> float:
    return 1000 * (time.monotonic() - began_s)
