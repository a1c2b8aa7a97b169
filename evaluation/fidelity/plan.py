"""The order in which cases are measured: wherever a run is stopped, it is balanced."""

import random
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

from evaluation.fidelity.case import Case


def ordered(cases: Iterable[Case], seed: int) -> list[Case]:
    """Return the cases so that every beginning has its share of each kind, package and length.

    Within a kind, packages and lengths take turns; kinds with more cases come more often. The
    same cases and seed give the same order.
    """
    by_kind: dict[str, list[Case]] = {}
    for case in cases:
        by_kind.setdefault(case.kind, []).append(case)
    placed = (
        ((index + 0.5) / len(own), case)
        for own in by_kind.values()
        for index, case in enumerate(_taking_turns(own, seed))
    )
    return [case for _, case in sorted(placed, key=lambda pair: pair[0])]


def _taking_turns(cases: Sequence[Case], seed: int) -> list[Case]:
    """Take one case of each package and length in turn, in random order."""
    groups: dict[tuple[str, int], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.package, case.prompt_tokens), []).append(case)
    shuffled = list(groups.values())
    chance = random.Random(seed)  # noqa: S311  (an order, no secret)
    chance.shuffle(shuffled)
    for group in shuffled:
        chance.shuffle(group)
    return [case for case in chain.from_iterable(zip_longest(*shuffled)) if case is not None]
