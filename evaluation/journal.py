"""What a long run has brought so far, one JSON object a line, so that it can be gone on with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from evaluation.errors import OtherConditionsError
from evaluation.report import Parameter


class Record(Protocol):
    """A line: a dataclass of plain values with a key of its own."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def key(self) -> str:
        """Names what was done."""
        ...


RecordType = TypeVar("RecordType", bound=Record)


class Journal(Generic[RecordType]):
    """All records of a run. With a file, they outlive the process.

    Args:
        file: Where they are kept; None keeps them in memory.
        conditions: What must not differ between two runs that share a file.
        read: Makes a record of a line's fields.

    Raises:
        OtherConditionsError: If the file was begun under other conditions.
    """

    def __init__(
        self,
        file: Path | None,
        conditions: Mapping[str, Parameter],
        read: Callable[[dict[str, Any]], RecordType],
    ) -> None:
        self._file = file
        self._records: dict[str, RecordType] = {}
        if file is not None:
            self._open(file, dict(conditions), read)

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def __getitem__(self, key: str) -> RecordType:
        return self._records[key]

    @property
    def records(self) -> tuple[RecordType, ...]:
        """All of them, in the order of time."""
        return tuple(self._records.values())

    def add(self, record: RecordType) -> None:
        """Keep a record."""
        self._records[record.key] = record
        if self._file is not None:
            _append(self._file, asdict(record))

    def _open(
        self,
        file: Path,
        conditions: dict[str, Parameter],
        read: Callable[[dict[str, Any]], RecordType],
    ) -> None:
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
            record = read(line)
            self._records[record.key] = record


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
