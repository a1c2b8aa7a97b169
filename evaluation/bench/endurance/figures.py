"""Rows of what happened in windows: how long it took, and how it ended."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from evaluation.bench.endurance.recorded_typist import Answer, Handled, Outcome
from evaluation.framing import Json
from evaluation.report import Parameter, Row, summarise, summarise_percentile

PERCENTS = (95, 99)
_IN_TIME = (Outcome.SHOWN, Outcome.EMPTY)


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes rows of one kind and arm, under the same conditions."""

    kind: str
    arm: str
    params: Mapping[str, Parameter]

    def single(self, metric: str, value: float, unit: str) -> Row:
        """Return the row of a figure that has no spread."""
        return self.spread(metric, [float(value)], unit)

    def spread(self, metric: str, values: Sequence[float], unit: str) -> Row:
        """Return the row of a median with quartiles."""
        return summarise(self.kind, self.arm, metric, values, unit, params=self.params)

    def percentile(self, metric: str, values: Sequence[float], unit: str, percent: int) -> Row:
        """Return the row of a percentile."""
        return summarise_percentile(
            self.kind, self.arm, metric, values, unit, percent=percent, params=self.params
        )

    def times(self, name: str, values_ms: Sequence[float]) -> Iterator[Row]:
        """Yield the rows of some times: the median and the high percentiles."""
        yield self.spread(f"{name}_ms", values_ms, "ms")
        for percent in PERCENTS:
            yield self.percentile(f"{name}_p{percent}_ms", values_ms, "ms", percent)


def time_rows(rows: RowMaker, answers: Sequence[Answer], handled: Sequence[Handled]) -> list[Row]:
    """Return median, 95th and 99th percentile of all that takes time.

    `edit_ms` is of every edit; `answered_ms` of every answer that came before the next key;
    `first_token_ms`, `total_ms` and `waited_ms` of those that the model was asked for.
    """
    in_time = [each for each in answers if each.outcome in _IN_TIME]
    written = written_answers(answers)
    measured = {
        "edit": [each.edit_ms for each in handled],
        "answered": [each.answered_ms for each in in_time],
        "first_token": [each.first_token_ms for each in written],
        "total": [each.total_ms for each in written],
        "waited": [each.waited_ms for each in written],
    }
    return [row for name, values in measured.items() if values for row in rows.times(name, values)]


def stage_rows(rows: RowMaker, stage: Json) -> Iterator[Row]:
    """Yield a stage as a server tells it: percentiles, at most 9 % too long, and the longest."""
    for name in (*(f"p{percent}" for percent in (50, *PERCENTS)), "longest"):
        value = float(stage[name])
        yield Row(
            rows.kind, rows.arm, f"{name}_ms", value, value, value, stage["n"], "ms", rows.params
        )


def outcome_rows(rows: RowMaker, answers: Sequence[Answer]) -> list[Row]:
    """Return how many requests ended how, and the share that was answered in time."""
    outcomes = Counter(each.outcome for each in answers)
    origins = Counter(each.origin for each in answers if each.outcome is Outcome.SHOWN)
    reasons = Counter(each.reason for each in answers if each.outcome is Outcome.EMPTY)
    counts = {
        "asked": len(answers),
        **{str(outcome): outcomes[outcome] for outcome in Outcome},
        **{f"shown: {origin}": count for origin, count in sorted(origins.items())},
        **{f"empty: {reason}": count for reason, count in sorted(reasons.items())},
    }
    return [
        *(rows.single(metric, count, "requests") for metric, count in counts.items()),
        rows.single("answered", answered_share(answers), "share"),
    ]


def written_answers(answers: Sequence[Answer]) -> list[Answer]:
    """Return those that came before the next key and that the model was asked for."""
    return [each for each in answers if each.outcome in _IN_TIME and each.first_token_ms]


def answered_share(answers: Sequence[Answer]) -> float:
    """Return how many requests had their answer before the next key, 0 to 1."""
    return sum(each.outcome in _IN_TIME for each in answers) / max(len(answers), 1)
