"""From the records of tasks to rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from evaluation.comparison.cases import OF_DIFFERENCES, Cases, Figure
from evaluation.intervals import Estimate
from evaluation.repo.arms import (
    BM25,
    NONE,
    ORACLE,
    TRAINED,
    TRAINED_NOSTOP,
    TRANSFORMER,
    TRANSFORMER_FEATURES,
    UNTRAINED,
)
from evaluation.repo.measure import TaskRecord
from evaluation.repo.task import KINDS, LAYOUTS
from evaluation.report import Parameter, Row

MEANS = {
    "em": "share",
    "es": "share",
    "identifier_em": "share",
    "nll": "nats",
    "nll_per_token": "nats",
    "chunks": "chunks",
    "chunk_tokens": "tokens",
}
MEDIANS = {"query_ms": "ms"}
"""Other programs take some of the time."""
PAIRS = (
    (BM25, NONE),
    (UNTRAINED, NONE),
    (UNTRAINED, BM25),
    (TRAINED, NONE),
    (TRAINED, BM25),
    (TRAINED, UNTRAINED),
    (TRAINED, TRAINED_NOSTOP),
    (TRAINED_NOSTOP, BM25),
    (TRANSFORMER, NONE),
    (TRANSFORMER, BM25),
    (TRANSFORMER_FEATURES, UNTRAINED),
    (TRAINED, TRANSFORMER_FEATURES),
    (ORACLE, NONE),
    (ORACLE, TRAINED),
)
"""What is compared, task by task."""
COMPARED = ("em", "es", "identifier_em", "nll", "chunks")
GAIN_SHARE = "oracle_share"


def rows_of(
    records: Sequence[TaskRecord], seed: int, params: Mapping[str, Parameter]
) -> tuple[Row, ...]:
    """Return a row for each kind, layout, arm and metric; paired comparisons are rows too.

    Args:
        records: Of all tasks.
        seed: Decides about the draws of the intervals.
        params: Conditions of all tasks.
    """
    tables = (
        _Table(kind, layout, own, seed, params)
        for kind in KINDS
        for layout in LAYOUTS
        if (own := [each for each in records if (each.kind, each.layout) == (kind, layout)])
    )
    return tuple(chain.from_iterable(table.rows() for table in tables))


@dataclass(frozen=True, slots=True)
class _Table:
    """Tasks of one kind and layout."""

    kind: str
    layout: str
    records: Sequence[TaskRecord]
    seed: int
    params: Mapping[str, Parameter]

    def rows(self) -> Iterator[Row]:
        arms = tuple(dict.fromkeys(chain.from_iterable(record.arms for record in self.records)))
        for arm in arms:
            yield from self._rows_of_arm(arm)
        for arm, other in PAIRS:
            if arm in arms and other in arms:
                yield from self._differences(arm, other)

    def _rows_of_arm(self, arm: str) -> Iterator[Row]:
        cases = Cases(self.records, (arm,), self.seed)
        for metric, unit in MEANS.items():
            estimate = cases.resamples.mean(cases.values(arm, metric))
            yield self._row(cases, Figure(arm, metric, unit, "mean"), estimate)
        for metric, unit in MEDIANS.items():
            estimate = cases.resamples.median(cases.values(arm, metric))
            yield self._row(cases, Figure(arm, metric, unit, "median"), estimate)
        yield from self._share_of_gain(arm)

    def _share_of_gain(self, arm: str) -> Iterator[Row]:
        """Say how much of what the oracle gains over nothing an arm gains."""
        cases = Cases(self.records, (arm, NONE, ORACLE), self.seed)
        if arm in (NONE, ORACLE) or not cases.records:
            return
        nothing = cases.values(NONE, "nll")
        estimate = cases.resamples.ratio(
            nothing - cases.values(arm, "nll"), nothing - cases.values(ORACLE, "nll")
        )
        yield self._row(cases, Figure(arm, GAIN_SHARE, "share", "ratio of sums"), estimate)

    def _differences(self, arm: str, other: str) -> Iterator[Row]:
        cases = Cases(self.records, (arm, other), self.seed)
        for metric in COMPARED if cases.records else ():
            difference = cases.values(arm, metric) - cases.values(other, metric)
            estimate = cases.resamples.mean(difference)
            figure = Figure(arm, metric, MEANS[metric], OF_DIFFERENCES, f"-{other}")
            yield self._row(cases, figure, estimate)

    def _row(self, cases: Cases[TaskRecord], figure: Figure, estimate: Estimate) -> Row:
        copied = sum(record.is_copied for record in cases.records)
        params: dict[str, Parameter] = {
            **self.params,
            "layout": self.layout,
            "copied": round(copied / len(cases.records), 3),
        }
        return figure.row(self.kind, cases, estimate, params)
