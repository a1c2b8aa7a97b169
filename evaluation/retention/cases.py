"""Pauses of a recording: where somebody stopped typing long enough to read a suggestion."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from evaluation.errors import CannotMeasureError
from evaluation.retention.author import Author
from evaluation.shards.plan import Plan, Stream
from evaluation.trace.recording import Recording

KIND = "pause"
PAUSE_S = 2.0
"""Recorded times are whole seconds, so two apart means at least one second of nothing."""

_STRETCH_ENDS_S = 300.0


@dataclass(frozen=True, slots=True)
class PauseCase:
    """A pause after a transaction.

    Attributes:
        number: Of the transaction, from 1 on.
        stretch: Of typing without a long break; what happens in one is alike.
    """

    number: int
    stretch: int

    @property
    def key(self) -> str:
        """See `Case`."""
        return f"{KIND}-{self.number}"


@dataclass(frozen=True, slots=True)
class Pauses:
    """Those of a recording.

    Attributes:
        num_all: All of them.
        goes_on: Those after which the author typed at the cursor. At the others nothing that
            might be suggested could have been accepted.
    """

    num_all: int
    goes_on: Sequence[PauseCase]


def find_pauses(author: Author) -> Pauses:
    """Find the pauses; where no times were recorded, any transaction may be one.

    Raises:
        CannotMeasureError: If the author goes on after none.
    """
    pauses = pauses_of(author.recording)
    goes_on = [pause for pause in pauses if any(author.typed_after(pause.number, 0.0))]
    if not goes_on:
        raise CannotMeasureError(
            f"nobody pauses for {PAUSE_S:g} s and then types on in {author.recording.name}, so"
            " there is nowhere to suggest anything; name a longer recording"
        )
    return Pauses(len(pauses), goes_on)


def choose_pauses(pauses: Sequence[PauseCase], num_cases: int, seed: int) -> Plan[PauseCase]:
    """Draw some of the pauses, in an order of its own, so that a run may be stopped anywhere."""
    drawn = random.Random(seed).sample(pauses, min(num_cases, len(pauses)))  # noqa: S311
    return Plan([Stream(KIND, len(drawn), drawn)])


def pauses_of(recording: Recording) -> Sequence[PauseCase]:
    """Return all of them, in the order of time."""
    lengths_s = recording.pauses_s()
    stretches = accumulate((gap_s >= _STRETCH_ENDS_S for gap_s in lengths_s), initial=0)
    return [
        PauseCase(number, stretch)
        for number, (gap_s, stretch) in enumerate(zip(lengths_s, stretches, strict=False), 1)
        if gap_s >= PAUSE_S or not recording.has_times
    ]
