"""What the user is told: the state in the status line, and rare messages.

The notification is Copilot's `didChangeStatus`, which several editors know how to show.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum

from lsprotocol.types import LogMessageParams, MessageType, ShowMessageParams
from pygls.lsp.server import LanguageServer

from completion.types import EmptyReason, Suggestion
from engine.protocol.messages import EngineState, Phase
from lsp_server.progress import LoadingProgress

logger = logging.getLogger(__name__)

DID_CHANGE_STATUS = "didChangeStatus"
SETTLE_S = 0.1
"""A suggestion that is made sooner, or one that takes another's place so soon, is no news. Telling
of each would be two messages for every key."""

_WORTH_A_WARNING = frozenset(
    {
        EmptyReason.DOCUMENT_TOO_LARGE,
        EmptyReason.ENGINE_FAILED,
        EmptyReason.ENGINE_UNAVAILABLE,
        EmptyReason.TIMED_OUT,
    }
)
_SAYS_NOTHING_NEW = frozenset({EmptyReason.SUPERSEDED, EmptyReason.LOADING})


class StatusKind(StrEnum):
    """How the state is to be shown."""

    NORMAL = "Normal"
    ERROR = "Error"
    WARNING = "Warning"
    INACTIVE = "Inactive"


@dataclass(frozen=True, slots=True)
class Status:
    """Parameters of `didChangeStatus`."""

    busy: bool
    kind: StatusKind
    message: str


class StatusReporter:
    """Tells the editor what changes, and nothing twice."""

    def __init__(self, server: LanguageServer, progress: LoadingProgress | None) -> None:
        self._server = server
        self._progress = progress
        self._state = EngineState(Phase.STARTING)
        self._is_enabled = True
        self._warning = ""
        self._num_busy = 0
        self._settling: asyncio.TimerHandle | None = None
        self._told: Status | None = None
        self._shown = ""

    def engine_changed(self, state: EngineState) -> None:
        """Show another state of the engine."""
        logger.info("The engine is %s. %s", state.phase, state.message)
        self._state = state
        if self._progress:
            self._progress.follow(state)
        if state.phase is Phase.FAILED:
            self._show(MessageType.Error, state.message)
        self._tell()

    def noticed(self, sentence: str) -> None:
        """Show a sentence from the engine's side, such as that it was restarted."""
        self._show(MessageType.Info, sentence)

    def enable(self, *, is_enabled: bool) -> None:
        """Show whether suggestions are turned on."""
        self._is_enabled = is_enabled
        self._tell()

    def answered(self, suggestion: Suggestion) -> None:
        """Show what keeps suggestions away; a usual answer takes that back."""
        if suggestion.reason in _SAYS_NOTHING_NEW:
            return
        self._warning = suggestion.detail if suggestion.reason in _WORTH_A_WARNING else ""
        self._tell()

    def log(self, kind: MessageType, sentence: str) -> None:
        """Write into the editor's log of this server."""
        logger.warning("%s", sentence)
        self._server.window_log_message(LogMessageParams(type=kind, message=sentence))

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Show that a suggestion is being made, if that takes a while."""
        self._num_busy += 1
        self._tell_soon()
        try:
            yield
        finally:
            self._num_busy -= 1
            self._tell_soon()

    def _show(self, kind: MessageType, sentence: str) -> None:
        logger.warning("%s", sentence)
        if sentence == self._shown:  # an engine that falls over again and again
            return
        self._shown = sentence
        self._server.window_show_message(ShowMessageParams(type=kind, message=sentence))

    def _tell_soon(self) -> None:
        if self._settling is None:
            loop = asyncio.get_running_loop()
            self._settling = loop.call_later(SETTLE_S, self._tell_settled)

    def _tell_settled(self) -> None:
        self._settling = None
        self._tell()

    def _tell(self) -> None:
        status = self._status()
        if status != self._told:
            self._told = status
            self._server.protocol.notify(DID_CHANGE_STATUS, asdict(status))

    def _status(self) -> Status:
        if not self._is_enabled:
            return Status(busy=False, kind=StatusKind.INACTIVE, message="Suggestions are off.")
        if self._state.phase is Phase.FAILED:
            return Status(busy=False, kind=StatusKind.ERROR, message=self._state.message)
        if self._state.phase is not Phase.READY:
            message = self._state.message or "The model is loading."
            return Status(busy=True, kind=StatusKind.NORMAL, message=message)
        kind = StatusKind.WARNING if self._warning else StatusKind.NORMAL
        return Status(busy=self._num_busy > 0, kind=kind, message=self._warning)
