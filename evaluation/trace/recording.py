"""Recordings of somebody editing one file, in the format of josephg/editing-traces."""

import gzip
import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from evaluation.errors import CannotMeasureError


@dataclass(frozen=True, slots=True)
class Patch:
    """`num_deleted` code points at `start` made way for `inserted`."""

    start: int
    num_deleted: int
    inserted: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """What the editor did at once, patch after patch."""

    at_s: float  # recorded in whole seconds; its number where no times were recorded
    patches: tuple[Patch, ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """Everything that happened to one file.

    Attributes:
        name: Of the file that holds the recording, without its endings.
        start_text: Before the first transaction.
        end_text: After the last one.
        transactions: In the order of time.
        has_times: Whether it says when each of them was.
    """

    name: str
    start_text: str
    end_text: str
    transactions: tuple[Transaction, ...]
    has_times: bool = True

    def pauses_s(self) -> list[float]:
        """Return how long nothing happened after each transaction but the last."""
        times = [transaction.at_s for transaction in self.transactions]
        return [after - before for before, after in pairwise(times)]


def read_recording(path: Path) -> Recording:
    """Read a recording, compressed or not.

    Raises:
        CannotMeasureError: If the file cannot be read as one.
    """
    try:
        data = path.read_bytes()
        plain = gzip.decompress(data) if path.suffix == ".gz" else data
        return _recording(path.name.split(".")[0], json.loads(plain))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise CannotMeasureError(
            f"{path} is no recording that can be read ({type(error).__name__}: {error}); wanted"
            " JSON with startContent, endContent and txns, as josephg/editing-traces has it"
        ) from error


def _recording(name: str, content: dict[str, Any]) -> Recording:
    has_times = all("time" in each for each in content["txns"])
    return Recording(
        name,
        str(content["startContent"]),
        str(content["endContent"]),
        tuple(
            _transaction(each, None if has_times else float(number))
            for number, each in enumerate(content["txns"])
        ),
        has_times,
    )


def _transaction(content: dict[str, Any], number: float | None) -> Transaction:
    at_s = datetime.fromisoformat(content["time"]).timestamp() if number is None else number
    return Transaction(at_s, tuple(Patch(*patch) for patch in content["patches"]))
