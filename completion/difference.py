"""Where two versions of a text differ, and where a place in the old one is in the new one."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replacement:
    """`[start, old_stop)` of the old text became `[start, new_stop)` of the new one."""

    start: int
    old_stop: int
    new_stop: int

    def moved(self, offset: int) -> int | None:
        """Return where `offset` is now; None if what stood around it was replaced."""
        if offset <= self.start:
            return offset
        if offset >= self.old_stop:
            return offset + self.new_stop - self.old_stop
        return None


def replacement_between(old: str, new: str) -> Replacement:
    """Return the smallest single replacement that turns `old` into `new`.

    Cost: a few comparisons of whole slices, so microseconds for usual files.
    """
    shorter = min(len(old), len(new))
    start = _common_length(shorter, lambda length: old[:length] == new[:length])
    rest = shorter - start
    tail = _common_length(rest, lambda length: old[len(old) - length :] == new[len(new) - length :])
    return Replacement(start, len(old) - tail, len(new) - tail)


def _common_length(longest: int, agrees: Callable[[int], bool]) -> int:
    """Return the greatest length up to `longest` for which `agrees`, by bisection."""
    if agrees(longest):
        return longest
    agreed, disagreed = 0, longest
    while disagreed - agreed > 1:
        middle = (agreed + disagreed) // 2
        if agrees(middle):
            agreed = middle
        else:
            disagreed = middle
    return agreed
