"""The session with the engine: made, connected, replaced and ended here."""

import asyncio
import logging
from collections.abc import Iterable

from completion.background import BackgroundTasks
from completion.usage.usage import Usage
from engine.errors import EngineError
from engine.protocol.messages import EngineState, Phase
from lsp_server.documents import OpenDocuments
from lsp_server.ports import MakeSession, Session
from lsp_server.settings import Settings
from lsp_server.status import StatusReporter
from lsp_server.workspace import Workspace

logger = logging.getLogger(__name__)

_CLOSE_TIMEOUT_S = 2.0


class SessionKeeper:
    """Holds the one session of this window. There is none until the settings are known."""

    def __init__(
        self,
        make_session: MakeSession,
        workspace: Workspace,
        documents: OpenDocuments,
        status: StatusReporter,
        tasks: BackgroundTasks,
        *,
        usage: Usage,
    ) -> None:
        self._make_session = make_session
        self._workspace = workspace
        self._documents = documents
        self._status = status
        self._tasks = tasks
        self._usage = usage
        self._settings: Settings | None = None
        self._has_failed_to_connect = False
        self._is_connecting = False
        self.session: Session | None = None
        self.problem = ""  # why there is no session; empty while the settings are being read

    async def use(self, settings: Settings) -> None:
        """Work with these settings from now on; another engine means another session."""
        before, self._settings = self._settings, settings
        self._status.enable(is_enabled=settings.completion.enabled)
        if self.session is None or before is None or _needs_another_session(before, settings):
            await self._replace(settings)
        else:
            self.session.completer.update_settings(settings.completion)

    def change_folders(self, added: Iterable[str], removed: Iterable[str]) -> None:
        """Follow folders that were opened and closed, by their URIs."""
        self._workspace = self._workspace.changed(added, removed)
        if self.session is not None:
            self.session.completer.use_folders(self._workspace.folders)

    def connect_again(self) -> None:
        """Try once more where the last try to reach an engine failed."""
        if self._has_failed_to_connect and self.session is not None:
            self._tasks.start(self._connect(self.session), "connecting again")

    def wake(self) -> None:
        """Start an engine again that has gone since it was reached."""
        session = self.session
        if session is None or self._is_connecting or self._has_failed_to_connect:
            return
        if session.engine.state.phase is Phase.STARTING:
            self._tasks.start(self._connect(session), "starting the engine again")

    async def aclose(self) -> None:
        """End the session; the engine goes on for others."""
        session, self.session = self.session, None
        if session is not None:
            await _close(session)

    async def _replace(self, settings: Settings) -> None:
        await self.aclose()
        try:
            session = self._make_session(settings, self._workspace)
        except EngineError as error:
            self.problem = str(error)
            self._status.engine_changed(EngineState(Phase.FAILED, message=self.problem))
            return
        self.session, self.problem = session, ""
        session.engine.on_state(lambda state: self._state_changed(session, state))
        session.engine.on_notice(self._status.noticed)
        session.completer.on_sync(self._usage.synced)
        if session.analysis is not None:
            session.analysis.on_notice(self._status.noticed)
        for document in self._documents:
            session.completer.open(document)
        self._tasks.start(self._connect(session), "connecting")

    async def _connect(self, session: Session) -> None:
        self._has_failed_to_connect, self._is_connecting = False, True
        self._state_changed(session, session.engine.state)
        try:
            await session.engine.connect()
        except EngineError as error:
            self._failed(session, str(error))
        except Exception as error:
            logger.exception("The engine could not be reached.")
            self._failed(session, f"The engine could not be reached: {error!r}.")
        else:
            self._state_changed(session, session.engine.state)
        finally:
            self._is_connecting = False

    def _failed(self, session: Session, problem: str) -> None:
        self._has_failed_to_connect = True
        self._state_changed(session, EngineState(Phase.FAILED, message=problem))

    def _state_changed(self, session: Session, state: EngineState) -> None:
        if session is self.session:  # one that was replaced has nothing to say any more
            self._status.engine_changed(state)


def _needs_another_session(before: Settings, after: Settings) -> bool:
    """Tell whether another engine is wanted, or files are to be searched or analysed otherwise."""
    return before.engine != after.engine or _joined_by(before) != _joined_by(after)


def _joined_by(settings: Settings) -> tuple[object, ...]:
    """Return what decides how a session is joined, besides the engine's settings."""
    chosen = settings.completion
    has_context = chosen.context_tokens > 0
    return has_context, chosen.retriever, chosen.monitors, chosen.python_interpreter


async def _close(session: Session) -> None:
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await session.completer.aclose()
            await session.engine.aclose()
    except (TimeoutError, EngineError) as error:
        logger.warning("The session with the engine did not end well: %r.", error)
