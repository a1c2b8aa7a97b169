"""The folders a window has open, as far as a prompt is concerned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from completion.document import Document

if TYPE_CHECKING:  # imports numpy, which the server's first answer must not wait for
    from retrieval.types import Retriever


@dataclass(frozen=True, slots=True)
class Located:
    """Where a document lies.

    Attributes:
        path: Relative to its repository, with forward slashes.
        retriever: Searches that repository, and what is open beside it.
        may_be_quoted: Tells whether a file may stand in the prompts of others, by its path; not
            where an ignore file names it.
    """

    path: str
    retriever: "Retriever"
    may_be_quoted: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class RepositoryStatus:
    """What can be told of a folder that is searched."""

    folder: str
    phase: str  # "building", "ready" or "stopped"
    num_files: int
    num_chunks: int
    num_left_out: int  # files and directories


class Repositories(Protocol):
    """Finds the repository of a document, and follows unsaved text. Used from one event loop."""

    def locate(self, name: str, seen_from: str = "") -> Located | None:
        """Return where a document lies; None if there is nothing to search for it.

        Args:
            name: Of the document.
            seen_from: The document in whose prompt the path is to stand; by default its own.
        """
        ...

    def is_ignored(self, name: str) -> bool:
        """Tell whether an ignore file names a document, so that nobody may read it.

        The same whether folders are searched or not.
        """
        ...

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Search these folders from now on, and no others; returns at once."""
        ...

    def change(self, document: Document) -> None:
        """Take in a document that is open, as it is now; returns at once."""
        ...

    def close(self, name: str) -> None:
        """Go back to what is on disk."""
        ...

    def statuses(self) -> tuple[RepositoryStatus, ...]:
        """Describe each repository."""
        ...

    async def aclose(self) -> None:
        """Stop following files, and keep what is known for the next time."""
        ...


class NoRepositories:
    """No folders, so nothing to search and nothing ignored: implements `Repositories`."""

    def locate(self, name: str, seen_from: str = "") -> Located | None:  # noqa: ARG002
        """Return None."""
        return None

    def is_ignored(self, name: str) -> bool:  # noqa: ARG002 -- nothing is
        """Return False."""
        return False

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Do nothing."""

    def change(self, document: Document) -> None:
        """Do nothing."""

    def close(self, name: str) -> None:
        """Do nothing."""

    def statuses(self) -> tuple[RepositoryStatus, ...]:
        """Return nothing."""
        return ()

    async def aclose(self) -> None:
        """Do nothing."""
