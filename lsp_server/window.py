"""One editor window, once `initialize` is answered: its parts, joined, and who answers what."""

from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from completion.background import BackgroundTasks
from completion.usage.usage import Usage
from lsp_server.completion_list import CompletionLists
from lsp_server.configuration import Configuration
from lsp_server.custom_requests import (
    CACHE,
    EXPLAIN,
    LAST_SUGGESTION,
    METRICS,
    STATUS,
    CustomRequests,
)
from lsp_server.documents import OpenDocuments
from lsp_server.inline_completion import InlineCompletion
from lsp_server.metrics import Metrics
from lsp_server.opening import Opening
from lsp_server.ports import MakeSession
from lsp_server.positions import PositionCodec
from lsp_server.progress import LoadingProgress
from lsp_server.session_keeper import SessionKeeper
from lsp_server.settings import Settings
from lsp_server.status import StatusReporter
from lsp_server.suggesting import Suggester
from lsp_server.text_sync import TextSync

Handler = Callable[[Any], Any]


class Window:
    """Everything that lives as long as the connection to one editor window."""

    def __init__(self, server: LanguageServer, make_session: MakeSession, opening: Opening) -> None:
        client = opening.client
        self._tasks = BackgroundTasks()
        progress = LoadingProgress(server, self._tasks) if client.has_progress else None
        self._status = StatusReporter(server, progress)
        self._documents = OpenDocuments(PositionCodec(opening.encoding))
        self._configuration = Configuration(
            server, client, opening.initial_settings, self._report_setting
        )
        self.usage = usage = Usage()
        """What is counted for this window."""
        self._metrics = Metrics(usage, server.version)
        self._keeper = SessionKeeper(
            make_session,
            opening.workspace,
            self._documents,
            self._status,
            self._tasks,
            usage=usage,
        )
        self._suggester = Suggester(self._keeper, self._status, usage)
        self._sync = TextSync(
            self._documents, self._keeper, self._suggester, usage, self._status.noticed
        )
        self._requests = CustomRequests(
            server.version, self._documents, self._keeper, self._suggester, usage
        )
        self._has_completion_list = opening.has_completion_list
        self._is_debounced = client.waits_for_pauses
        self._is_started = False

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._configuration.settings

    def handlers(self) -> dict[str, Handler]:
        """Return what answers each method, apart from the life cycle's own."""
        inline = InlineCompletion(
            self._documents,
            self._keeper,
            self._suggester,
            lambda: self.settings,
            is_debounced=self._is_debounced,
        )
        lists = CompletionLists(
            self._documents,
            self._suggester,
            is_offered=self._has_completion_list,
            is_debounced=self._is_debounced,
        )
        return {
            types.INITIALIZED: self._start,
            types.WORKSPACE_DID_CHANGE_CONFIGURATION: self._change_configuration,
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: self._change_folders,
            types.TEXT_DOCUMENT_DID_OPEN: self._sync.open,
            types.TEXT_DOCUMENT_DID_CHANGE: self._sync.change,
            types.TEXT_DOCUMENT_DID_CLOSE: self._sync.close,
            types.TEXT_DOCUMENT_INLINE_COMPLETION: inline.answer,
            types.TEXT_DOCUMENT_COMPLETION: lists.answer,
            STATUS: self._requests.status,
            CACHE: self._requests.cache,
            EXPLAIN: self._requests.explain,
            LAST_SUGGESTION: self._requests.last_suggestion,
            METRICS: self._requests.metrics,
            "textDocument/didShowCompletion": self._metrics.shown,
            "textDocument/didPartiallyAcceptCompletion": self._metrics.partly_accepted,
            **dict.fromkeys(_HEARD, _hear),
        }

    def lose_edit(self, params: Any) -> None:
        """Hear of a `didChange` whose parameters are wrong."""
        self._sync.lose(params)

    async def aclose(self) -> None:
        """End all work and the session with the engine."""
        await self._tasks.aclose()
        self._metrics.close()
        await self._keeper.aclose()

    def _start(self, _params: types.InitializedParams) -> None:
        if self._is_started:  # told twice
            return
        self._is_started = True
        self._tasks.start(self._configuration.start(self._keeper.use), "reading settings")
        self._tasks.start(self._metrics.keep_on_disk(), "keeping figures")

    def _change_configuration(self, params: types.DidChangeConfigurationParams) -> None:
        change = self._configuration.change(params.settings, self._keeper.use)
        self._tasks.start(change, "changing settings")

    def _change_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        added = [folder.uri for folder in params.event.added]
        self._keeper.change_folders(added, [folder.uri for folder in params.event.removed])

    def _report_setting(self, problem: str) -> None:
        self._status.log(types.MessageType.Warning, problem)


_HEARD = (
    types.SET_TRACE,
    types.TEXT_DOCUMENT_DID_SAVE,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
    "textDocument/didFocus",
)
"""Notifications that clients may send and that change nothing here."""


def _hear(_params: Any) -> None:
    """Do nothing: the notification is known, and there is nothing to do about it."""
