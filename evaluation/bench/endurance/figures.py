"""Rows of what happened in windows: how long it took, and how it ended."""

from collections import Counter
from collections.abc import Iterator, Sequence

from evaluation.bench.endurance.recorded_typist import Answer, Handled, Outcome
from evaluation.report import Parameter, Row, summarise, summarise_percentile

PERCENTS = (95, 99)
Params = dict[str, Parameter]


def time_rows(
    kind: str, arm: str, answers: Sequence[Answer], handled: Sequence[Handled], params: Params
) -> list[Row]:
    """Return median, 95th and 99th percentile of all that takes time.

    `edit_ms` is of every edit; `answered_ms` of every answer that came before the next key;
    `first_token_ms`, `total_ms` and `waited_ms` of those that the model was asked for.
    """
    in_time = [each for each in answers if each.outcome in (Outcome.SHOWN, Outcome.EMPTY)]
    written = [each for each in in_time if each.first_token_ms]
    measured = {
        "edit": [each.edit_ms for each in handled],
        "answered": [each.answered_ms for each in in_time],
        "first_token": [each.first_token_ms for each in written],
        "total": [each.total_ms for each in written],
        "waited": [each.waited_ms for each in written],
    }
    return [
        row
        for name, values in measured.items()
        if values
        for row in percentile_rows(kind, arm, name, values, params)
    ]


def percentile_rows(
    kind: str, arm: str, name: str, values: Sequence[float], params: Params
) -> Iterator[Row]:
    """Yield the median and the high percentiles of times in milliseconds."""
    yield summarise(kind, arm, f"{name}_ms", values, "ms", params=params)
    for percent in PERCENTS:
        metric = f"{name}_p{percent}_ms"
        yield summarise_percentile(kind, arm, metric, values, "ms", percent=percent, params=params)


def outcome_rows(kind: str, arm: str, answers: Sequence[Answer], params: Params) -> list[Row]:
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
    rows = [
        count_row(kind, arm, metric, count, "requests", params) for metric, count in counts.items()
    ]
    return [*rows, count_row(kind, arm, "answered_share", answered_share(answers), "share", params)]


def answered_share(answers: Sequence[Answer]) -> float:
    """Return how many requests had their answer before the next key, 0 to 1."""
    in_time = sum(each.outcome in (Outcome.SHOWN, Outcome.EMPTY) for each in answers)
    return in_time / max(len(answers), 1)


def count_row(kind: str, arm: str, metric: str, value: float, unit: str, params: Params) -> Row:
    """Return the row of one figure that has no spread."""
    return summarise(kind, arm, metric, [float(value)], unit, params=params)
