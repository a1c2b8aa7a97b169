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

    Cost: two comparisons of whole texts, so some ten microseconds for usual files.
    """
    shorter = min(len(old), len(new))
    start = _common_length(shorter, lambda low, high: old[low:high] == new[low:high])
    old_end, new_end = len(old), len(new)

    def ends_agree(low: int, high: int) -> bool:
        return old[old_end - high : old_end - low] == new[new_end - high : new_end - low]

    tail = _common_length(shorter - start, ends_agree)
    return Replacement(start, old_end - tail, new_end - tail)


def _common_length(longest: int, agrees: Callable[[int, int], bool]) -> int:
    """Return how long two texts agree, by halving the part in which they first differ.

    Args:
        longest: At most so long.
        agrees: Whether they do from one length to another.
    """
    if agrees(0, longest):
        return longest
    agreed, disagreed = 0, longest
    while disagreed - agreed > 1:
        middle = (agreed + disagreed) // 2
        if agrees(agreed, middle):
            agreed = middle
        else:
            disagreed = middle
    return agreed
