"""What the engine does while nobody waits: it makes the latest cache exact."""

import asyncio
from contextlib import suppress
from functools import partial

from engine.errors import EngineUnavailableError
from engine.service.dispatcher import Dispatcher, ignore_step, log_failure
from engine.service.pool import CacheKey
from engine.service.steps import Bench, refresh_steps
from engine.service.worker import Job, Priority


class IdleRefresh:
    """At most one refresh, of the document used last. It gives way to everything else.

    It waits for a pause, because a pass that the next keystroke breaks off is heat for nothing.
    """

    def __init__(self, dispatcher: Dispatcher, pause_s: float) -> None:
        self._dispatcher = dispatcher
        self._pause_s = pause_s
        self._waiting: asyncio.TimerHandle | None = None
        self._key: CacheKey | None = None
        self._job: Job[int] | None = None

    def begin(self, bench: Bench, key: CacheKey) -> None:
        """Refresh the cache of `key` when nothing else happens for a while."""
        self.end()
        self._key = key
        loop = asyncio.get_running_loop()
        self._waiting = loop.call_later(self._pause_s, self._submit, bench, key)

    def _submit(self, bench: Bench, key: CacheKey) -> None:
        steps = partial(refresh_steps, bench, key)
        with suppress(EngineUnavailableError):  # the engine is stopping
            self._job = self._dispatcher.submit(
                key, Priority.REFRESH, steps, ignore_step, log_failure
            )

    def end(self) -> None:
        """Leave whatever cache is being refreshed as it is."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._job is not None:
            self._dispatcher.cancel(self._job)
            self._job = None

    def forget(self, key: CacheKey) -> None:
        """Leave the cache of `key` as it is."""
        if self._key == key:
            self.end()
