"""Lines are suggested where their authors wrote them, and it is noted how sure the model was."""

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from completion.completer import Completer
from completion.document import Document
from completion.types import Suggestion
from evaluation.decoding.lines import edit_similarity, is_same_line
from evaluation.errors import CannotMeasureError
from evaluation.repo.task import Task

START, WITHIN, IN_WORD = "start", "within", "in-word"
KINDS = (START, WITHIN, IN_WORD)
"""Where the cursor is: where the line begins, behind a word of it that is typed, in a word."""
_WORD = re.compile(r"[^\W\d]\w{3,}")
_WORD_ENDS = re.compile(r"(?<=\w)(?!\w)|(?<=[(\[{,.=:])")


@dataclass(frozen=True, slots=True)
class SureRecord:
    """What came of one cursor.

    Attributes:
        key, package: Of the task, with the kind.
        kind: One of `KINDS`.
        seconds: That it took.
        is_offered: Whether there was a suggestion.
        logprob, num_tokens: Of its first line, as the model wrote it.
        is_right: Whether that is what the author wrote there.
        similarity: Of the two, from 0 to 1.
        reason: Why nothing was offered.
    """

    key: str
    kind: str
    package: str
    seconds: float
    is_offered: bool
    logprob: float
    num_tokens: int
    is_right: bool
    similarity: float
    reason: str


def read_sure(fields: Mapping[str, Any]) -> SureRecord:
    """Read a line of a journal."""
    return SureRecord(**fields)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A task, and how much of its line is typed already."""

    task: Task
    kind: str
    num_typed: int

    @property
    def key(self) -> str:
        """Names it; the same for the same task."""
        return f"{self.kind}/{self.task.key}"


def cursor_of(task: Task, kind: str) -> Cursor:
    """Return a place in a task's line; where it has no word of four letters, after its first."""
    chance = random.Random(f"{task.key} {kind}")  # noqa: S311 - drawn, no secret
    if kind == START:
        return Cursor(task, START, 0)
    if kind == WITHIN:
        middle = len(task.target) // 2
        ends = [each.start() for each in _WORD_ENDS.finditer(task.target) if each.start() <= middle]
        return Cursor(task, kind, chance.choice(ends or [1]))
    words = [each.span() for each in _WORD.finditer(task.target)]
    start, stop = chance.choice(words or [(0, 2)])
    return Cursor(task, kind, chance.randint(start + 1, stop - 1))


class SureWriter:
    """Asks a completer as an editor does, one document after the other.

    Args:
        completer: Over an engine that is ready; closed by whoever made it.
    """

    def __init__(self, completer: Completer) -> None:
        self._completer = completer
        self._opened = ""
        self._version = 0

    async def measure(self, cursor: Cursor) -> SureRecord:
        """Have a line suggested.

        Raises:
            CannotMeasureError: If the engine did not answer.
        """
        started = time.perf_counter()
        suggestion = await self._suggestion(cursor)
        truth = cursor.task.target[cursor.num_typed :]
        line = suggestion.text.split("\n", 1)[0]
        best = suggestion.candidates[0] if suggestion.candidates else None
        return SureRecord(
            key=cursor.key,
            kind=cursor.kind,
            package=cursor.task.package,
            seconds=round(time.perf_counter() - started, 3),
            is_offered=best is not None,
            logprob=best.first_line.logprob if best else 0.0,
            num_tokens=best.first_line.num_tokens if best else 0,
            is_right=is_same_line(line, truth),
            similarity=round(edit_similarity(line, truth), 4),
            reason="" if suggestion.reason is None else suggestion.reason.value,
        )

    async def _suggestion(self, cursor: Cursor) -> Suggestion:
        task = cursor.task
        before = task.before + task.target[: cursor.num_typed]
        self._version += 1
        document = Document(
            f"file:///{task.package}/{task.path}", task.language, self._version, before + task.after
        )
        if self._opened != document.name:
            self._completer.close(self._opened)
            self._completer.open(document)
            self._opened = document.name
        else:
            self._completer.change(document, len(before))
        suggestion = await self._completer.complete(document.name, len(before))
        if suggestion.sync is None:
            raise CannotMeasureError(
                f"{cursor.key} got no answer from the engine: {suggestion.detail}"
            )
        return suggestion
