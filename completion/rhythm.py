"""How fast somebody types, and how long to wait before a suggestion is worth beginning."""

from dataclasses import dataclass

LONGEST_WAIT_S = 0.15
"""Whoever stops typing should not notice that anybody waited."""
_BURST_S = 0.6  # a longer gap between two keys is a pause, after which a new burst begins
_SMOOTHING = 0.3  # weight of the newest gap
_FEWEST_GAPS = 2  # one gap says nothing yet about the next
_MARGIN = 1.3  # the next key comes a little late as often as not


@dataclass(slots=True)
class Rhythm:
    """Follows the gaps between the edits of one document.

    While keys follow each other fast, a suggestion begun at each of them would be thrown away at
    the next. So it waits until the next key is overdue. After a pause, and for somebody who types
    slowly, there is no wait at all.
    """

    _last_s: float | None = None
    _gap_s: float = 0.0
    _num_gaps: int = 0

    def note_edit(self, now_s: float) -> None:
        """Take in an edit, by a clock that never goes back."""
        gap_s = _BURST_S if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        if gap_s >= _BURST_S:
            self._num_gaps = 0
            return
        is_first = self._num_gaps == 0
        self._gap_s = gap_s if is_first else self._gap_s + _SMOOTHING * (gap_s - self._gap_s)
        self._num_gaps += 1

    def wait_s(self, now_s: float, delay_s: float, *, is_adaptive: bool) -> float:
        """Return how long to wait for another key.

        Args:
            now_s: By the same clock.
            delay_s: Of nothing being typed, that is wanted in any case.
            is_adaptive: Whether to wait for a key that is to be expected.
        """
        if self._last_s is None:
            return 0.0
        if is_adaptive:
            delay_s = max(delay_s, self._expected_gap_s)
        return max(0.0, self._last_s + delay_s - now_s)

    @property
    def _expected_gap_s(self) -> float:
        """The longest gap within which the next key may be expected; 0 if none may."""
        expected_s = self._gap_s * _MARGIN
        is_burst = self._num_gaps >= _FEWEST_GAPS and expected_s <= LONGEST_WAIT_S
        return expected_s if is_burst else 0.0
