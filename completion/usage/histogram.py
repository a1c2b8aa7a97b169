"""How long things took, in a fixed number of counts."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

BUCKETS_PER_DOUBLING = 8
NUM_DOUBLINGS = 17
"""Up to 131 seconds; what took longer counts as that."""

_LAST = BUCKETS_PER_DOUBLING * NUM_DOUBLINGS


@dataclass(slots=True)
class Histogram:
    """Counts times in buckets, each 9 % wider than the one before (2 to the 1/8).

    The first bucket holds whatever took at most one millisecond.
    """

    counts: Counter[int] = field(default_factory=Counter)
    sum_ms: float = 0.0
    longest_ms: float = 0.0

    @property
    def count(self) -> int:
        """How many times were added."""
        return self.counts.total()

    def add(self, took_ms: float) -> None:
        """Count one time."""
        self.counts[_bucket(took_ms)] += 1
        self.sum_ms += took_ms
        self.longest_ms = max(self.longest_ms, took_ms)

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile, at most a bucket's width (9 %) too long; 0 where nothing counts."""
        wanted, reached = self.count * percent / 100, 0
        for bucket in sorted(self.counts):
            reached += self.counts[bucket]
            if reached >= wanted:
                return min(_upper_ms(bucket), self.longest_ms)
        return self.longest_ms

    def cumulative(self) -> Iterator[tuple[float, int]]:
        """Yield each doubling in milliseconds, and how many times were no longer than it."""
        for doubling in range(NUM_DOUBLINGS + 1):
            last = doubling * BUCKETS_PER_DOUBLING
            yield _upper_ms(last), sum(self.counts[each] for each in self.counts if each <= last)

    def to_json(self) -> dict[str, object]:
        """Return it as plain data."""
        counts = {str(bucket): self.counts[bucket] for bucket in sorted(self.counts)}
        return {"counts": counts, "sum_ms": self.sum_ms, "longest_ms": self.longest_ms}

    @classmethod
    def from_json(cls, value: Any) -> "Histogram":
        """Read what `to_json` returned.

        Raises:
            KeyError, TypeError, ValueError: If it is something else.
        """
        counts = Counter({int(bucket): int(number) for bucket, number in value["counts"].items()})
        return cls(counts, float(value["sum_ms"]), float(value["longest_ms"]))


def _bucket(took_ms: float) -> int:
    if took_ms <= 1:
        return 0
    return min(_LAST, math.ceil(BUCKETS_PER_DOUBLING * math.log2(took_ms)))


def _upper_ms(bucket: int) -> float:
    return float(2 ** (bucket / BUCKETS_PER_DOUBLING))
