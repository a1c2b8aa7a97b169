"""The edit that matters most to what comes next: lines like the target itself."""

import random
from collections import Counter
from collections.abc import Sequence
from math import log

from evaluation.fidelity.cases.drafts import Draft, Spot, prefix_draft, without
from evaluation.fidelity.cases.package_code import NAME
from evaluation.fidelity.cases.random_edits import GROUP_LINES

_LEAST_SIMILARITY = 0.2
"""Below it, the most similar line only shares what most lines have."""


def insert_related(spot: Spot, _generator: random.Random) -> Draft | None:
    """Insert five lines in a row around the line before the cursor that is most like the target.

    PIE inserts lines that resemble the target; here they are one group in a row, so that the
    edit is one that a person makes. Two lines are alike by the names they share, each weighed
    by how few lines of the context have it; of equals the one nearest to the cursor is taken.
    Five lines before the target stay as they are: otherwise most groups would end at the cursor,
    where an insertion moves nothing.

    Source:
        PIE, arXiv 2407.03157, the contextually related insertion.
    """
    front = spot.front()
    if front is None or spot.line - front < 4 * GROUP_LINES:
        return None
    context = spot.file.lines[front : spot.line]
    editable = context[:-GROUP_LINES]
    centre = _most_similar(editable, spot.target)
    if centre is None:
        return None
    start = min(max(1, centre - GROUP_LINES // 2), len(editable) - GROUP_LINES)
    gap = range(start, start + GROUP_LINES)
    return prefix_draft(without(context, gap), context, spot.target)


def _most_similar(context: Sequence[str], target: str) -> int | None:
    """Return the index of the line most like the target, if one is."""
    names = [frozenset(NAME.findall(line)) for line in context]
    wanted = frozenset(NAME.findall(target))
    rarity = _rarity([*names, wanted])

    def similarity(index: int) -> float:
        union = _weight(names[index] | wanted, rarity)
        return _weight(names[index] & wanted, rarity) / union if union else 0.0

    best = max(range(1, len(context)), key=lambda index: (similarity(index), index))
    return best if similarity(best) >= _LEAST_SIMILARITY else None


def _rarity(lines: Sequence[frozenset[str]]) -> dict[str, float]:
    """Weigh each name by the share of lines that have it; in all of them it weighs nothing."""
    counts = Counter(name for names in lines for name in names)
    return {name: log(len(lines) / count) for name, count in counts.items()}


def _weight(names: frozenset[str], rarity: dict[str, float]) -> float:
    return sum(rarity[name] for name in sorted(names))  # sorted: a sum of floats has an order
