"""A run over many cases, in shards if need be: what is measured is kept, and gone on with."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation.bench.audience import Audience
from evaluation.bench.runner import Deadline
from evaluation.errors import EvaluationError
from evaluation.fidelity.case import Case
from evaluation.fidelity.measure import CaseRecord, Meter
from evaluation.fidelity.progress import RunProgress
from evaluation.journal import Journal
from evaluation.report import Parameter

JOURNAL_NAME = "cases.jsonl"
_TELL_EVERY_S = 30.0
_MOST_COMPLAINTS = 5


@dataclass(slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        is_interrupted: Whether somebody pressed Ctrl-C.
        num_left: Cases for which there was no time.
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
            shown.append(f"{self.num_left} cases are still to be measured; the same call goes on.")
        return tuple(shown)


def open_journal(folder: Path | None, conditions: Mapping[str, Parameter]) -> Journal[CaseRecord]:
    """Open what a folder holds; without one, nothing outlives the process.

    Raises:
        OtherConditionsError: If it was begun under other conditions.
    """
    return Journal(folder / JOURNAL_NAME if folder else None, conditions, _read)


def measure_cases(
    cases: Sequence[Case],
    meter: Meter,
    journal: Journal[CaseRecord],
    *,
    deadline: Deadline,
    audience: Audience,
) -> Outcome:
    """Measure what the journal does not hold yet, in this order, until the deadline or Ctrl-C.

    A case that cannot be measured is left out with a sentence; the others go on.
    """
    outcome = Outcome()
    try:
        _measure(cases, meter, journal, outcome, deadline=deadline, audience=audience)
    except KeyboardInterrupt:
        outcome.is_interrupted = True
    outcome.num_left = sum(case.key not in journal for case in cases) - len(outcome.complaints)
    return outcome


def _measure(
    cases: Sequence[Case],
    meter: Meter,
    journal: Journal[CaseRecord],
    outcome: Outcome,
    *,
    deadline: Deadline,
    audience: Audience,
) -> None:
    progress = RunProgress(cases, journal.records)
    audience.expect(progress.num_left)
    told_s = float("-inf")
    for case in cases:
        if case.key in journal:
            continue
        if deadline.has_passed:
            return
        if time.monotonic() - told_s > _TELL_EVERY_S:
            told_s = time.monotonic()
            audience.begin(progress.line())
        try:
            record = meter.measure(case)
        except EvaluationError as error:
            outcome.complaints.append(str(error))
        else:
            journal.add(record)
            progress.add(record)
        audience.finish()


def _read(line: dict[str, Any]) -> CaseRecord:
    return CaseRecord(**line)
