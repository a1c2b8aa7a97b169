"""From the records of cases to rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from evaluation.comparison.cases import OF_DIFFERENCES, Cases, Figure
from evaluation.fidelity.arms import REFERENCE
from evaluation.fidelity.case import KINDS
from evaluation.fidelity.measure import CaseRecord
from evaluation.intervals import Estimate
from evaluation.report import Parameter, Row

MEANS = {
    "em": "share",
    "es": "share",
    "agree": "share",
    "nll": "nats",
    "nll_per_token": "nats",
    "encoded_tokens": "tokens",
}
MEDIANS = {"kl": "nats", "ms": "ms"}
"""Few cases hold most of the divergence, and other programs some of the time."""

FLOOR, IGNORE, DEFAULT = "floor", "ignore", "default"
DIFFERENCES = {
    REFERENCE: ("em", "es", "nll"),
    FLOOR: ("agree", "nll"),
    DEFAULT: ("agree", "nll"),
}
"""What each arm is compared with, case by case, and in what."""

OF_MEDIANS = "ratio of medians"


def rows_of(
    records: Sequence[CaseRecord], seed: int, kinds: Sequence[str] = KINDS
) -> tuple[Row, ...]:
    """Return a row for each kind, arm and metric, with paired comparisons as rows of their own.

    Args:
        records: What there is.
        seed: Decides about the draws of the intervals.
        kinds: In the order of the rows.
    """
    return tuple(chain.from_iterable(table.rows() for table in _tables(records, kinds, seed)))


def is_pooled(row: Row) -> bool:
    """Tell whether a row is of prompts of all lengths."""
    return "prompt_tokens" not in row.params


def _tables(records: Sequence[CaseRecord], kinds: Sequence[str], seed: int) -> Iterator["_Table"]:
    """Take the cases of each kind, all together and then by the length they were asked for."""
    for kind in kinds:
        own = [record for record in records if record.kind == kind]
        if own:
            yield _Table(kind, own, seed)
        lengths = sorted({record.asked_tokens for record in own})
        for length in lengths if len(lengths) > 1 else ():
            of_length = [record for record in own if record.asked_tokens == length]
            yield _Table(kind, of_length, seed, prompt_tokens=length)


@dataclass(frozen=True, slots=True)
class _Table:
    """Cases of one kind, of one length or all."""

    kind: str
    records: Sequence[CaseRecord]
    seed: int
    prompt_tokens: int | None = None

    def rows(self) -> Iterator[Row]:
        arms = tuple(dict.fromkeys(chain.from_iterable(record.arms for record in self.records)))
        for arm in arms:
            yield from self._rows_of_arm(arm)
        for other, arm in ((other, arm) for other in DIFFERENCES for arm in arms):
            if arm not in (other, REFERENCE) and other in arms:
                yield from self._differences(arm, other)
        for arm in arms:
            yield from self._ratio(arm, "kl", FLOOR)
            yield from self._ratio(arm, "ms", REFERENCE)

    def _rows_of_arm(self, arm: str) -> Iterator[Row]:
        cases = Cases(self.records, (arm,), self.seed)
        for metric, unit in MEANS.items():
            estimate = cases.resamples.mean(cases.values(arm, metric))
            yield self._row(cases, arm, metric, estimate, unit=unit, statistic="mean")
        for metric, unit in MEDIANS.items():
            estimate = cases.resamples.median(cases.values(arm, metric))
            yield self._row(cases, arm, metric, estimate, unit=unit, statistic="median")
        yield from self._recovered(arm)

    def _recovered(self, arm: str) -> Iterator[Row]:
        """Say how much of what the edit is worth the arm gets: 0 as if ignored, 1 as if read."""
        cases = Cases(self.records, (arm, IGNORE, REFERENCE), self.seed)
        if arm in (IGNORE, REFERENCE) or not cases.records:
            return
        ignored = cases.values(IGNORE, "nll")
        estimate = cases.resamples.ratio(
            ignored - cases.values(arm, "nll"), ignored - cases.values(REFERENCE, "nll")
        )
        yield self._row(cases, arm, "recovered", estimate, unit="share", statistic="ratio of sums")

    def _differences(self, arm: str, other: str) -> Iterator[Row]:
        cases = Cases(self.records, (arm, other), self.seed)
        if not cases.records:
            return
        for metric in DIFFERENCES[other]:
            difference = cases.values(arm, metric) - cases.values(other, metric)
            estimate = cases.resamples.mean(difference)
            yield self._row(
                cases,
                arm,
                metric,
                estimate,
                unit=MEANS[metric],
                statistic=OF_DIFFERENCES,
                against=f"-{other}",
            )

    def _ratio(self, arm: str, metric: str, other: str) -> Iterator[Row]:
        cases = Cases(self.records, (arm, other), self.seed)
        if arm in (other, REFERENCE) or not cases.records:
            return
        estimate = cases.resamples.ratio_of_medians(
            cases.values(arm, metric), cases.values(other, metric)
        )
        yield self._row(
            cases,
            arm,
            metric,
            estimate,
            unit="times",
            statistic=OF_MEDIANS,
            against=f"/{other}",
        )

    def _row(
        self,
        cases: Cases[CaseRecord],
        arm: str,
        metric: str,
        estimate: Estimate,
        *,
        unit: str,
        statistic: str,
        against: str = "",
    ) -> Row:
        params: dict[str, Parameter] = {}
        if self.prompt_tokens is not None:
            params["prompt_tokens"] = self.prompt_tokens
        figure = Figure(arm, metric, unit, statistic, against)
        return figure.row(self.kind, cases, estimate, params)
