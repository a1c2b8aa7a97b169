"""One thread does all work on the model, the most urgent first.

Work comes as generators. The worker runs one step, to the next yield, then looks again for
what is most urgent; keys of the same priority take turns. Within a step, the model calls
the job's checkpoint between layers, which leaves the step when nobody wants its result any
more, or when the job may be preempted and something more urgent waits.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator, Hashable
from enum import IntEnum
from typing import Any, Generic, TypeVar

from engine.errors import EngineError, EngineUnavailableError, SupersededError
from engine.types import Cancelled, Checkpoint, Preempted

_LOG = logging.getLogger(__name__)
_Step = TypeVar("_Step")


class Priority(IntEnum):
    """What comes first. Lower is more urgent."""

    QUESTION = 0
    DECODE = 1
    SYNC = 2
    ENCODE = 3
    AHEAD = 4
    REFRESH = 5

    @property
    def can_preempt(self) -> bool:
        """Whether such work may break into a step; a question and texts wait for its end."""
        return self not in (Priority.QUESTION, Priority.ENCODE)

    @property
    def is_preemptible(self) -> bool:
        """Whether such work is put back in mid-step when something more urgent comes."""
        return self >= Priority.ENCODE

    @property
    def leaves_caches_alone(self) -> bool:
        """Whether less urgent work may stay in the middle of its own while this runs."""
        return self is Priority.ENCODE


class AbandonedError(EngineError):
    """Whoever asked for the work has gone."""


class Job(Generic[_Step]):
    """Work in steps on what `key` names. All callbacks come from the worker's thread.

    Args:
        key: Newest wins: a job ends an older one with the same key.
        priority: Preemptible jobs are begun anew after something more urgent has run.
        start: Returns the generator; called again when the job is begun anew.
        on_step: Receives what each step yields.
        on_end: Called once, with the reason if the job did not run to its end.
    """

    def __init__(
        self,
        key: Hashable,
        priority: Priority,
        start: Callable[[Checkpoint], Generator[_Step, None, None]],
        on_step: Callable[[_Step], None],
        on_end: Callable[[Exception | None], None],
    ) -> None:
        self.key = key
        self.priority = priority
        self.on_end = on_end
        self.verdict: Exception | None = None  # set when the job is to end early
        self._start = start
        self._on_step = on_step
        self._steps: Generator[_Step, None, None] | None = None

    def advance(self, checkpoint: Checkpoint) -> None:
        """Run one step. Raises StopIteration after the last."""
        if self._steps is None:
            self._steps = self._start(checkpoint)
        self._on_step(next(self._steps))

    def drop_steps(self) -> None:
        """Leave the generator where it is; the next step begins a new one."""
        steps, self._steps = self._steps, None
        try:
            if steps is not None:
                steps.close()
        except Exception:  # noqa: BLE001  # a bug there must not stop what takes its place
            _LOG.exception("Work on %s could not be left cleanly.", self.key)


class Worker:
    """The thread. `submit`, `cancel` and `stop` may be called from any other."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._turns: dict[Priority, deque[Job[Any]]] = {priority: deque() for priority in Priority}
        self._condemned: deque[Job[Any]] = deque()
        self._newest: dict[Hashable, Job[Any]] = {}
        self._num_jobs = 0
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="warmline-worker", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def num_jobs(self) -> int:
        """How many jobs have not ended: the one at work, and those that wait for their turn."""
        return self._num_jobs

    def submit(self, job: Job[Any]) -> None:
        """Put `job` in the queue; an older job with its key ends with `SupersededError`.

        Raises:
            EngineUnavailableError: If the worker is stopping.
        """
        with self._condition:
            if self._is_stopping:
                raise _stopping_error()
            older = self._newest.get(job.key)
            if older is not None:
                message = "Newer work on the same document took the place of this work."
                self._condemn(older, SupersededError(message))
            self._newest[job.key] = job
            self._num_jobs += 1
            self._turns[job.priority].append(job)
            self._condition.notify()

    def cancel(self, job: Job[Any], verdict: Exception | None = None) -> None:
        """End `job` within one step, with `AbandonedError` unless another verdict is given.

        Does nothing if it has ended.
        """
        with self._condition:
            self._condemn(job, verdict or AbandonedError("Whoever asked for this has gone."))
            self._condition.notify()

    def stop(self, timeout_s: float) -> bool:
        """End all jobs and the thread; returns whether it ended within `timeout_s`."""
        with self._condition:
            self._is_stopping = True
            for job in self._newest.values():
                self._condemn(job, _stopping_error())
            self._condition.notify()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _condemn(self, job: Job[Any], verdict: Exception) -> None:
        if job.verdict is not None:
            return
        job.verdict = verdict
        if job in self._turns[job.priority]:  # otherwise it is running, or has ended
            self._turns[job.priority].remove(job)
            self._condemned.append(job)

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._work_on(job)
            except Exception:  # noqa: BLE001  # the thread outlives a bug in whoever listens to a job
                _LOG.exception("The end of a job could not be told.")

    def _next(self) -> Job[Any] | None:
        with self._condition:
            self._condition.wait_for(self._has_something_to_do)
            if self._condemned:
                return self._condemned.popleft()
            for turns in self._turns.values():
                if turns:
                    return turns.popleft()
            return None

    def _has_something_to_do(self) -> bool:
        return self._is_stopping or bool(self._condemned) or any(self._turns.values())

    def _work_on(self, job: Job[Any]) -> None:
        if job.verdict is not None:
            self._finish(job, job.verdict)
            return
        if not job.priority.leaves_caches_alone:
            self._drop_less_urgent(job.priority)
        try:
            job.advance(lambda: self._check(job))
        except StopIteration:
            self._finish(job, None)
        except Preempted:
            job.drop_steps()
            self._put_back(job)
        except Cancelled:
            self._finish(job, job.verdict or AbandonedError("The work gave itself up."))
        except Exception as error:  # noqa: BLE001  # told to whoever asked for the job
            self._finish(job, error)
        else:
            self._put_back(job)

    def _check(self, job: Job[Any]) -> None:
        if job.verdict is not None:
            raise Cancelled
        if job.priority.is_preemptible and any(
            turns
            for priority, turns in self._turns.items()
            if priority < job.priority and priority.can_preempt
        ):
            raise Preempted

    def _drop_less_urgent(self, than: Priority) -> None:
        """Let preempted jobs hold nothing, so that what they worked on may be changed."""
        with self._condition:
            less_urgent = [
                job
                for priority, turns in self._turns.items()
                if priority > than and priority.is_preemptible
                for job in turns
            ]
        for job in less_urgent:
            job.drop_steps()

    def _put_back(self, job: Job[Any]) -> None:
        with self._condition:
            if job.verdict is None:
                self._turns[job.priority].append(job)
            else:
                self._condemned.append(job)

    def _finish(self, job: Job[Any], error: Exception | None) -> None:
        with self._condition:
            if self._newest.get(job.key) is job:
                del self._newest[job.key]
            self._num_jobs -= 1
        job.drop_steps()
        job.on_end(error)


def _stopping_error() -> EngineUnavailableError:
    return EngineUnavailableError("The engine is stopping; start it again to go on.")
