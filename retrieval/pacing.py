"""Work in the background of a process that has more urgent things to do."""

import threading
import time

_SLICE_S = 0.002
"""Python runs one thread at a time: this is how long another one may have to wait for its turn."""
_REST_SHARE = 1.0
"""Seconds of rest for each second of work."""


class StoppedError(Exception):
    """The work is not wanted any more."""


class Pacer:
    """Keeps one thread from being felt by the others.

    Args:
        is_stopped: Ends the rests, and the work with them.
    """

    def __init__(self, is_stopped: threading.Event) -> None:
        self._is_stopped = is_stopped
        self._worked_since = time.perf_counter()

    def begin(self) -> None:
        """Begin with some work."""
        self._worked_since = time.perf_counter()

    def rest(self) -> None:
        """Sleep if it is time to.

        Raises:
            StoppedError: If the work is not wanted any more.
        """
        worked_s = time.perf_counter() - self._worked_since
        if worked_s < _SLICE_S:
            return
        if self._is_stopped.wait(worked_s * _REST_SHARE):
            raise StoppedError
        self.begin()
