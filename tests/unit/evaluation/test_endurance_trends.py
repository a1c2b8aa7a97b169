"""Whether something grows, and whether shares are alike."""

import numpy as np
import pytest

from evaluation.bench.endurance.trends import (
    jain_index,
    quarters,
    student_95,
    trend,
    worst_to_median,
)

TIMES_S = np.arange(400.0)


def noise(seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return a walk that keeps coming back, as memory does."""
    values = [0.0]
    for step in np.random.default_rng(seed).normal(size=len(TIMES_S) - 1):
        values.append(0.6 * values[-1] + step)
    return np.array(values)


def test_a_leak_is_seen_through_noise() -> None:
    growth = trend(TIMES_S.tolist(), (100 + 0.05 * TIMES_S + noise()).tolist())
    assert growth is not None
    assert 0 < growth.low < 0.05 < growth.high < 0.1


def test_noise_alone_is_seldom_taken_for_growth() -> None:
    """One in twenty, as the interval says; neighbours are alike, so single samples would lie."""
    trends = [trend(TIMES_S.tolist(), noise(seed).tolist()) for seed in range(100)]
    assert sum(not each.low <= 0 <= each.high for each in trends if each) <= 12


def test_one_spike_is_no_growth() -> None:
    values = np.full_like(TIMES_S, 100.0)
    values[-3:] = 1000.0
    growth = trend(TIMES_S.tolist(), values.tolist())
    assert growth == (0.0, 0.0, 0.0)


def test_too_little_says_nothing() -> None:
    assert trend([0.0, 1.0, 2.0], [1.0, 2.0, 3.0]) is None
    assert trend([], []) is None


@pytest.mark.parametrize(("degrees", "value"), [(2, 4.303), (5, 2.571), (18, 2.101), (60, 2.000)])
def test_the_percentiles_are_those_of_the_tables(degrees: int, value: float) -> None:
    assert student_95(degrees) == pytest.approx(value, rel=0.01)


def test_jains_index_goes_from_one_nth_to_one() -> None:
    assert jain_index([3.0, 3.0, 3.0, 3.0]) == pytest.approx(1)
    assert jain_index([5.0, 0.0, 0.0, 0.0]) == pytest.approx(1 / 4)
    assert jain_index([1.0, 2.0]) == pytest.approx(0.9)
    assert jain_index([0.0, 0.0]) == 1


def test_the_worst_is_compared_with_the_median() -> None:
    assert worst_to_median([10.0, 20.0, 60.0]) == 3
    assert worst_to_median([0.0]) == 1


def test_quarters_are_never_empty() -> None:
    assert quarters(range(8)) == (range(2), range(6, 8))
    assert quarters([7.0]) == ([7.0], [7.0])
