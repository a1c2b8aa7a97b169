"""What the server needs from the rooms below, and who joins them is none of its business."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from completion.context.repositories import RepositoryStatus
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import CompletionOptions, Suggestion
from engine.client.base import EngineClient, NoticeListener
from engine.protocol.messages import SyncReport
from lsp_server.settings import Settings
from lsp_server.workspace import Workspace

if TYPE_CHECKING:  # imports numpy and a tokenizer, of which this room needs nothing
    from completion.cache_view import CacheView
    from completion.context.explanation import Explanation


class CompleterPort(Protocol):
    """Makes suggestions for documents it is told about. Used from one event loop."""

    def open(self, document: Document) -> None:
        """Take in a document; one of the same name is replaced."""
        ...

    def change(self, document: Document, cursor: int | None) -> None:
        """Take in a later state and prepare for it; returns at once.

        Args:
            document: The document as it is now.
            cursor: Where the cursor probably is, in code points; None where nobody can say.
        """
        ...

    def close(self, name: str) -> None:
        """Forget a document."""
        ...

    def update_settings(self, settings: CompletionSettings) -> None:
        """Use other settings from now on."""
        ...

    async def complete(self, name: str, offset: int, options: CompletionOptions) -> Suggestion:
        """Suggest what comes at `offset`; empty with a reason rather than raising."""
        ...

    async def cache_view(self, name: str) -> "CacheView | None":
        """Describe the live cache of a document; None when there is none."""
        ...

    async def explain(self, name: str, offset: int) -> "Explanation | None":
        """Describe what a suggestion at `offset` is made from; None for an unknown document."""
        ...

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Search and analyse these folders from now on, and no others."""
        ...

    def repositories(self) -> Sequence[RepositoryStatus]:
        """Describe what can be searched."""
        ...

    def last_suggestion(self, name: str) -> Suggestion | None:
        """Return the latest answer for a document."""
        ...

    def on_sync(self, listener: Callable[[SyncReport], None]) -> None:
        """Call `listener` with what became of the tokens of each prompt read ahead of requests."""
        ...

    async def aclose(self) -> None:
        """End the work that nobody waits for."""
        ...


class AnalysisPort(Protocol):
    """Knows which names exist. The completer uses it, and ends it."""

    def on_notice(self, listener: NoticeListener) -> None:
        """Call `listener` with each sentence that a user should see once."""
        ...

    async def status(self) -> Mapping[str, Any]:
        """Say how the analysers are, as plain data."""
        ...


@dataclass(frozen=True, slots=True)
class Session:
    """An engine and the completer that uses it. Its holder connects the engine, and leaves it."""

    engine: EngineClient
    completer: CompleterPort
    analysis: AnalysisPort | None = None  # unless that is turned off


MakeSession = Callable[[Settings, Workspace], Session]
"""Joins a session from the settings and what is open, without waiting for anything."""
