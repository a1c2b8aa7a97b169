"""Whether memory, queue and open files grow, in rows and in sentences."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from evaluation.bench.endurance.figures import RowMaker
from evaluation.bench.endurance.samples import Sample
from evaluation.bench.endurance.session import Seen
from evaluation.bench.endurance.trends import quarters, trend
from evaluation.report import Parameter, Row

MEMORY, QUEUE, FILES = "memory", "queue", "files"
GROWTH = "growth_an_hour"
_HOUR_S = 3600.0
_NOTEWORTHY = 0.02  # of what is there, in an hour
_WARMING = 0.25  # of the time, in which everything is used for the first time

_CURVES: Sequence[tuple[str, str, str, Callable[[Sample], float]]] = (
    (MEMORY, "server", "MB", lambda sample: sample.server_mb),
    (MEMORY, "analysers", "MB", lambda sample: sample.analysers_mb),
    (MEMORY, "engine", "MB", lambda sample: sample.engine_mb),
    (MEMORY, "caches", "MB", lambda sample: sample.caches_mb),
    (MEMORY, "engine over caches", "MB", lambda sample: sample.over_caches_mb),
    (QUEUE, "engine", "jobs", lambda sample: sample.num_jobs),
    (FILES, "server", "files", lambda sample: sample.server_files),
    (FILES, "engine", "files", lambda sample: sample.engine_files),
)


def growth_rows(samples: Sequence[Sample], params: Mapping[str, Parameter]) -> list[Row]:
    """Return the rows of all that might grow; none where nothing was looked at."""
    if not samples:
        return []
    times_s = [each.at_s for each in samples]
    return [
        row
        for kind, arm, unit, value_of in _CURVES
        for row in _curve_rows(
            RowMaker(kind, arm, params), times_s, list(map(value_of, samples)), unit
        )
    ]


def _curve_rows(
    rows: RowMaker, times_s: Sequence[float], values: Sequence[float], unit: str
) -> Iterator[Row]:
    first, last = quarters(values)
    yield rows.spread("first_quarter", first, unit)
    yield rows.spread("last_quarter", last, unit)
    yield rows.single("largest", max(values), unit)
    if rows.kind == QUEUE:
        yield rows.percentile("p99", values, unit, 99)
    warm = int(len(values) * _WARMING)
    growth = trend(times_s[warm:], values[warm:])
    if growth is not None:
        value, low, high = (_HOUR_S * each for each in growth)
        told = {**rows.params, "interval": "95 %"}
        num_values = len(values) - warm
        yield Row(rows.kind, rows.arm, GROWTH, value, low, high, num_values, f"{unit}/h", told)


def verdicts(rows: Sequence[Row], seen: Seen) -> Iterator[str]:
    """Say in sentences what the rows of `growth_rows` come to, and what went wrong."""
    if seen.problem:
        yield f"It ended after {seen.duration_s / 60:.1f} minutes, because {seen.problem}."
    for row in rows:
        if row.metric == GROWTH:
            yield _verdict(row, _last_quarter(rows, row))


def _verdict(row: Row, level: float) -> str:
    name = f"{row.arm}, {row.kind}" if row.kind != MEMORY else row.arm
    interval = f"{row.value:+.3g} {row.unit} (95 %: {row.low:+.3g} to {row.high:+.3g})"
    if row.low > max(_NOTEWORTHY * level, 0):
        return f"{name}: GROWS, {interval}, at {level:.4g} in the last quarter."
    if row.low > 0:
        return f"{name}: grows by less than {_NOTEWORTHY:.0%} an hour, {interval}."
    return f"{name}: no growth to be seen, {interval}."


def _last_quarter(rows: Sequence[Row], like: Row) -> float:
    return next(
        row.value
        for row in rows
        if (row.kind, row.arm, row.metric) == (like.kind, like.arm, "last_quarter")
    )
