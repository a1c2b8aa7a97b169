"""From what was answered about sites to rows, tables and plots."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from evaluation.comparison.cases import Cases, Figure
from evaluation.comparison.plots import Plot
from evaluation.comparison.tables import Style
from evaluation.intervals import Estimate
from evaluation.members.arms import ANALYSER, MONITORS
from evaluation.members.asking import AskedRecord
from evaluation.members.site import KINDS
from evaluation.report import Parameter, Row, summarise_percentile

RARE = " (rare)"
"""Behind a kind: only sites with names that hardly any other file of the corpus has."""
P95_MS = "p95_ms"
_SHARES = ("answered", "replied", "covered")
_EXCLUDED = {"excluded_truth": "covered", "missed": "answered"}
"""The truth was not among the names: shares of the sites with an answer."""


def rows_of(
    records: Sequence[AskedRecord], seed: int, params: Mapping[str, Parameter]
) -> tuple[Row, ...]:
    """Return a row for each kind, arm and metric; rare names are kinds of their own."""
    tables = (
        _Table(kind + suffix, arm, Cases(own, (arm,), seed), params)
        for kind in KINDS
        for suffix in ("", RARE)
        if (own := [each for each in records if each.kind == kind and (each.is_rare or not suffix)])
        for arm in own[0].arms
    )
    return tuple(chain.from_iterable(table.rows() for table in tables))


@dataclass(frozen=True, slots=True)
class _Table:
    kind: str
    arm: str
    cases: Cases[AskedRecord]
    params: Mapping[str, Parameter]

    def rows(self) -> Iterator[Row]:
        draws = self.cases.resamples
        for metric in _SHARES:
            yield self._row(metric, "mean", draws.mean(self._values(metric)))
        for metric, over in _EXCLUDED.items():
            estimate = draws.ratio(self._values(metric), self._values(over))
            yield self._row(metric, f"of {over}", estimate)
        milliseconds = self._values("ms")
        yield self._row("ms", "median", draws.median(milliseconds), unit="ms")
        yield summarise_percentile(
            self.kind, self.arm, P95_MS, list(milliseconds), "ms", percent=95, params=self.params
        )

    def _values(self, metric: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return self.cases.values(self.arm, metric)

    def _row(self, metric: str, statistic: str, estimate: Estimate, unit: str = "share") -> Row:
        figure = Figure(self.arm, metric, unit, statistic)
        return figure.row(self.kind, self.cases, estimate, self.params)


def title_of(row: Row) -> str:
    """Return the kind."""
    return row.kind


STYLE = Style(
    arm_metrics=(*_SHARES, *_EXCLUDED, "ms", P95_MS),
    pair_metrics=(),
    bold_arm=MONITORS,
    reading=(
        "In brackets 95 % intervals, bootstrapped over packages. Shares of all sites are"
        " `answered`, where names were given, `covered`, where they were given within the budget,"
        " and `replied`, where they were, or it was said within the budget that any name may be"
        " there; `missed` is the share of answers without the true name, `excluded_truth` the same"
        " of those within the budget; `ms` is a median."
    ),
    title=title_of,
)

_COLOURS = {ANALYSER: "#5b6c9d", MONITORS: "#0b6e4f"}


def _plot(metric: str, label: str) -> Plot:
    return Plot(label, lambda row: row.metric == metric, colours=_COLOURS)


PLOTS: Mapping[str, Plot] = {
    "replied": _plot("replied", "share of sites with a reply within the budget"),
    "covered": _plot("covered", "share of sites with an answer within the budget"),
    "excluded_truth": _plot("excluded_truth", "share of answers that exclude the true name"),
}
