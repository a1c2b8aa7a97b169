"""A session without an editor: the engine made ready, with progress for whoever watches."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from completion.settings import CompletionSettings
from engine.protocol.messages import Phase
from engine.settings import EngineSettings
from warmline.composition import COMMAND_LINE_SESSION, Joined, join
from warmline.errors import WorkError
from warmline.loading import show_loading

READY_TIMEOUT_S = 1800.0
"""A first start may have to download and convert the model."""

COMPLETION_TIMEOUT_MS = 290_000
"""In an editor nobody waits for a long file to be read the first time; here somebody does."""


@asynccontextmanager
async def headless_session(engine_settings: EngineSettings) -> AsyncIterator[Joined]:
    """Connect to the engine and wait until its model is loaded.

    Raises:
        EngineUnavailableError: If there is no engine and none can be started.
        WorkError: If the model cannot be loaded, or not in time.
    """
    completion_settings = replace(CompletionSettings(), timeout_ms=COMPLETION_TIMEOUT_MS)
    joined = join(engine_settings, completion_settings, "", COMMAND_LINE_SESSION)
    try:
        with show_loading(joined.engine):
            await joined.engine.connect()
            state = await joined.engine.wait_ready(READY_TIMEOUT_S)
        if state.phase is not Phase.READY:
            raise WorkError(state.message or f"the engine is {state.phase.value}, not ready")
        yield joined
    finally:
        await joined.completer.aclose()
        await joined.engine.aclose()
