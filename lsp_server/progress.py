"""The loading of the model, shown where the editor shows progress."""

import asyncio
import logging
import uuid

from lsprotocol.types import WorkDoneProgressBegin, WorkDoneProgressEnd, WorkDoneProgressReport
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from completion.background import BackgroundTasks
from engine.protocol.messages import EngineState, Phase

logger = logging.getLogger(__name__)

TITLE = "Warmline"

_REPLY_TIMEOUT_S = 10.0


class LoadingProgress:
    """Begins a progress display when loading begins and ends it when loading ends.

    The editor has to agree to each display first; what happens meanwhile is caught up with
    when it has.
    """

    def __init__(self, server: LanguageServer, tasks: BackgroundTasks) -> None:
        self._progress = server.work_done_progress
        self._tasks = tasks
        self._token: str | None = None
        self._is_shown = False
        self._state = EngineState(Phase.STARTING)

    def follow(self, state: EngineState) -> None:
        """Show another state of the engine."""
        self._state = state
        if state.phase not in (Phase.STARTING, Phase.LOADING):
            self._end()
        elif self._token is None:
            self._token = str(uuid.uuid4())
            self._tasks.start(self._begin(self._token), "showing progress")
        elif self._is_shown:
            report = WorkDoneProgressReport(message=state.message, percentage=_percentage(state))
            self._progress.report(self._token, report)

    async def _begin(self, token: str) -> None:
        try:
            async with asyncio.timeout(_REPLY_TIMEOUT_S):
                await self._progress.create_async(token)
        except (TimeoutError, JsonRpcException) as error:
            logger.warning("The editor shows no progress: %r.", error)
            return
        if self._token != token:  # loading ended before the editor agreed
            return
        begin = WorkDoneProgressBegin(
            title=TITLE, message=self._state.message, percentage=_percentage(self._state)
        )
        self._progress.begin(token, begin)
        self._is_shown = True

    def _end(self) -> None:
        if self._token is not None and self._is_shown:
            self._progress.end(self._token, WorkDoneProgressEnd(message=self._state.message))
        self._token = None
        self._is_shown = False


def _percentage(state: EngineState) -> int:
    return round(100 * min(max(state.fraction, 0.0), 1.0))
