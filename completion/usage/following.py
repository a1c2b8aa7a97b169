"""A piece of text that was inserted at once, followed through all later edits."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from completion.usage.edits import TextEdit

MOST_COMPARISONS = 10_000
"""Of lexemes with lexemes, for one edit; one or two milliseconds."""

_LEXEME = re.compile(r"\w+|\s+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Run:
    """`[old, old + length)` of a removed text stands in the inserted one at `new`."""

    old: int
    new: int
    length: int


class Change:
    """An edit as small as it can be said, and what it kept, worked out once and only if asked."""

    def __init__(self, edit: TextEdit) -> None:
        self.edit = edit.trimmed()

    @cached_property
    def runs(self) -> list[Run] | None:
        """See `runs_kept`."""
        return runs_kept(self.edit)


class FollowedText:
    """Where what is left of a piece of text stands. Keeps places only, none of the text.

    A part that is replaced counts as changed, not as gone, if at least half of both texts is
    the same: its words, numbers and signs that are in both, in the same order, are still there.
    So a formatter does not make a suggestion look thrown away.

    Args:
        start: Where the text stands.
        length: Of it, in code points.
    """

    def __init__(self, start: int, length: int) -> None:
        self.length = length
        self._parts = [(start, start + length)]  # half-open, ascending, apart

    @property
    def num_left(self) -> int:
        """How many of its characters are still there."""
        return sum(stop - start for start, stop in self._parts)

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """Where they are, half-open and ascending."""
        return tuple(self._parts)

    def follow(self, change: Change) -> bool:
        """Move along with an edit.

        Cost: by the size of the edit and the number of parts, not of the document.

        Returns:
            False where the edit is too large to say what is left; then this is of no use any more.
        """
        edit = change.edit
        touched = any(start < edit.old_stop and stop > edit.start for start, stop in self._parts)
        runs = change.runs if touched else []
        if runs is None:
            return False
        self._parts = list(_joined(self._moved(edit, runs)))
        return True

    def _moved(self, edit: TextEdit, runs: Sequence[Run]) -> Iterator[tuple[int, int]]:
        behind: list[tuple[int, int]] = []
        for start, stop in self._parts:
            if start < edit.start:
                yield start, min(stop, edit.start)
            if stop > edit.old_stop:
                behind.append((max(start, edit.old_stop) + edit.growth, stop + edit.growth))
        yield from _inside(self._parts, edit, runs)
        yield from behind


def runs_kept(edit: TextEdit) -> list[Run] | None:
    """Return what a replacement kept of the text it replaced; None if it is too large to say.

    Nothing where less than half of both is the same: then one text took the place of another.
    """
    if not edit.removed or not edit.inserted:
        return []
    for pattern in (_LEXEME, _LINE):
        old, new = pattern.findall(edit.removed), pattern.findall(edit.inserted)
        if len(old) * len(new) <= MOST_COMPARISONS:
            runs = _common_runs(old, new)
            kept = sum(run.length for run in runs)
            is_changed_only = 4 * kept >= len(edit.removed) + len(edit.inserted)
            return runs if is_changed_only else []
    return None


def _inside(
    parts: Sequence[tuple[int, int]], edit: TextEdit, runs: Sequence[Run]
) -> Iterator[tuple[int, int]]:
    """Yield where the replaced part of some text stands in what replaced it."""
    for run in runs:
        old_start = edit.start + run.old
        shift = run.new - run.old
        for start, stop in parts:
            left, right = max(start, old_start), min(stop, old_start + run.length)
            if left < right:
                yield left + shift, right + shift


def _joined(parts: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join neighbours, so that there are no more parts than there are gaps."""
    last: tuple[int, int] | None = None
    for start, stop in parts:
        if last is not None and last[1] == start:
            last = (last[0], stop)
            continue
        if last is not None:
            yield last
        last = (start, stop)
    if last is not None:
        yield last


def _common_runs(old: Sequence[str], new: Sequence[str]) -> list[Run]:
    """Return a longest common subsequence, by characters, as places in the joined texts."""
    lengths = _table(old, new)
    old_starts, new_starts = _starts(old), _starts(new)
    runs: list[Run] = []
    row, column = 0, 0
    while row < len(old) and column < len(new):
        if old[row] == new[column]:
            runs.append(Run(old_starts[row], new_starts[column], len(old[row])))
            row, column = row + 1, column + 1
        elif lengths[row + 1][column] >= lengths[row][column + 1]:
            row += 1
        else:
            column += 1
    return runs


def _table(old: Sequence[str], new: Sequence[str]) -> list[list[int]]:
    """Return how many characters the ends of both from each place on have in common."""
    below = [0] * (len(new) + 1)
    table = [below]
    for lexeme in reversed(old):
        row = [0] * (len(new) + 1)
        for column in range(len(new) - 1, -1, -1):
            if lexeme == new[column]:
                row[column] = below[column + 1] + len(lexeme)
            else:
                row[column] = max(below[column], row[column + 1])
        table.append(row)
        below = row
    table.reverse()
    return table


def _starts(lexemes: Sequence[str]) -> list[int]:
    starts, start = [], 0
    for lexeme in lexemes:
        starts.append(start)
        start += len(lexeme)
    return starts
