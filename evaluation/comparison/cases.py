"""The cases that some arms all answered, and what their figures come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

import numpy as np

from evaluation.intervals import Estimate, Resamples, Values
from evaluation.report import Parameter, Row

OF_DIFFERENCES = "mean of differences"


class ComparedRecord(Protocol):
    """What came of one case, by arm."""

    @property
    def package(self) -> str:
        """Of the case; cases of one package are alike."""
        ...

    @property
    def arms(self) -> Mapping[str, Mapping[str, float]]:
        """Figures by metric, by arm; an arm without an answer is missing."""
        ...


RecordType = TypeVar("RecordType", bound=ComparedRecord)


class Cases(Generic[RecordType]):
    """Those of some records that hold an answer of every arm, and the draws among them."""

    def __init__(self, records: Sequence[RecordType], arms: Sequence[str], seed: int) -> None:
        self.records = [record for record in records if all(arm in record.arms for arm in arms)]
        if self.records:
            packages = tuple(record.package for record in self.records)
            self.resamples = _resamples(packages, seed)

    def values(self, arm: str, metric: str) -> Values:
        """Return a figure of an arm, (N,)."""
        figures = [record.arms[arm][metric] for record in self.records]
        return np.array(figures, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Figure:
    """What a row is about.

    Attributes:
        arm, metric, unit: Of the row.
        statistic: How the value was taken from the cases.
        against: What the arm is compared with: `-floor`, `/floor`, or nothing.
    """

    arm: str
    metric: str
    unit: str
    statistic: str
    against: str = ""

    def row(
        self,
        kind: str,
        cases: Cases[RecordType],
        estimate: Estimate,
        params: Mapping[str, Parameter],
    ) -> Row:
        """Return the row of an estimate, with `params` as further conditions."""
        told: dict[str, Parameter] = {
            "statistic": self.statistic,
            "interval": "95 %, bootstrap over packages",
            "packages": cases.resamples.num_packages,
            **params,
        }
        if self.against:
            told["against"] = self.against
        name = self.arm + self.against
        return Row(kind, name, self.metric, *estimate, len(cases.records), self.unit, told)


def is_pair(row: Row) -> bool:
    """Tell whether a row compares two arms; arms may have a hyphen in their own name."""
    return "against" in row.params


def split_pair(row: Row) -> tuple[str, str]:
    """Return the arm of a row, and what it is compared with: `-floor`, `/floor`, or nothing."""
    against = str(row.params.get("against", ""))
    return row.arm.removesuffix(against), against


@lru_cache(maxsize=8)
def _resamples(packages: tuple[str, ...], seed: int) -> Resamples:
    """Draw once for all figures of the same cases."""
    return Resamples(packages, seed)
