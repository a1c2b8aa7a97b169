"""How far a long run is, in one line."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import Protocol

from evaluation.journal import Record

_RECENT_CASES = 30  # whose pace is taken for that of the rest


class TimedRecord(Record, Protocol):
    """What came of a case, and how long that took."""

    @property
    def kind(self) -> str:
        """Of the case."""
        ...

    @property
    def seconds(self) -> float:
        """That measuring it took."""
        ...


class RunProgress:
    """Counts cases.

    Args:
        wanted: How many of each kind.
        records: What there is of them.
    """

    def __init__(self, wanted: Counter[str], records: Sequence[TimedRecord]) -> None:
        self._wanted = wanted
        self._done = Counter(record.kind for record in records if record.kind in wanted)
        self._recent_s = [record.seconds for record in records[-_RECENT_CASES:]]

    @property
    def num_left(self) -> int:
        """Cases that are still to be measured."""
        return (self._wanted - self._done).total()

    def add(self, record: TimedRecord) -> None:
        """Count one more."""
        self._done[record.kind] += 1
        self._recent_s = [*self._recent_s, record.seconds][-_RECENT_CASES:]

    def line(self) -> str:
        """Say how many are done of each kind, how fast it goes and how long it will take."""
        kinds = ", ".join(
            f"{kind} {self._done[kind]}/{self._wanted[kind]}" for kind in self._wanted
        )
        return f"{self._done.total()} of {self._wanted.total()} cases{self._pace()}: {kinds}"

    def _pace(self) -> str:
        if not self._recent_s:
            return ""
        seconds = fmean(self._recent_s)
        return f", {seconds:.1f} s each, {_duration(seconds * self.num_left)} to go"


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
