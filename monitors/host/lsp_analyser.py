"""What analysers that ask one language server have in common."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .analysers import Call, Document, Found, ServerGoneError, Workspace
from .completion_items import Listed, read_list
from .served import LanguageServerProcess, ServerSpec

PATIENCE_S = 5.0
"""Below the host's own bound, which takes a silent server for a hung one: while a server reads
a project it is slow, and to start it anew would make it slower."""

MOST_UNOPENED = 8


class LspAnalyser(ABC):
    """Asks one language server. Subclasses say which and what its answers mean."""

    name: str

    def __init__(self) -> None:
        self._server: LanguageServerProcess | None = None
        self._open: set[Path] = set()
        self._asked: dict[Path, None] = {}

    @abstractmethod
    def spec(self, workspace: Workspace) -> ServerSpec:
        """Return how the server is started.

        Raises:
            ServerGoneError: If it is not installed; the message says what to do.
        """

    @property
    def server(self) -> LanguageServerProcess:
        """The server, once started."""
        if self._server is None:
            raise ServerGoneError(f"The {self.name} analyser was not started.")
        return self._server

    async def start(self, workspace: Workspace) -> None:
        """Start the server.

        Raises:
            ServerGoneError: If that fails.
        """
        self._server = LanguageServerProcess(self.spec(workspace), workspace.folders)
        await self._server.start()
        self.listen(self._server)

    async def use_workspace(self, workspace: Workspace) -> bool:
        """Tell the server of other folders; one that cannot be told finds projects by itself."""
        self.server.use_folders(workspace.folders)
        return True

    def preface(self, document: Document) -> str:  # noqa: ARG002  # most need none
        """Return what the server is to see in front of a document."""
        return ""

    def seen(self, document: Document) -> Document:
        """Return a document as the server sees it."""
        return replace(document, text=self.preface(document) + document.text)

    def listen(self, server: LanguageServerProcess) -> None:  # noqa: B027  # most need none
        """Register what the server's notifications are to call."""

    async def open(self, document: Document) -> None:
        """Let the server read the document, and with it its project."""
        self._open.add(document.path)
        self._asked.pop(document.path, None)
        self.server.tell(self.seen(document))

    async def change(self, document: Document) -> None:
        """Let the server see the new text."""
        await self.open(document)

    async def close(self, path: Path) -> None:
        """Let the server forget the document."""
        self._open.discard(path)
        self.server.forget(path)

    async def members(self, document: Document, offset: int) -> Found:  # noqa: ARG002
        """Return nothing: subclasses know better."""
        return self.unknown("not asked in this language")

    async def importable(self, document: Document, offset: int) -> Found:  # noqa: ARG002
        """Return nothing: subclasses know better."""
        return self.unknown("not asked in this language")

    async def types(self, document: Document, offset: int) -> Found:  # noqa: ARG002
        """Return nothing: subclasses know better."""
        return self.unknown("not asked in this language")

    async def cases(self, document: Document, offset: int) -> Found:  # noqa: ARG002
        """Return nothing: subclasses know better."""
        return self.unknown("not asked in this language")

    async def signature(self, document: Document, offset: int) -> Call | None:  # noqa: ARG002
        """Return nothing: subclasses know better."""
        return None

    def found(self, names: frozenset[str], reason: str = "") -> Found:
        """Return names under this analyser's name; the reason counts where there are none."""
        return Found(names, self.name, "" if names else reason or "type not known")

    def unknown(self, reason: str) -> Found:
        """Return that nothing is known."""
        return Found(frozenset(), self.name, reason)

    async def ask(self, method: str, document: Document, offset: int, **more: Any) -> Any:
        """Return what the server says about a place; None if it takes too long.

        Raises:
            ServerGoneError: If it ended.
        """
        self._remember(document.path)
        offset += len(self.preface(document))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self.server.ask_at(method, self.seen(document), offset, **more)
        except TimeoutError:
            return None

    async def listed(self, document: Document, offset: int) -> Listed:
        """Return the server's completion list for a place.

        Raises:
            ServerGoneError: If it ended.
        """
        context = {"triggerKind": 1}
        answer = await self.ask("textDocument/completion", document, offset, context=context)
        return read_list(answer)

    def _remember(self, path: Path) -> None:
        """Close the document that was asked about longest ago, unless an editor holds it open."""
        if path in self._open:
            return
        self._asked.pop(path, None)
        self._asked[path] = None
        if len(self._asked) > MOST_UNOPENED:
            oldest = next(iter(self._asked))
            del self._asked[oldest]
            self.server.forget(oldest)

    def is_reading(self) -> bool:
        """Tell whether a document is being read ahead."""
        return False

    def process_ids(self) -> Sequence[int]:
        """Return the server's processes that live."""
        return self._server.process_ids() if self._server else ()

    async def aclose(self) -> None:
        """End the server."""
        server, self._server = self._server, None
        if server is not None:
            await server.aclose()
