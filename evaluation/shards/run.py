"""A run over many cases, in shards if need be: what is measured is kept, and gone on with."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from evaluation.bench.audience import Audience
from evaluation.bench.runner import Deadline
from evaluation.errors import EvaluationError
from evaluation.journal import Journal
from evaluation.report import Parameter
from evaluation.shards.plan import CaseType, Plan
from evaluation.shards.progress import RunProgress, TimedRecord

JOURNAL_NAME = "cases.jsonl"
_TELL_EVERY_S = 30.0
_MOST_COMPLAINTS = 5

RecordType = TypeVar("RecordType", bound=TimedRecord)
_Measured_contra = TypeVar("_Measured_contra", contravariant=True)
_Brought_co = TypeVar("_Brought_co", covariant=True)


class Meter(Protocol[_Measured_contra, _Brought_co]):
    """Measures one case at a time."""

    def measure(self, case: _Measured_contra, /) -> _Brought_co:
        """Return what came of a case.

        Raises:
            EvaluationError: If it cannot be measured.
        """
        ...


@dataclass(slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        is_interrupted: Whether somebody pressed Ctrl-C.
        num_left: About how many cases there was no time for.
        complaints: Why cases could not be measured, a sentence each.
    """

    is_interrupted: bool = False
    num_left: int = 0
    complaints: list[str] = field(default_factory=list)

    def notes(self) -> tuple[str, ...]:
        """Return what a report says about it."""
        shown = [f"Not measured: {each}." for each in self.complaints[:_MOST_COMPLAINTS]]
        if len(self.complaints) > _MOST_COMPLAINTS:
            shown.append(f"{len(self.complaints) - _MOST_COMPLAINTS} more could not be measured.")
        if self.num_left:
            shown.append(f"Still to be measured: about {self.num_left}; the same call goes on.")
        return tuple(shown)


def open_journal(
    folder: Path | None,
    conditions: Mapping[str, Parameter],
    read: Callable[[dict[str, Any]], RecordType],
) -> Journal[RecordType]:
    """Open what a folder holds; without one, nothing outlives the process.

    Raises:
        OtherConditionsError: If it was begun under other conditions.
    """
    return Journal(folder / JOURNAL_NAME if folder else None, conditions, read)


def measure_cases(
    plan: Plan[CaseType],
    meter: Meter[CaseType, RecordType],
    journal: Journal[RecordType],
    *,
    deadline: Deadline,
    audience: Audience,
) -> Outcome:
    """Measure what the journal does not hold yet, in this order, until the deadline or Ctrl-C.

    A case that cannot be measured is left out with a sentence; the others go on.
    """
    outcome = Outcome()
    progress = RunProgress(plan.num_cases(), journal.records)
    audience.expect(progress.num_left)
    told_s = float("-inf")
    try:
        for case in _to_do(plan, journal):
            if deadline.has_passed:
                outcome.num_left = progress.num_left
                break
            if time.monotonic() - told_s > _TELL_EVERY_S:
                told_s = time.monotonic()
                audience.begin(progress.line())
            _measure(case, meter, journal, outcome, progress)
            audience.finish()
    except KeyboardInterrupt:
        outcome.is_interrupted, outcome.num_left = True, progress.num_left
    return outcome


def _to_do(plan: Plan[CaseType], journal: Journal[RecordType]) -> Iterator[CaseType]:
    return (case for case in plan.cases() if case.key not in journal)


def _measure(
    case: CaseType,
    meter: Meter[CaseType, RecordType],
    journal: Journal[RecordType],
    outcome: Outcome,
    progress: RunProgress,
) -> None:
    try:
        record = meter.measure(case)
    except EvaluationError as error:
        outcome.complaints.append(str(error))
    else:
        journal.add(record)
        progress.add(record)
