"""Between the event loop and the worker's thread."""

import asyncio
import logging
from collections.abc import Callable, Generator, Hashable
from typing import Any, TypeVar

from engine.errors import EngineError
from engine.service.worker import Job, Priority, Worker
from engine.types import Checkpoint

_LOG = logging.getLogger(__name__)
_Step = TypeVar("_Step")
_Answer = TypeVar("_Answer")


def ignore_step(step: object) -> None:
    """Let a step pass that nobody waits for."""


def log_failure(error: Exception | None) -> None:
    """Note the end of a job that nobody waits for, if it was a bug."""
    if error is not None and not isinstance(error, EngineError):
        _LOG.error("Work in the background failed.", exc_info=error)


class Dispatcher:
    """Gives work to the worker and brings what comes of it back to the running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._worker = Worker()
        self._worker.start()

    @property
    def num_jobs(self) -> int:
        """How many jobs have not ended."""
        return self._worker.num_jobs

    def submit(
        self,
        key: Hashable,
        priority: Priority,
        start: Callable[[Checkpoint], Generator[_Step, None, None]],
        on_step: Callable[[_Step], None],
        on_end: Callable[[Exception | None], None],
    ) -> Job[_Step]:
        """Begin a job; see `Job`, but the callbacks come from the loop."""
        job = Job(key, priority, start, self._on_loop(on_step), self._on_loop(on_end))
        self._worker.submit(job)
        return job

    def cancel(self, job: Job[Any], verdict: Exception | None = None) -> None:
        """End `job` within one step, with `verdict` or as abandoned."""
        self._worker.cancel(job, verdict)

    def ask(self, question: Callable[[], _Answer]) -> asyncio.Future[_Answer]:
        """Call `question` on the worker's thread, between two steps of others."""
        answer: asyncio.Future[_Answer] = self._loop.create_future()

        def steps(_: Checkpoint) -> Generator[_Answer, None, None]:
            yield question()

        def take(value: _Answer) -> None:
            if not answer.done():
                answer.set_result(value)

        def end(error: Exception | None) -> None:
            if error is not None and not answer.done():
                answer.set_exception(error)

        self.submit(object(), Priority.QUESTION, steps, take, end)
        return answer

    def post(self, action: Callable[[], None]) -> None:
        """Have `action` called on the worker's thread, and do not wait for it."""

        def steps(_: Checkpoint) -> Generator[None, None, None]:
            action()
            yield

        self.submit(object(), Priority.QUESTION, steps, ignore_step, log_failure)

    def tell(self, callback: Callable[..., None], *arguments: object) -> None:
        """Have the loop call `callback`; for the worker's thread."""
        self._loop.call_soon_threadsafe(callback, *arguments)

    async def stop(self, timeout_s: float) -> bool:
        """End all jobs and the thread; returns whether it ended within `timeout_s`."""
        return await asyncio.to_thread(self._worker.stop, timeout_s)

    def _on_loop(self, callback: Callable[[_Step], None]) -> Callable[[_Step], None]:
        return lambda value: self.tell(callback, value)
