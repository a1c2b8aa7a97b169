"""Few counts say what all times said, but for the width of a bucket."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.usage.histogram import BUCKETS_PER_DOUBLING, NUM_DOUBLINGS, Histogram

WIDTH = 2 ** (1 / BUCKETS_PER_DOUBLING)
times = st.lists(st.floats(1.0, 100_000.0), min_size=1, max_size=60)


def histogram_of(values: list[float]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(times, st.sampled_from([1, 50, 90, 95, 99, 100]))
def test_percentiles_are_those_of_all_times_within_a_bucket(
    values: list[float], percent: float
) -> None:
    exact = sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
    found = histogram_of(values).percentile_ms(percent)
    assert exact * 0.999999 <= found <= exact * WIDTH * 1.000001


@given(times)
def test_cumulative_counts_end_with_all(values: list[float]) -> None:
    counted = list(histogram_of(values).cumulative())
    assert [count for _, count in counted] == [
        sum(value <= upper_ms for value in values) for upper_ms, _ in counted
    ]
    assert counted[-1][1] == len(values)


@given(times)
def test_it_is_read_as_it_was_written(values: list[float]) -> None:
    histogram = histogram_of(values)
    assert Histogram.from_json(json.loads(json.dumps(histogram.to_json()))) == histogram


def test_it_holds_no_more_than_its_buckets() -> None:
    """Whatever comes, also times of nothing and of hours."""
    histogram = histogram_of([0.0, *(1.01**number for number in range(3000))])
    assert len(histogram.counts) <= BUCKETS_PER_DOUBLING * NUM_DOUBLINGS + 1
    assert histogram.percentile_ms(0) <= 1
    assert histogram.percentile_ms(100) <= histogram.longest_ms


def test_nothing_counted_is_nothing_said() -> None:
    assert Histogram().percentile_ms(50) == 0


@pytest.mark.parametrize("value", [{}, {"counts": {"a": 1}, "sum_ms": 0, "longest_ms": 0}])
def test_something_else_is_refused(value: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Histogram.from_json(value)
