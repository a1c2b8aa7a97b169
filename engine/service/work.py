"""A sync or a generation in flight, as the event loop sees it."""

import asyncio
from collections.abc import AsyncGenerator

from engine.protocol.messages import GenerationEvent, Synced, SyncReport
from engine.service.worker import Job
from engine.tokens import TokenArray

Step = tuple[GenerationEvent, ...] | None
"""What one step of the worker gives: nothing while it syncs, then events."""


class Work:
    """Takes steps and the end from the worker, by way of the loop, and hands them on."""

    job: Job[Step]  # set by whoever creates both

    def __init__(self, tokens: TokenArray) -> None:
        self.tokens = tokens
        self._events: asyncio.Queue[GenerationEvent | None] = asyncio.Queue()  # None: the end
        self._is_synced = asyncio.Event()  # or has ended without
        self._report: SyncReport | None = None
        self._error: Exception | None = None

    def take(self, step: Step) -> None:
        """Accept what one step gave."""
        for event in step or ():
            if isinstance(event, Synced):
                self._report = event.report
                self._is_synced.set()
            self._events.put_nowait(event)

    def end(self, error: Exception | None) -> None:
        """Accept the end."""
        self._error = error
        self._is_synced.set()
        self._events.put_nowait(None)

    async def report(self) -> SyncReport:
        """Wait for the sync; raises why there is none."""
        await self._is_synced.wait()
        if self._report is None:
            raise self._error or AssertionError("a sync ended with neither report nor error")
        return self._report

    async def events(self) -> AsyncGenerator[GenerationEvent, None]:
        """Yield all events; raises why they broke off."""
        while (event := await self._events.get()) is not None:
            yield event
        if self._error is not None:
            raise self._error
