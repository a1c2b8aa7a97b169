"""A repository for tests: a real index, chunks ranked by shared words, everything in memory."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from completion.context.repositories import Located, RepositoryStatus
from completion.document import Document
from retrieval.lexical import LexicalIndex
from retrieval.two_stage import TwoStageRetriever
from retrieval.types import Place, Retrieval, Retriever

ROOT = "file:///project/"


@dataclass
class FakeRepositories:
    """One repository at `ROOT`; implements `Repositories`."""

    index: LexicalIndex = field(default_factory=LexicalIndex)
    retriever: Retriever | None = None  # in place of a search of the index
    ignored: set[str] = field(default_factory=set)
    asked: list[Place] = field(default_factory=list)
    folders: Sequence[Path] = ()
    is_closed: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self._search = TwoStageRetriever(self.index)

    def locate(self, name: str, seen_from: str = "") -> Located | None:  # noqa: ARG002
        if not name.startswith(ROOT):
            return None
        path = name.removeprefix(ROOT)
        return Located(path, self, may_be_quoted=lambda path: path not in self.ignored)

    async def retrieve(self, place: Place) -> Retrieval:
        self.asked.append(place)
        async with self.changed:
            self.changed.notify_all()
        return await (self.retriever or self._search).retrieve(place)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a question came that makes `condition` true, at most ten seconds."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(condition)

    def is_ignored(self, name: str) -> bool:
        located = self.locate(name)
        return located is not None and located.path in self.ignored

    def use_folders(self, folders: Sequence[Path]) -> None:
        self.folders = folders

    def change(self, document: Document) -> None:
        if located := self.locate(document.name):
            self.index.replace(located.path, document.text)

    def close(self, name: str) -> None:
        if located := self.locate(name):
            self.index.remove(located.path)

    def statuses(self) -> tuple[RepositoryStatus, ...]:
        return (RepositoryStatus("/project", "ready", 1, self.index.num_chunks, 0),)

    async def aclose(self) -> None:
        self.is_closed = True


class Broken:
    """A retriever that fails, or never comes back."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    async def retrieve(self, _place: Place) -> Retrieval:
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()
        raise AssertionError


class Fixed:
    """A retriever that gives the answers it was told, the last one for ever."""

    def __init__(self, *answers: Retrieval) -> None:
        self.answers = list(answers)

    async def retrieve(self, _place: Place) -> Retrieval:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Gate:
    """A retriever that answers nothing once it may."""

    def __init__(self) -> None:
        self.is_open = asyncio.Event()

    async def retrieve(self, _place: Place) -> Retrieval:
        await self.is_open.wait()
        return Retrieval((), (), "")
