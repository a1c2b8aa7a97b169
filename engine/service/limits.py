"""When the engine may work though nobody waits, and how much of the time."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.service.power import is_on_battery
from engine.settings import EngineSettings


@dataclass(frozen=True, slots=True)
class RefreshLimits:
    """What idle work may take.

    Attributes:
        wish: `auto` (not on battery), `on` or `off`, as in the engine's settings.
        percent: Of the time, 1 to 100, that passes through the model may fill.
        is_on_battery: Asked before every slice; takes well under a millisecond.
        clock: In seconds; measures the passes.
    """

    wish: str = "on"
    percent: int = 100
    is_on_battery: Callable[[], bool] = is_on_battery
    clock: Callable[[], float] = time.perf_counter

    @classmethod
    def of(cls, settings: EngineSettings) -> "RefreshLimits":
        """Return what a user has chosen."""
        return cls(settings.refresh, settings.refresh_percent)

    @property
    def is_off(self) -> bool:
        """Whether there is never to be any idle work."""
        return self.wish == "off"

    def allow_now(self) -> bool:
        """Tell whether the next slice may begin."""
        return self.wish == "on" or (self.wish == "auto" and not self.is_on_battery())

    def rest_s(self, worked_s: float) -> float:
        """Return how long to rest after so much work."""
        return worked_s * (100 / self.percent - 1)


UNLIMITED = RefreshLimits()
