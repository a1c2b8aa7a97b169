"""From single measurements to rows: medians and quartiles, and ratios of paired repeats."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evaluation.bench.journal import Measurement
from evaluation.report import Parameter, Row, summarise

UNITS = {
    "update_ms": "ms",
    "first_token_ms": "ms",
    "line_ms": "ms",
    "line_tokens": "tokens",
    "tok_s": "tokens/s",
    "prefill_tok_s": "tokens/s",
    "decode_tok_s": "tokens/s",
    "rss_mb": "MB",
    "cache_mb": "MB",
}
SUBJECT_ARM = "warmline"
_RATIO_METRICS = ("update_ms", "first_token_ms", "line_ms", "tok_s")


def rows_of(
    measurements: Sequence[Measurement], common: Mapping[str, Parameter]
) -> tuple[Row, ...]:
    """Return all rows: those of each arm, and behind them those of `warmline/other`.

    Args:
        measurements: In any order.
        common: Conditions of the whole run, added to the params of each row.
    """
    series = _series(measurements)
    rows = [row for each in series for row in _rows(each, common)]
    ratios = [row for pair in _pairs(series) for row in _ratio_rows(*pair, common)]
    return (*rows, *ratios)


class _Series:
    """Measurements of one kind by one contestant under the same conditions."""

    def __init__(self, measurements: Sequence[Measurement]) -> None:
        first = measurements[0]
        self.kind = first.kind
        self.arm = first.arm
        self.conditions = first.conditions
        self.setup = first.setup
        self.by_repeat = {each.repeat: each.values for each in measurements}

    def values(self, metric: str) -> list[float]:
        return [values[metric] for values in self.by_repeat.values() if metric in values]

    @property
    def metrics(self) -> list[str]:
        return list(dict.fromkeys(name for values in self.by_repeat.values() for name in values))


def _series(measurements: Sequence[Measurement]) -> list[_Series]:
    def identity(measurement: Measurement) -> tuple[Any, ...]:
        conditions = sorted(measurement.conditions.items())
        setup = sorted(measurement.setup.items())
        return measurement.kind, str(conditions), measurement.arm, str(setup)

    together: dict[Any, list[Measurement]] = {}
    for measurement in measurements:
        together.setdefault(identity(measurement), []).append(measurement)
    return [_Series(each) for each in together.values()]


def _rows(series: _Series, common: Mapping[str, Parameter]) -> Iterator[Row]:
    params = {**common, **series.conditions, **series.setup}
    for metric in series.metrics:
        values, unit = series.values(metric), UNITS[metric]
        yield summarise(series.kind, series.arm, metric, values, unit, params=params)


def _pairs(series: Sequence[_Series]) -> Iterator[tuple[_Series, _Series]]:
    """Yield Warmline with each other arm that did the same."""
    own = [each for each in series if each.arm == SUBJECT_ARM]
    for left in own:
        for right in series:
            is_same_work = (left.kind, left.conditions) == (right.kind, right.conditions)
            if is_same_work and right.arm != SUBJECT_ARM:
                yield left, right


def _ratio_rows(left: _Series, right: _Series, common: Mapping[str, Parameter]) -> Iterator[Row]:
    repeats = sorted(left.by_repeat.keys() & right.by_repeat.keys())
    pairs = [(left.by_repeat[repeat], right.by_repeat[repeat]) for repeat in repeats]
    params = {**common, **left.conditions, **right.setup, **left.setup}
    for metric in _RATIO_METRICS:
        ratios = [a[metric] / b[metric] for a, b in pairs if metric in a and b.get(metric)]
        if ratios:
            arm = f"{left.arm}/{right.arm}"
            yield summarise(left.kind, arm, metric, ratios, "times", params=params)
