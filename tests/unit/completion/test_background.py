"""Work that nobody waits for ends with whoever began it."""

import asyncio

from completion.background import BackgroundTasks
from engine.errors import EngineUnavailableError


async def test_closing_ends_all_work_whatever_it_raises() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.set()
            raise EngineUnavailableError("It has gone.") from None

    background = BackgroundTasks()
    background.start(stubborn(), "waiting")
    await began.wait()
    await background.aclose()
    assert ended.is_set()
    await background.aclose()
