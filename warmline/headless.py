"""A session without an editor: the engine made ready, with progress for whoever watches."""

import sys
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

ANALYSIS_TIMEOUT_MS = 20_000
"""And of analysis, which has to start and to read the code first."""


@asynccontextmanager
async def headless_session(
    engine_settings: EngineSettings,
    folder: Path | None = None,
    *,
    retrieval: bool = True,
    monitors: bool = False,
) -> AsyncIterator[Session]:
    """Connect to the engine and wait until its model is loaded and the folder is read.

    Args:
        engine_settings: Also decide which engine is used.
        folder: That the code belongs to, if any.
        retrieval: Whether the folder is searched for what helps; otherwise the prompt names no
            repository either.
        monitors: Whether names are checked, if the analysers are installed.

    Raises:
        EngineUnavailableError: If there is no engine and none can be started.
        WorkError: If the model cannot be loaded, or not in time.
    """
    is_searched = retrieval and folder is not None
    settings = CompletionSettings()
    completion_settings = replace(
        settings,
        timeout_ms=COMPLETION_TIMEOUT_MS,
        prepare_on_open=False,
        prepare_next=False,  # nobody stays to accept anything
        context_tokens=settings.context_tokens if is_searched else 0,
        context_timeout_ms=SEARCH_TIMEOUT_MS,
        monitors=monitors,
        analysis_timeout_ms=ANALYSIS_TIMEOUT_MS,
    )
    session = join(
        engine_settings,
        completion_settings,
        _workspace(folder, is_named=retrieval),
        COMMAND_LINE_SESSION,
    )
    if session.analysis is not None:
        session.analysis.on_notice(lambda sentence: print(f"warmline: {sentence}", file=sys.stderr))
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


def _workspace(folder: Path | None, *, is_named: bool) -> Workspace:
    if folder is None:
        return Workspace()
    return Workspace(folder.name if is_named else "", (folder,))
