"""Figures of many cases with their uncertainty, where cases of one package are alike.

Packages are drawn again with replacement, each with all of its cases, and the figure is taken
anew each time. The interval is the middle 95 % of what comes out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NUM_RESAMPLES = 2000
_COVERED = (2.5, 97.5)  # percent

Values = NDArray[np.float64]
"""(N,), one for each case."""


class Estimate(NamedTuple):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


class Resamples:
    """What was drawn for some cases. The same seed and cases draw the same.

    Args:
        packages: Of each case, (N,), at least one.
        seed: Of the draws.

    Source:
        Cameron, Gelbach and Miller, Bootstrap-Based Improvements for Inference with Clustered
        Errors, 2008: the pairs cluster bootstrap.
    """

    def __init__(self, packages: Sequence[str], seed: int) -> None:
        names, index = np.unique(np.array(packages), return_inverse=True)
        shares = np.full(len(names), 1 / len(names))
        draws = np.random.default_rng(seed).multinomial(len(names), shares, NUM_RESAMPLES)
        self.num_packages = len(names)
        # The cases as they are come first, (1 + NUM_RESAMPLES, N).
        self._weights = np.vstack([np.ones(len(index)), draws[:, index]])

    def mean(self, values: Values) -> Estimate:
        """Estimate the mean."""
        return self.ratio(values, np.ones_like(values))

    def ratio(self, numerators: Values, denominators: Values) -> Estimate:
        """Estimate the ratio of two sums."""
        return _estimate(_divided(self._weights @ numerators, self._weights @ denominators))

    def median(self, values: Values) -> Estimate:
        """Estimate the median."""
        return _estimate(self._medians(values))

    def ratio_of_medians(self, values: Values, others: Values) -> Estimate:
        """Estimate the median of one by the median of the other."""
        return _estimate(_divided(self._medians(values), self._medians(others)))

    def _medians(self, values: Values) -> Values:
        """Return the median in each resample: of two middle values the mean."""
        order = np.argsort(values)
        ordered, reached = values[order], self._weights[:, order].cumsum(1)
        half = reached[:, -1:] / 2
        lower = ordered[(reached >= half).argmax(1)]
        upper = ordered[(reached > half).argmax(1)]
        return np.asarray((lower + upper) / 2)


def _divided(numerators: Values, denominators: Values) -> Values:
    """Divide; what cannot be divided is not a number."""
    result = np.full_like(numerators, np.nan)
    return np.divide(numerators, denominators, out=result, where=denominators != 0)


def _estimate(figures: Values) -> Estimate:
    """Take the first as the value and the others as its resamples."""
    resamples = figures[1:][np.isfinite(figures[1:])]
    if not len(resamples):
        return Estimate(float(figures[0]), float("nan"), float("nan"))
    low, high = np.percentile(resamples, _COVERED)
    return Estimate(float(figures[0]), float(low), float(high))
