"""From pauses to rows and tables."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from completion.usage.usage import LOOKS_S
from evaluation.comparison.cases import Cases
from evaluation.comparison.plots import Plot
from evaluation.comparison.tables import Style
from evaluation.intervals import Values
from evaluation.report import Parameter, Row
from evaluation.retention.agreement import LINE, RULES, WORD
from evaluation.retention.cases import KIND
from evaluation.retention.measure import AUTHOR, PauseRecord

ARMS = (*RULES, AUTHOR)

_METRICS: Mapping[str, tuple[str, str]] = {
    "shown": ("shown", ""),
    "accepted": ("accepted", "shown"),
    "agreed": ("agreed", "suggested"),
    "taken_back": ("taken_back", "accepted"),
    **{f"kept@{look}": (f"kept@{look}", f"looked@{look}") for look in LOOKS_S},
}
"""Each is the sum of one figure by the sum of another, or by the number of pauses."""


def rows_of(
    records: Sequence[PauseRecord],
    seed: int,
    params: Mapping[str, Parameter],
    arms: Sequence[str] = ARMS,
) -> tuple[Row, ...]:
    """Return a row for each arm and metric; what would be taken from nothing is left out."""
    return tuple(
        row
        for arm in arms
        if (cases := Cases(records, (arm,), seed)).records
        for row in _rows(arm, cases, params)
    )


def _rows(arm: str, cases: Cases[PauseRecord], params: Mapping[str, Parameter]) -> Iterator[Row]:
    for metric, (part, whole) in _METRICS.items():
        values, others = cases.values(arm, part), _wholes(cases, arm, whole)
        num_counted = int(np.count_nonzero(others))
        if num_counted:
            told: dict[str, Parameter] = {
                "statistic": f"{part} / {whole or 'pauses'}",
                "interval": "95 %, bootstrap over stretches of typing",
                "stretches": cases.resamples.num_packages,
                **params,
            }
            estimate = cases.resamples.ratio(values, others)
            yield Row(KIND, arm, metric, *estimate, num_counted, "share", told)


def _wholes(cases: Cases[PauseRecord], arm: str, name: str) -> Values:
    return cases.values(arm, name) if name else np.ones(len(cases.records))


def _title(row: Row) -> str:
    return row.kind


STYLE = Style(
    arm_metrics=tuple(_METRICS),
    pair_metrics=(),
    bold_arm="",
    reading=(
        "In brackets 95 % intervals, bootstrapped over stretches of typing. `shown`: share of the"
        " pauses with a suggestion; `accepted`: of those, accepted by the rule of the row;"
        " `agreed`: share of suggested characters that this accepts; `kept`: of the accepted"
        " characters those still there after that time of the recording. The row `author` has"
        " what the author typed, as if it had been suggested."
    ),
    title=_title,
)

_COLOURS = {LINE: "#0b6e4f", WORD: "#5b6c9d"}


def _plot(metric: str, label: str) -> Plot:
    return Plot(label, lambda row: row.metric == metric, colours=_COLOURS)


PLOTS: Mapping[str, Plot] = {
    "accepted": _plot("accepted", "share of shown suggestions that would be accepted"),
    "kept": _plot("kept@5min", "share of accepted characters still there after five minutes"),
}
