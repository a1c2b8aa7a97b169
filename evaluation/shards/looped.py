"""A meter whose work is asynchronous, for runs that are not."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self


class LoopedMeter(ABC):
    """Has an event loop of its own, and what lasts as long as it does. To be used as a context."""

    def __init__(self) -> None:
        self._loop = asyncio.Runner()
        self._exits = AsyncExitStack()

    def __enter__(self) -> Self:
        try:
            self._loop.run(self._begin())
        except BaseException:
            self._loop.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._loop.run(self._end())
        finally:
            self._loop.close()

    @abstractmethod
    async def _begin(self) -> None:
        """Start what is needed."""

    async def _end(self) -> None:
        """Stop it."""
        await self._exits.aclose()
