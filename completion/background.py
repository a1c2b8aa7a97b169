"""Work that nobody waits for."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from completion.errors import CompletionError
from engine.errors import EngineError

_LOGGER = logging.getLogger(__name__)


class BackgroundTasks:
    """Runs coroutines beside the loop's other work and keeps their errors out of it.

    What goes wrong is logged: expected failures in a line, our own bugs with their traceback.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], purpose: str) -> asyncio.Task[None]:
        """Begin `work` at the loop's next turn; a task cancelled before that never begins."""
        task = asyncio.create_task(work, name=purpose)
        self._running.add(task)
        task.add_done_callback(self._finish)
        return task

    async def aclose(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, EngineError | CompletionError):
            _LOGGER.debug("%s: %s", task.get_name(), error)
        elif error is not None:
            _LOGGER.error("%s failed", task.get_name(), exc_info=error)
