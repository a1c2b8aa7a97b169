"""A recording as somebody works through it: what comes when."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from evaluation.errors import CannotMeasureError
from evaluation.retention.author import Author
from evaluation.trace.recording import Patch, Recording

LONGEST_PAUSE_S = 30.0
"""Longer ones are shortened to this: a soak is to be filled with typing, not with nights."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """What one key changes, and how long it comes after the one before."""

    pause_s: float
    patches: tuple[Patch, ...]


class Pace:
    """Says where in a recording its author was after so much time at work.

    Recorded times are whole seconds; what shares one is spread over it.

    Args:
        recording: What was done.
        language: Of the file, as editors call it.

    Raises:
        CannotMeasureError: If the recording has no times, no edits, or does not fit its own text.
    """

    def __init__(self, recording: Recording, language: str) -> None:
        if not recording.has_times or not recording.transactions:
            raise CannotMeasureError(
                f"the recording {recording.name} does not say when its edits were, so it cannot"
                " be played at its pace; name one with times"
            )
        self.name = recording.name
        self.language = language
        self._author = Author(recording)
        times_s = _spread([each.at_s for each in recording.transactions])
        pauses_s = [min(later - earlier, LONGEST_PAUSE_S) for earlier, later in pairwise(times_s)]
        self._strokes = [
            Stroke(pause_s, transaction.patches)
            for pause_s, transaction in zip([0.0, *pauses_s], recording.transactions, strict=True)
        ]

    @property
    def duration_s(self) -> float:
        """How long all of it takes."""
        return sum(stroke.pause_s for stroke in self._strokes)

    def section(self, start_s: float) -> tuple[str, Sequence[Stroke]]:
        """Return the text after so much time at work, and all strokes after that.

        The first stroke counts as made, as it is where a file came from. Times beyond the end
        begin at the front again.
        """
        left_s, number = start_s % max(self.duration_s, 1.0), 1
        for stroke in self._strokes[1:]:
            left_s -= stroke.pause_s
            if left_s < 0:
                break
            number += 1
        return self._author.text(number), self._strokes[number:]


def _spread(times_s: Sequence[float]) -> list[float]:
    """Spread what happened within one second evenly over it."""
    totals, seen = Counter(times_s), Counter[float]()
    spread = []
    for at_s in times_s:
        spread.append(at_s + seen[at_s] / totals[at_s])
        seen[at_s] += 1
    return spread
