"""Finished measurements, one JSON object a line, so that a run that was stopped can go on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation.bench.errors import OtherConditionsError
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


class Journal:
    """All measurements of a run. With a file, they outlive the process.

    Args:
        file: Where they are kept; None keeps them in memory.
        conditions: What must not differ between two runs that share a file.

    Raises:
        OtherConditionsError: If the file was begun under other conditions.
    """

    def __init__(self, file: Path | None, conditions: Mapping[str, Parameter]) -> None:
        self._file = file
        self._measurements: dict[str, Measurement] = {}
        if file is not None:
            self._open(file, dict(conditions))

    def __contains__(self, key: object) -> bool:
        return key in self._measurements

    def __getitem__(self, key: str) -> Measurement:
        return self._measurements[key]

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """All that was measured, in the order of time."""
        return tuple(self._measurements.values())

    def add(self, measurement: Measurement) -> None:
        """Keep a measurement."""
        self._measurements[measurement.key] = measurement
        if self._file is not None:
            _append(self._file, asdict(measurement))

    def _open(self, file: Path, conditions: dict[str, Parameter]) -> None:
        lines = _whole_lines(file)
        if not lines:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("", encoding="utf-8")
            _append(file, {"conditions": conditions})
            return
        begun_under = lines[0].get("conditions")
        if begun_under != conditions:
            raise OtherConditionsError(_difference(file, begun_under or {}, conditions))
        for line in lines[1:]:
            self._measurements[line["key"]] = Measurement(**line)


def _append(file: Path, record: Mapping[str, Any]) -> None:
    with file.open("a", encoding="utf-8") as output:
        output.write(json.dumps(record, ensure_ascii=False) + "\n")


def _whole_lines(file: Path) -> list[dict[str, Any]]:
    """Read all lines; one that was being written when the process was killed is cut off."""
    if not file.is_file():
        return []
    text = file.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    try:
        return [json.loads(line) for line in whole.splitlines()]
    except ValueError as error:
        raise OtherConditionsError(
            f"{file} is not a journal of measurements ({error}); name another folder"
        ) from error


def _difference(file: Path, found: Mapping[str, Parameter], wanted: Mapping[str, Parameter]) -> str:
    name = next(name for name in (*wanted, *found) if found.get(name) != wanted.get(name))
    return (
        f"{file} holds measurements with {name} {found.get(name)!r} and now it is"
        f" {wanted.get(name)!r}; name another folder, or delete this one to begin anew"
    )
