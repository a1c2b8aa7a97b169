"""What the host wants of one language's analyser.

An analyser lives in the host's event loop and keeps its language servers in child processes.
The host asks it one question at a time and may cancel a question; it tells it of every document
that is open, again after a restart. Text is what counts: it may be on no disk, and the text of a
question may differ from the document's, because a candidate stands in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the user works.

    Attributes:
        folders: The editor's workspace folders, absolute; the first one is the main one.
        interpreter: The user's own interpreter or environment, if a setting names one.
    """

    folders: tuple[Path, ...] = ()
    interpreter: Path | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A text as the analyser is to see it.

    Attributes:
        path: Absolute; of a file that may not exist.
        language: An LSP language identifier.
        text: All of it.
    """

    path: Path
    language: str
    text: str


class Found(NamedTuple):
    """Names that are possible. None at all means: not known, and `reason` says why."""

    names: frozenset[str] = frozenset()
    analyser: str = ""
    reason: str = ""


class Call(NamedTuple):
    """What a call may be given.

    Attributes:
        keywords: Names that may be given by name.
        takes_any_keyword: Whether it takes others too.
        most_positional: Most arguments without a name; None if there is no limit.
        analyser: Who says so.
    """

    keywords: frozenset[str]
    takes_any_keyword: bool
    most_positional: int | None
    analyser: str = ""


class ServerGoneError(Exception):
    """The language server ended or does not answer; the host starts the analyser anew."""


class LanguageAnalyser(Protocol):
    """Analyses documents of some languages. Offsets are code points, 0-based.

    A question it cannot answer has no names and a reason. It raises only ServerGoneError, and
    then is closed and never used again.
    """

    async def start(self, workspace: Workspace) -> None:
        """Start what is needed; called once, before all else.

        Raises:
            ServerGoneError: If that fails; the message says in a sentence what is missing.
        """
        ...

    async def use_workspace(self, workspace: Workspace) -> bool:
        """Take note of other folders; False if it must be started anew to know them."""
        ...

    async def open(self, document: Document) -> None:
        """Take note of a document that is being edited, and read ahead."""
        ...

    async def change(self, document: Document) -> None:
        """Take note of what it looks like now, and read ahead."""
        ...

    async def close(self, path: Path) -> None:
        """Forget a document."""
        ...

    async def members(self, document: Document, offset: int) -> Found:
        """Return what may follow the receiver whose dot stands just before `offset`."""
        ...

    async def importable(self, document: Document, offset: int) -> Found:
        """Return modules or names that may be imported at `offset`."""
        ...

    async def types(self, document: Document, offset: int) -> Found:
        """Return the types in sight at `offset`."""
        ...

    async def cases(self, document: Document, offset: int) -> Found:
        """Return the cases of the enumeration that is matched at `offset`."""
        ...

    async def signature(self, document: Document, offset: int) -> Call | None:
        """Return what the call whose argument begins at `offset` takes; None if unknown."""
        ...

    def is_reading(self) -> bool:
        """Tell whether it reads a document ahead of any question."""
        ...

    def process_ids(self) -> Sequence[int]:
        """Return its child processes that live, whose memory the host watches."""
        ...

    async def aclose(self) -> None:
        """End every child process, within a bounded time. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class AnalyserChoice:
    """How one language's analyser is made.

    Attributes:
        name: For people and in `state` notifications, such as "python".
        factory: Where it is made: `module:callable`, the module relative to this package, such
            as ".python.analyser:PythonAnalyser". It is called without arguments.
        most_memory_bytes: Resident, of all its processes; above, it is started anew.
    """

    name: str
    factory: str
    most_memory_bytes: int = field(default=2 * 2**30)
