"""What the engine does while nobody waits: it makes the latest cache exact."""

import logging
from functools import partial

from engine.errors import EngineError
from engine.service.dispatcher import Dispatcher
from engine.service.pool import CacheKey
from engine.service.steps import Bench, refresh_steps
from engine.service.worker import Job, Priority

_LOG = logging.getLogger(__name__)


class IdleRefresh:
    """At most one refresh, of the document used last. It gives way to everything else."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._job: Job[int] | None = None

    def begin(self, bench: Bench, key: CacheKey) -> None:
        """Refresh the cache of `key`, and leave any other that was being refreshed."""
        if self._job is not None:
            self._dispatcher.cancel(self._job)
        steps = partial(refresh_steps, bench, key)
        self._job = self._dispatcher.submit(key, Priority.REFRESH, steps, _ignore, _log_failure)

    def forget(self, key: CacheKey) -> None:
        """Leave the cache of `key` as it is."""
        if self._job is not None and self._job.key == key:
            self._dispatcher.cancel(self._job)


def _ignore(num_tokens: int) -> None:
    """Let progress pass; the cache itself tells how exact it is."""


def _log_failure(error: Exception | None) -> None:
    if error is not None and not isinstance(error, EngineError):
        _LOG.error("Refreshing a cache failed.", exc_info=error)
