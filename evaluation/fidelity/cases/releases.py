"""What the authors of a package really changed from one release to the next."""

import random
from collections.abc import Iterator, Sequence

from evaluation.fidelity.cases.drafts import Draft, Spot, prefix_draft
from evaluation.fidelity.cases.package_code import Hunk, PackageCode

_LEAST_KEPT = 0.5
"""The share of the prompt's lines that must be old ones: less is another text, not an edit."""


def changed_lines(package: PackageCode) -> Iterator[tuple[str, int]]:
    """Yield path and line of what `apply_earlier_hunks` may take as its target."""
    for path in sorted(package.texts):
        for hunk in package.hunks(path)[1:]:
            if hunk.new_stop > hunk.new_start:
                yield path, hunk.new_start


def apply_earlier_hunks(spot: Spot, _generator: random.Random) -> Draft | None:
    """Apply the hunks before the cursor; the next hunk's first new line is the target.

    The document was the previous release's file up to there.
    """
    front, hunks = spot.front(), spot.package.hunks(spot.file.path)
    index = next(index for index, hunk in enumerate(hunks) if hunk.new_start == spot.line)
    if front is None:
        return None
    front, old_front = _front_in_both(front, hunks[:index])
    if spot.is_short(front):
        return None
    applied = [hunk for hunk in hunks[:index] if hunk.new_start >= front]
    old = spot.package.previous_lines(spot.file.path)[old_front : hunks[index].old_start]
    new = spot.file.lines[front : spot.line]
    if not _is_an_edit(old, new, applied):
        return None
    return prefix_draft(old, new, spot.target)


def _front_in_both(front: int, hunks: Sequence[Hunk]) -> tuple[int, int]:
    """Move a first line on until it is the same in both releases, and return it in both."""
    shift = 0
    for hunk in hunks:
        if hunk.new_start <= front <= hunk.new_stop:
            front = hunk.new_stop + 1
        if hunk.new_stop < front:
            shift = hunk.shift
    return front, front - shift


def _is_an_edit(old: Sequence[str], new: Sequence[str], applied: Sequence[Hunk]) -> bool:
    """Tell whether some of the text changed, more than white space, and most of it did not."""
    num_kept = len(new) - sum(hunk.new_stop - hunk.new_start for hunk in applied)
    is_kept = num_kept >= _LEAST_KEPT * max(len(old), len(new))
    return bool(applied) and is_kept and "".join(old).split() != "".join(new).split()
