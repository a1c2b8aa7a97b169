"""What decoding has taken so far."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from engine.cache.base import Proposal
from engine.protocol.messages import DecodeReport


class Tally:
    """Counts for one request. Time runs only while `measured`."""

    def __init__(self) -> None:
        self.tokens = 0
        self.accepted = 0
        self._passes = 0
        self._drafted = 0
        self._seconds = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Add the time until the end of the block."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds += time.perf_counter() - started

    def count_pass(self, proposals: Sequence[Proposal]) -> None:
        """Count one pass over all nodes of `proposals`."""
        self._passes += 1
        self._drafted += sum(len(proposal.tokens) - 1 for proposal in proposals)

    def report(self) -> DecodeReport:
        """Return the counts up to now."""
        return DecodeReport(
            self.tokens, self._passes, self._drafted, self.accepted, self._seconds * 1000
        )
