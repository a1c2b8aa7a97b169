"""What monitors did to one suggestion, for people."""

from dataclasses import dataclass

from monitors.types import SiteKind


@dataclass(frozen=True, slots=True)
class Veto:
    """A name that was written and is not offered, because it does not exist.

    Attributes:
        kind: What it was to be.
        receiver: What it was asked of.
        name: The name, as far as it was written.
        instead: What stands there now; nothing where the text ends before it.
        analyser: Who says that there is no such name.
        took_ms: From the question to the answer.
    """

    kind: SiteKind
    receiver: str
    name: str
    instead: str
    analyser: str
    took_ms: float


@dataclass(frozen=True, slots=True)
class GuidanceReport:
    """What monitors did to one suggestion.

    Attributes:
        vetoes: In order of time, of all candidates.
        num_sites: Places where analysis was asked.
        num_answered: Of those, where it knew what may stand there, and in time.
        is_constrained: Whether the name at the cursor was chosen among known ones from the
            start, because the answer was there before the model was asked.
        waited_ms: How long the suggestion was held back for answers, all in all.
        notes: Why nothing was forbidden at other places, each reason once.
    """

    vetoes: tuple[Veto, ...] = ()
    num_sites: int = 0
    num_answered: int = 0
    is_constrained: bool = False
    waited_ms: float = 0.0
    notes: tuple[str, ...] = ()
