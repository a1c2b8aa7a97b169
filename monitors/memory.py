"""Answers that several ask for at once and that are worked out once."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Entry(Generic[T]):
    task: asyncio.Task[T]
    num_waiting: int = 0


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
