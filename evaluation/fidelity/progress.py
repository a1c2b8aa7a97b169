"""How far a long run is, in one line."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from statistics import fmean

from evaluation.fidelity.case import Case
from evaluation.fidelity.measure import CaseRecord

_RECENT_CASES = 30  # whose pace is taken for that of the rest


class RunProgress:
    """Counts cases.

    Args:
        cases: All that are to be measured.
        records: What there is of them.
    """

    def __init__(self, cases: Sequence[Case], records: Sequence[CaseRecord]) -> None:
        self._wanted = Counter(case.kind for case in cases)
        keys = {case.key for case in cases}
        self._records = [record for record in records if record.key in keys]

    def add(self, record: CaseRecord) -> None:
        """Count one more."""
        self._records.append(record)

    @property
    def num_left(self) -> int:
        """Cases that are still to be measured."""
        return self._wanted.total() - len(self._records)

    def line(self) -> str:
        """Say how many are done of each kind, how fast it goes and how long it will take."""
        done = Counter(record.kind for record in self._records)
        kinds = ", ".join(f"{kind} {done[kind]}/{self._wanted[kind]}" for kind in self._wanted)
        return f"{len(self._records)} of {self._wanted.total()} cases{self._pace()}: {kinds}"

    def _pace(self) -> str:
        if not self._records:
            return ""
        seconds = fmean(each.seconds for each in islice(reversed(self._records), _RECENT_CASES))
        return f", {seconds:.1f} s each, {_duration(seconds * self.num_left)} to go"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004
