"""A session without an editor: the engine made ready, with progress for whoever watches."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from completion.settings import CompletionSettings
from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.protocol.messages import Phase
from engine.settings import EngineSettings
from lsp_server.ports import Session
from lsp_server.workspace import Workspace
from warmline.composition import COMMAND_LINE_SESSION, join
from warmline.errors import WorkError
from warmline.loading import show_loading, wait_for_index

COMPLETION_TIMEOUT_MS = 290_000
"""In an editor nobody waits for a long file to be read the first time; here somebody does."""

SEARCH_TIMEOUT_MS = 10_000
"""The same is true of a search, which a machine at work may not do in the time of a keystroke."""


@asynccontextmanager
async def headless_session(
    engine_settings: EngineSettings, folder: Path | None = None
) -> AsyncIterator[Session]:
    """Connect to the engine and wait until its model is loaded and the folder is read.

    Args:
        engine_settings: Also decide which engine is used.
        folder: To search for what helps; None searches nothing, and the prompt names no
            repository.

    Raises:
        EngineUnavailableError: If there is no engine and none can be started.
        WorkError: If the model cannot be loaded, or not in time.
    """
    completion_settings = replace(
        CompletionSettings(),
        timeout_ms=COMPLETION_TIMEOUT_MS,
        prepare_on_open=False,
        prepare_next=False,  # nobody stays to accept anything
        context_timeout_ms=SEARCH_TIMEOUT_MS,
    )
    workspace = Workspace()
    if folder is None:
        completion_settings = replace(completion_settings, context_tokens=0)
    else:
        workspace = Workspace(folder.name, (folder,))
    session = join(
        engine_settings,
        completion_settings,
        workspace,
        COMMAND_LINE_SESSION,
    )
    try:
        with show_loading(session.engine):
            await session.engine.connect()
            state = await session.engine.wait_ready(LOADING_TIMEOUT_S)
        if state.phase is not Phase.READY:
            raise WorkError(state.message or f"the engine is {state.phase.value}, not ready")
        await wait_for_index(session.completer)
        yield session
    finally:
        await session.completer.aclose()
        await session.engine.aclose()
