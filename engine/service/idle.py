"""What the engine does while nobody waits: it makes the latest cache exact."""

from functools import partial

from engine.service.dispatcher import Dispatcher, ignore_step, log_failure
from engine.service.pool import CacheKey
from engine.service.steps import Bench, refresh_steps
from engine.service.worker import Job, Priority


class IdleRefresh:
    """At most one refresh, of the document used last. It gives way to everything else."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._job: Job[int] | None = None

    def begin(self, bench: Bench, key: CacheKey) -> None:
        """Refresh the cache of `key`."""
        steps = partial(refresh_steps, bench, key)
        self._job = self._dispatcher.submit(key, Priority.REFRESH, steps, ignore_step, log_failure)

    def end(self) -> None:
        """Leave whatever cache is being refreshed as it is."""
        if self._job is not None:
            self._dispatcher.cancel(self._job)
            self._job = None

    def forget(self, key: CacheKey) -> None:
        """Leave the cache of `key` as it is."""
        if self._job is not None and self._job.key == key:
            self.end()
