"""How long work tells where it stands."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What is being done. A step's `done` starts anew from what was already there."""

    WAIT = "wait"
    CONNECT = "connect"
    DOWNLOAD = "download"
    JOIN = "join"
    CHECK = "check"
    CONVERT = "convert"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """One moment of long work.

    `done` and `total` are bytes; `total` is None where nobody can know it. `message` is for
    people and stays the same until something other than the numbers changes.
    """

    step: str
    done: int
    total: int | None
    message: str


Progress = Callable[[ProgressReport], None]
"""Called in the working thread, several times a second. It may raise to stop the work."""


def ignore_progress(_report: ProgressReport) -> None:
    """Show nothing to nobody."""
