"""Questions to analysis that are on their way while the model writes."""

import asyncio
import time
from collections.abc import Iterable

from completion.guidance.failing import Failures
from monitors.types import Answer, Site, SiteKind, Watch

Place = tuple[SiteKind, int, str, str]
"""What is asked about: what begins where, of what, and what was written before it."""


class Inquiries:
    """Asks about each place once, and waits for answers no longer than its budget allows.

    Args:
        watch: Answers.
        budget_ms: For all waiting together.
        failures: Told where asking fails.
    """

    def __init__(self, watch: Watch, budget_ms: float, failures: Failures) -> None:
        self._failures = failures
        self._watch = watch
        self._budget_s = budget_ms / 1000
        self._tasks: dict[Place, asyncio.Task[Answer]] = {}
        self.waited_s = 0.0

    def ask(self, place: Place, site: Site, written: str) -> None:
        """Ask unless that was done; the answer comes while the loop does other things."""
        if place not in self._tasks:
            task = asyncio.create_task(
                self._watch.ask(site, written), name=f"asking at {place[:2]}"
            )
            task.add_done_callback(self._look_at)
            self._tasks[place] = task

    def answer(self, place: Place) -> Answer | None:
        """Return the answer; None while it is out and where asking failed."""
        task = self._tasks[place]
        if not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    async def wait(self, places: Iterable[Place]) -> bool:
        """Wait until one more of these answers has come; False if none is out, or in time."""
        out = [task for place in places if not (task := self._tasks[place]).done()]
        left_s = self._budget_s - self.waited_s
        if not out or left_s <= 0:
            return False
        started = time.perf_counter()
        done, _ = await asyncio.wait(out, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        self.waited_s += time.perf_counter() - started
        return bool(done)

    def allow(self, budget_ms: float) -> None:
        """Let answers be waited for so much longer than they were."""
        self._budget_s = self.waited_s + budget_ms / 1000

    def are_out(self, places: Iterable[Place]) -> bool:
        """Tell whether one of these answers has not come."""
        return any(not self._tasks[place].done() for place in places)

    def close(self) -> None:
        """Ask no more: nobody waits for these answers."""
        for task in self._tasks.values():
            task.cancel()

    def _look_at(self, task: asyncio.Task[Answer]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures.tell(error)
