"""What the engine does while nobody waits: it makes caches exact, slice by slice."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from engine.errors import EngineUnavailableError
from engine.service.dispatcher import Dispatcher, log_failure
from engine.service.limits import RefreshLimits
from engine.service.steps import Bench, refresh_slice
from engine.service.worker import Job, Priority

POWER_CHECK_S = 60.0
"""How long to wait before looking again whether the machine is on mains."""

_KEY = "refresh"


class Timer(Protocol):
    """Something that was to happen later."""

    def cancel(self) -> None:
        """Let it not happen."""
        ...


CallLater = Callable[..., Timer]
"""As `call_later` of an event loop."""


class IdleRefresh:
    """Refreshes the caches of all open documents, the one used last first.

    It waits for a pause, because a pass that the next keystroke breaks off is heat for nothing.
    Each slice is a job of its own, so that between two of them it can rest, look at the power
    supply, and see which document was used last.

    Args:
        dispatcher: Runs the slices, after everything else.
        pause_s: How long nothing must happen before the first slice.
        limits: Of the time it may take.
        call_later: The running event loop's own if left out.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        pause_s: float,
        limits: RefreshLimits,
        call_later: CallLater | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._pause_s = pause_s
        self._limits = limits
        self._call_later = call_later or asyncio.get_running_loop().call_later
        self._waiting: Timer | None = None
        self._slice: _Slice | None = None

    @property
    def is_running(self) -> bool:
        """Whether a slice is under way."""
        return self._slice is not None

    def begin(self, bench: Bench) -> None:
        """Refresh when nothing else happens for a while, until every cache is exact."""
        self.end()
        if not self._limits.is_off:
            self._wait(self._pause_s, bench)

    def end(self) -> None:
        """Leave whatever cache is being refreshed as it is."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._slice is not None:
            self._dispatcher.cancel(self._slice.job)
            self._slice = None

    def _wait(self, delay_s: float, bench: Bench) -> None:
        self._waiting = self._call_later(delay_s, self._go_on, bench)

    def _go_on(self, bench: Bench) -> None:
        """Begin the next slice, or wait for mains."""
        self._waiting = None
        if not self._limits.allow_now():
            self._wait(POWER_CHECK_S, bench)
            return
        begun = _Slice()
        steps = partial(refresh_slice, bench, self._limits.clock)
        with suppress(EngineUnavailableError):  # the engine is stopping
            begun.job = self._dispatcher.submit(
                _KEY, Priority.REFRESH, steps, begun.take, partial(self._end_slice, bench, begun)
            )
            self._slice = begun

    def _end_slice(self, bench: Bench, ended: "_Slice", error: Exception | None) -> None:
        log_failure(error)
        if self._slice is not ended:
            return  # it was told to end, and something else may have begun
        self._slice = None
        if error is None and ended.worked_s is not None:
            self._wait(self._limits.rest_s(ended.worked_s), bench)


class _Slice:
    """One slice under way; `worked_s` stays None where no cache needed it."""

    job: Job[float]

    def __init__(self) -> None:
        self.worked_s: float | None = None

    def take(self, worked_s: float) -> None:
        self.worked_s = worked_s
