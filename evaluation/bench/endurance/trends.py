"""Whether something grows, and whether something is shared alike."""

import math
from collections.abc import Sequence
from statistics import NormalDist, median
from typing import NamedTuple, TypeVar

import numpy as np

NUM_BLOCKS = 20
"""What is looked at one after the other is alike; medians of so many blocks hardly are."""
FEWEST_BLOCKS = 4

Value = TypeVar("Value")

_Z_95 = NormalDist().inv_cdf(0.975)


class Trend(NamedTuple):
    """How much something grows in a second, with a 95 % interval."""

    per_s: float
    low: float
    high: float


def trend(times_s: Sequence[float], values: Sequence[float]) -> Trend | None:
    """Return how something grows, by a line through the medians of blocks of time.

    Args:
        times_s: When each value was taken, ascending.
        values: As many.

    Returns:
        None where there are fewer than two values for each of `FEWEST_BLOCKS` blocks.

    Source:
        Least squares on batch means, as in Law, Simulation Modeling and Analysis, 2015, 9.5.3,
        with medians for means, which outliers move less.
    """
    num_blocks = min(NUM_BLOCKS, len(values) // 2)
    if num_blocks < FEWEST_BLOCKS:
        return None
    pairs = np.array([times_s, values], dtype=np.float64)
    blocks = np.array_split(pairs, num_blocks, axis=1)
    middles, heights = np.array([np.median(block, axis=1) for block in blocks]).T
    from_mean = middles - middles.mean()
    spread = float(from_mean @ from_mean)
    above_mean = heights - heights.mean()
    slope = float(from_mean @ above_mean) / spread
    rest = above_mean - slope * from_mean
    free = num_blocks - 2
    error = math.sqrt(float(rest @ rest) / free / spread)
    reach = student_95(free) * error
    return Trend(slope, slope - reach, slope + reach)


def student_95(degrees: int) -> float:
    """Return the 97.5th percentile of Student's t, within 1 % from two degrees of freedom on.

    Source:
        Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    z = _Z_95
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / degrees**power for power, term in enumerate(terms, 1))


def jain_index(values: Sequence[float]) -> float:
    """Return how alike shares are: 1 if all are the same, 1/n if one has everything.

    Source:
        Jain, Chiu and Hawe, A Quantitative Measure of Fairness, DEC-TR-301, 1984.
    """
    squares = len(values) * sum(value * value for value in values)
    return sum(values) ** 2 / squares if squares else 1.0


def worst_to_median(values: Sequence[float]) -> float:
    """Return by how much the largest exceeds the median."""
    middle = median(values)
    return max(values) / middle if middle else 1.0


def quarters(values: Sequence[Value]) -> tuple[Sequence[Value], Sequence[Value]]:
    """Return the first quarter of some values and the last one; at least one value each."""
    size = max(len(values) // 4, 1)
    return values[:size], values[-size:]
