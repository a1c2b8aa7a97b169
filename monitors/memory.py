"""Answers that several ask for, at once or one after another, and that are worked out once."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_KEPT = 64
KEPT_S = 60.0
"""What is known may change with files that nobody tells of."""


@dataclass(slots=True)
class _Entry(Generic[T]):
    task: asyncio.Task[T]
    num_waiting: int = 0
    asked_s: float = field(default_factory=time.monotonic)

    def is_kept(self, is_worth_keeping: Callable[[T], bool]) -> bool:
        if not self.task.done():
            return True
        if self.task.cancelled() or self.task.exception() is not None:
            return False
        is_new = time.monotonic() - self.asked_s < KEPT_S
        return is_new and is_worth_keeping(self.task.result())


class Memory(Generic[T]):
    """Remembers answers by their question. A question nobody waits for any more is given up."""

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry[T]] = {}

    async def get(self, question: Hashable, ask: Callable[[], Coroutine[None, None, T]]) -> T:
        """Return the answer to `question`, calling `ask` if it was never asked."""
        entry = self._entries.get(question)
        if entry is None:
            entry = self._entries[question] = _Entry(asyncio.ensure_future(ask()))
        entry.num_waiting += 1
        try:
            return await asyncio.shield(entry.task)
        finally:
            entry.num_waiting -= 1
            if not entry.num_waiting and not entry.task.done():
                entry.task.cancel()
                del self._entries[question]

    def forget(self, is_worth_keeping: Callable[[T], bool]) -> None:
        """Let some answers be asked for again: failures, old ones, and those not worth keeping.

        Questions that are on their way stay, and of very many answers the newest.
        """
        kept = {key: each for key, each in self._entries.items() if each.is_kept(is_worth_keeping)}
        done = [key for key, entry in kept.items() if entry.task.done()]
        for key in done[: max(0, len(done) - MOST_KEPT)]:
            del kept[key]
        self._entries = kept
