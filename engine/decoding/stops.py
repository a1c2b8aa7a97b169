"""Ends a text at a stop string, which may be spread over several tokens."""

from collections.abc import Sequence
from typing import NamedTuple


class Delivery(NamedTuple):
    """What may be shown now, and whether a stop string was reached."""

    text: bytes
    is_stopped: bool


class StopFilter:
    """Passes text on, holding back an end that may be the start of a stop string.

    The stop that is completed first counts; of several completed by the same byte, the
    longest. So the result does not depend on how the text was cut into tokens.

    Args:
        stops: Non-empty byte strings.
        exempt_bytes: Length of a start of the text in which no stop may begin.
    """

    def __init__(self, stops: Sequence[bytes], exempt_bytes: int = 0) -> None:
        self._stops = stops
        self._exempt_bytes = exempt_bytes
        self._held = b""

    def feed(self, text: bytes) -> Delivery:
        """Take more text. After a stop, nothing more may be fed."""
        exempt, searched = text[: self._exempt_bytes], text[self._exempt_bytes :]
        self._exempt_bytes -= len(exempt)
        pending = self._held + searched
        stop_at = self._find_stop(pending)
        if stop_at is not None:
            self._held = b""
            return Delivery(exempt + pending[:stop_at], is_stopped=True)
        keep = len(pending) - self._num_uncertain_bytes(pending)
        self._held = pending[keep:]
        return Delivery(exempt + pending[:keep], is_stopped=False)

    def flush(self) -> bytes:
        """Give out what was held back, because the text ends here without a stop."""
        held, self._held = self._held, b""
        return held

    def _find_stop(self, text: bytes) -> int | None:
        starts = ((text.find(stop), len(stop)) for stop in self._stops)
        found = [(start + length, start) for start, length in starts if start >= 0]
        return min(found)[1] if found else None

    def _num_uncertain_bytes(self, text: bytes) -> int:
        longest = max((len(stop) for stop in self._stops), default=0)
        for length in range(min(longest - 1, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stops):
                return length
        return 0
