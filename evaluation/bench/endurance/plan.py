"""How long a soak is, and how many windows a load has."""

from dataclasses import dataclass, field

from evaluation.bench.endurance.recorded_typist import Habits
from evaluation.framing import Json


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """One window, for long.

    Attributes:
        duration_s: How long somebody types.
        sample_s: How often the processes are looked at.
        start_s: Where in the recording it begins, in time at work.
        habits: How somebody types.
        settings: Of the window.
    """

    duration_s: float
    sample_s: float = 2.0
    start_s: float = 0.0
    habits: Habits = field(default_factory=Habits)
    settings: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """Several windows on one engine, then more of them.

    Attributes:
        window_counts: How many windows, one after the other; each time with a new engine.
        duration_s: How long all of them type, each time. Each window plays another part of the
            recording, so long.
        sample_s, habits, settings: As in `SoakPlan`.
    """

    window_counts: tuple[int, ...]
    duration_s: float
    sample_s: float = 2.0
    habits: Habits = field(default_factory=Habits)
    settings: dict[str, Json] = field(default_factory=dict)
