"""Edits at random places before the cursor.

The first line of the prompt stays, so that both states begin alike, and so does the line before
the target: text that is added at the very end is no edit, and no cache gets it wrong.

Source:
    PIE, arXiv 2407.03157, the settings of its code insertion, deletion and multi-place editing.
"""

import random
from collections.abc import Sequence

from evaluation.fidelity.cases.drafts import Draft, Spot, prefix_draft, without

GROUP_LINES = 5
"""How long an insertion or deletion is."""
_FEWEST_LINES = 4 * GROUP_LINES
_NUM_PLACES, _LINES_EACH = 3, 2


def insert(spot: Spot, generator: random.Random) -> Draft | None:
    """Insert five lines in a row that the file has and the document did not have yet."""
    context = _context(spot)
    if context is None:
        return None
    gap = _group(context, generator)
    return prefix_draft(without(context, gap), context, spot.target)


def delete(spot: Spot, generator: random.Random) -> Draft | None:
    """Delete five lines in a row that stand in another file of the package, not in this one."""
    context, strangers = _context(spot), _strangers(spot, generator)
    if context is None or strangers is None:
        return None
    place = generator.randrange(1, len(context))
    first = [*context[:place], *strangers, *context[place:]]
    return prefix_draft(first, context, spot.target)


def insert_and_delete(spot: Spot, generator: random.Random) -> Draft | None:
    """Insert five lines of the file and delete five strange ones elsewhere."""
    context, strangers = _context(spot), _strangers(spot, generator)
    if context is None or strangers is None:
        return None
    gap = _group(context, generator)
    apart = [*range(1, gap.start), *range(gap.stop + 1, len(context))]
    if not apart:
        return None
    place = generator.choice(apart)
    before = without(context[:place], gap)
    after = without(context[place:], range(gap.start - place, gap.stop - place))
    return prefix_draft([*before, *strangers, *after], context, spot.target)


def insert_at_several_places(spot: Spot, generator: random.Random) -> Draft | None:
    """Insert two lines in a row at three places at once, at least a line between them."""
    context = _context(spot)
    if context is None:
        return None
    slack = len(context) - 1 - _NUM_PLACES * (_LINES_EACH + 1)
    starts = sorted(generator.choices(range(slack + 1), k=_NUM_PLACES))
    firsts = [1 + start + index * (_LINES_EACH + 1) for index, start in enumerate(starts)]
    gaps = [range(first, first + _LINES_EACH) for first in firsts]
    return prefix_draft(without(context, *gaps), context, spot.target)


def _context(spot: Spot) -> Sequence[str] | None:
    """Return the lines before the spot, if they are enough for every edit here."""
    front = spot.front()
    if front is None or spot.line - front < _FEWEST_LINES:
        return None
    return spot.file.lines[front : spot.line]


def _group(context: Sequence[str], generator: random.Random) -> range:
    """Choose lines in a row; the first and the last line of the context are never among them."""
    start = generator.randrange(1, len(context) - GROUP_LINES)
    return range(start, start + GROUP_LINES)


def _strangers(spot: Spot, generator: random.Random) -> Sequence[str] | None:
    """Return lines in a row of another file that are nowhere in this one."""
    lines = spot.package.other_lines(spot.file.path, GROUP_LINES, generator)
    if lines is None or "".join(lines) in "".join(spot.file.lines):
        return None
    return lines
