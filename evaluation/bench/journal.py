"""Finished measurements of a benchmark."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluation import journal
from evaluation.report import Parameter


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one task brought."""

    key: str
    kind: str
    arm: str
    repeat: int
    conditions: Mapping[str, Parameter]
    setup: Mapping[str, Parameter]  # of the arm
    values: Mapping[str, float]


class Journal(journal.Journal[Measurement]):
    """All measurements of a run. See `evaluation.journal.Journal`."""

    def __init__(self, file: Path | None, conditions: Mapping[str, Parameter]) -> None:
        super().__init__(file, conditions, lambda line: Measurement(**line))
