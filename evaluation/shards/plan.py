"""The order in which cases are measured: wherever a run is stopped, it is balanced."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import Generic, Protocol, TypeVar


class Case(Protocol):
    """Something to be measured."""

    @property
    def key(self) -> str:
        """Names it; the same for the same settings."""
        ...


CaseType = TypeVar("CaseType", bound=Case)


@dataclass(frozen=True, slots=True)
class Stream(Generic[CaseType]):
    """Cases of one sort, made when they are needed.

    Attributes:
        kind: Of all of them.
        num_cases: How many are wanted.
        cases: At least so many, if there are; mixed already.
    """

    kind: str
    num_cases: int
    cases: Iterable[CaseType]

    def placed(self) -> Iterator[tuple[float, CaseType]]:
        """Yield the cases after the part of the run at which each has its turn, in (0, 1)."""
        for index, case in enumerate(islice(self.cases, self.num_cases)):
            yield (index + 0.5) / self.num_cases, case


@dataclass(frozen=True, slots=True)
class Plan(Generic[CaseType]):
    """What a run is to measure."""

    streams: Sequence[Stream[CaseType]]

    def cases(self) -> Iterator[CaseType]:
        """Yield the cases of all streams, each as often as its share; the same every time."""
        placed = merge(*(stream.placed() for stream in self.streams), key=lambda pair: pair[0])
        return (case for _, case in placed)

    def num_cases(self) -> Counter[str]:
        """Count what is wanted of each kind; there may be fewer."""
        counts: Counter[str] = Counter()
        for stream in self.streams:
            counts[stream.kind] += stream.num_cases
        return counts
