"""What a pass over several tokens costs, so that drafts are as long as they pay."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from engine.decoding.drafts.base import MAX_DRAFTS


def pass_costs(measured: Mapping[int, float]) -> tuple[float, ...]:
    """Return the costs of passes over 1, 2, ... tokens, given those of some sizes."""
    sizes = np.arange(1, MAX_DRAFTS + 2)
    return tuple(np.interp(sizes, list(measured), list(measured.values())).tolist())


BFLOAT16_PASS_COSTS = pass_costs({1: 1.0, 2: 1.0, 4: 1.02, 8: 1.1, 16: 1.36})
PACKED_PASS_COSTS = pass_costs({1: 1.0, 2: 1.2, 4: 1.55, 5: 2.3, 8: 2.5, 9: 3.1, 16: 3.5})
"""As multiples of a pass over one token; packed: weights in four bits up to four tokens, then
full ones. Measured on two cores with AVX-512, Qwen2.5-Coder-0.5B, after 2,000 tokens of prompt."""


class PassCosts(Protocol):
    """What passes cost, as far as is known."""

    @property
    def table(self) -> Sequence[float]:
        """Of passes over 1, 2, ... tokens, as multiples of the first; longer ones as the last."""
        ...

    def observe(self, num_tokens: int, pass_s: float) -> None:
        """Take note of how long a pass took."""
        ...


class FixedCosts:
    """Costs that are known. Implements `PassCosts`."""

    def __init__(self, table: Sequence[float] = BFLOAT16_PASS_COSTS) -> None:
        self.table = table

    def observe(self, num_tokens: int, pass_s: float) -> None:
        """Do nothing."""


class LearnedCosts:
    """Costs corrected by the passes that are run. Implements `PassCosts`.

    Passes of about the same size share a correction. What is followed is the median, by a small
    step up or down after each pass: passes that were disturbed, or had to be run twice, count no
    more than others. The time of a pass over one token takes larger steps than corrections do,
    for it changes with the document and the machine's load.

    Args:
        first: Estimates to begin with.
    """

    _LARGEST_OF_CLASS = (1, 2, 3, 4, 8)  # all beyond are one more
    _CORRECTION_STEP, _UNIT_STEP = 0.04, 0.08

    def __init__(self, first: Sequence[float]) -> None:
        self._first = first
        self._corrections = [1.0] * (len(self._LARGEST_OF_CLASS) + 1)
        self._unit_s: float | None = None  # of a pass over one token
        self.table = tuple(first)

    def observe(self, num_tokens: int, pass_s: float) -> None:
        """Correct the class of the pass, and what a pass over one token takes."""
        expected = self.table[min(num_tokens, len(self.table)) - 1]
        if self._unit_s is None:
            self._unit_s = pass_s / expected
            return
        direction = 1 if pass_s > self._unit_s * expected else -1
        self._unit_s *= 1 + direction * self._UNIT_STEP
        size_class = self._class_of(num_tokens)
        if size_class > 0:  # the first is the unit
            self._corrections[size_class] *= 1 + direction * self._CORRECTION_STEP
            self.table = tuple(
                cost * self._corrections[self._class_of(size)]
                for size, cost in enumerate(self._first, start=1)
            )

    def _class_of(self, num_tokens: int) -> int:
        return bisect_left(self._LARGEST_OF_CLASS, num_tokens)
