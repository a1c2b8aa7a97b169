"""From what was seen on the way to rows: for the whole trace, and part by part."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.report import Parameter, Row, summarise, summarise_percentile
from evaluation.trace.replay import (
    JUST_REFRESHED,
    NEVER_REFRESHED,
    PART,
    PROCESS,
    REFRESHED_IN_PAUSES,
    SAMPLE,
    TraceRecord,
)

WHOLE = "trace"
UNTIL = "until@"
"""Followed by the number of transactions played by the end of a part."""
ARMS = (NEVER_REFRESHED, REFRESHED_IN_PAUSES, JUST_REFRESHED)

_PERCENTS = (95, 99, 100)
_UNITS = {
    "prompt_length": "tokens",
    "cache_mb": "MB",
    "rss_mb": "MB",
    "encoded_tokens": "tokens",
}
_NUM_RESAMPLES = 2000
_FEWEST_FOR_TREND = 10


class _Mean(NamedTuple):
    value: float
    low: float
    high: float


def rows_of(
    records: Sequence[TraceRecord], seed: int, params: Mapping[str, Parameter]
) -> tuple[Row, ...]:
    """Return all rows.

    Args:
        records: Of one run, in the order of time.
        seed: Of the resampling behind the intervals.
        params: Conditions of the whole run, added to each row.
    """
    parts = [record for record in records if record.kind == PART]
    samples = [record for record in records if record.kind == SAMPLE]
    generator = np.random.default_rng(seed)
    rows = [*_whole_rows(parts, samples, generator, params)]
    ends = sorted({part.num_played for part in parts})
    for start, end in zip([0, *ends], ends, strict=False):
        kind, inside = f"{UNTIL}{end}", range(start + 1, end + 1)
        told = {**params, "first": start + 1, "last": end}
        here = [part for part in parts if part.num_played == end]
        rows += _time_rows(kind, here, told)
        rows += _state_rows(kind, here, told)
        rows += _error_rows(kind, [s for s in samples if s.num_played in inside], generator, told)
    return tuple(rows)


def _whole_rows(
    parts: Sequence[TraceRecord],
    samples: Sequence[TraceRecord],
    generator: np.random.Generator,
    params: Mapping[str, Parameter],
) -> Iterator[Row]:
    yield from _time_rows(WHOLE, parts, params)
    yield from _memory_rows(parts, params)
    yield from _error_rows(WHOLE, samples, generator, params)
    for arm in ARMS:
        own = [sample for sample in samples if sample.arm == arm]
        if len(own) >= _FEWEST_FOR_TREND:
            yield _trend_row(arm, own, generator, params)


def _time_rows(
    kind: str, parts: Sequence[TraceRecord], params: Mapping[str, Parameter]
) -> Iterator[Row]:
    for arm in dict.fromkeys(part.arm for part in parts):
        values = [value for part in parts if part.arm == arm for value in part.sync_ms]
        if not values:
            continue
        yield summarise(kind, arm, "sync_ms", values, "ms", params=params)
        for percent in _PERCENTS:
            metric = f"sync_p{percent}_ms"
            yield summarise_percentile(
                kind, arm, metric, values, "ms", percent=percent, params=params
            )


def _memory_rows(parts: Sequence[TraceRecord], params: Mapping[str, Parameter]) -> Iterator[Row]:
    """Yield what was held at the ends of parts, and how much more at the last than the first."""
    for arm, metric in ((PROCESS, "rss_mb"), (NEVER_REFRESHED, "cache_mb")):
        held = [part.values[metric] for part in parts if part.arm == arm and metric in part.values]
        if held:
            yield summarise(WHOLE, arm, metric, held, "MB", params=params)
            growth = [held[-1] - held[0]]
            yield summarise(WHOLE, arm, f"{metric}_growth", growth, "MB", params=params)


def _state_rows(
    kind: str, parts: Sequence[TraceRecord], params: Mapping[str, Parameter]
) -> Iterator[Row]:
    for part in parts:
        for metric, value in part.values.items():
            yield summarise(kind, part.arm, metric, [value], _UNITS[metric], params=params)


def _error_rows(
    kind: str,
    samples: Sequence[TraceRecord],
    generator: np.random.Generator,
    params: Mapping[str, Parameter],
) -> Iterator[Row]:
    for arm in ARMS:
        own = [sample.values for sample in samples if sample.arm == arm]
        if not own:
            continue
        yield summarise(kind, arm, "kl", [each["kl"] for each in own], "nats", params=params)
        agreed = _mean(np.array([each["agree"] for each in own]), generator)
        told = {**params, "value": "mean, 95 % interval"}
        yield Row(kind, arm, "agree", *agreed, len(own), "share", told)
        edits = [each["edits_since_exact"] for each in own]
        yield summarise(kind, arm, "edits_since_exact", edits, "edits", params=params)


def _trend_row(
    arm: str,
    samples: Sequence[TraceRecord],
    generator: np.random.Generator,
    params: Mapping[str, Parameter],
) -> Row:
    """Tell whether the error grows: the rank correlation of KL and edits so far.

    1 where each sample is worse than those before it, 0 where age makes no difference.
    """
    pairs = np.array([(sample.num_played, sample.values["kl"]) for sample in samples])
    drawn = generator.integers(0, len(pairs), (_NUM_RESAMPLES, len(pairs)))
    low, high = np.percentile([_rank_correlation(pairs[each]) for each in drawn], (2.5, 97.5))
    told = {**params, "value": "rank correlation, 95 % interval"}
    value = _rank_correlation(pairs)
    return Row(WHOLE, arm, "kl_trend", value, float(low), float(high), len(pairs), "", told)


def _rank_correlation(pairs: NDArray[np.float64]) -> float:
    first, second = (_ranks(column) for column in pairs.T)
    spread = float(first.std() * second.std())
    if not spread:
        return 0.0
    return float(np.mean((first - first.mean()) * (second - second.mean()))) / spread


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank values; equal ones share the mean of their ranks."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle: NDArray[np.float64] = np.cumsum(counts) - (counts - 1) / 2
    return middle[places]


def _mean(values: NDArray[np.float64], generator: np.random.Generator) -> _Mean:
    drawn = generator.choice(values, (_NUM_RESAMPLES, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return _Mean(float(values.mean()), float(low), float(high))
