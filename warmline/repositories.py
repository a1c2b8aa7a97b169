"""The folders of a workspace and the documents outside them, each to be searched."""

import asyncio
from collections.abc import Container, Mapping, Sequence
from functools import cache
from itertools import chain, count
from pathlib import Path

from completion.context.repositories import Located, RepositoryStatus
from completion.document import Document
from completion.document_names import file_around, file_of, fragment_of, path_of
from retrieval.ignoring import is_from_ignore_file
from retrieval.lexical import LexicalIndex
from retrieval.types import Place, Retrieval
from warmline.encoders.choice import SecondStage, hashed_second_stage
from warmline.folder_index import FolderIndex, View
from warmline.retrievers import LazyRetriever

_STOP_TIMEOUT_S = 1.0
_MOST_CHARACTERS = 1_000_000  # of a document outside all folders; inside, the index decides


class LooseDocuments:
    """Open documents outside every folder, which are searched as if they were a repository.

    Args:
        second_stage: Gets the ranker.
    """

    def __init__(self, second_stage: SecondStage) -> None:
        self._index = LexicalIndex()
        self._retriever = LazyRetriever(self._index, second_stage)
        self._unseen: dict[str, str] = {}  # texts since the last question; gone ones are empty

    async def retrieve(self, place: Place) -> Retrieval:
        """Implement `Retriever`."""
        unseen, self._unseen = self._unseen, {}
        await asyncio.shield(asyncio.to_thread(self._take_in, unseen))
        return await self._retriever.retrieve(place)

    def locate(self, name: str) -> Located:
        """Return where a document lies, as far as its name says."""
        return Located(_short_path(name), self, lambda _: True)

    def change(self, path: str, text: str) -> None:
        """Let a text be found, from the next question on."""
        self._unseen[path] = text if len(text) <= _MOST_CHARACTERS else ""

    def close(self, path: str) -> None:
        """Forget a text."""
        self._unseen[path] = ""

    def _take_in(self, texts: Mapping[str, str]) -> None:
        for path, text in texts.items():
            if text:
                self._index.replace(path, text)
            else:
                self._index.remove(path)


class LiveRepositories:
    """All that can be searched from one window: implements `Repositories`.

    Each folder has an index of its own, so that none is read again for being opened together
    with others. A document belongs to the innermost folder that holds it.

    Args:
        folders: Of the workspace.
        store_directory: Where indexes are kept between runs; None keeps nothing.
        second_stage: Gets the ranker.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        store_directory: Path | None,
        second_stage: SecondStage = hashed_second_stage,
    ) -> None:
        self._store_directory = store_directory
        self._second_stage: SecondStage = cache(second_stage)  # one ranker for all of them
        self._documents: dict[str, Document] = {}
        self._loose = LooseDocuments(self._second_stage)
        self._indexes: dict[Path, FolderIndex] = {}  # in the order of the folders
        self._views: tuple[View, ...] = ()  # the innermost folder first
        self._stopping: set[asyncio.Task[None]] = set()
        self._open_folders(folders)

    def locate(self, name: str, seen_from: str = "") -> Located | None:
        """Return where a document lies: in a folder, or loose."""
        file = file_of(name)
        view = self._view_of(file_of(seen_from or name)) or self._view_of(file)
        located = view.locate(file) if view and file else None
        return located or self._loose.locate(name)

    def is_ignored(self, name: str) -> bool:
        """Tell whether an ignore file of a folder names a document, or what it is part of."""
        places = self._places_of(file_around(name))
        reasons = (index.live.reason_for(path) for index, path in places)
        return any(is_from_ignore_file(reason) for reason in reasons)

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Search these folders from now on, and no others; returns at once."""
        documents = list(self._documents.values())
        for document in documents:
            self.close(document.name)
        self._open_folders(folders)
        for document in documents:
            self.change(document)

    def change(self, document: Document) -> None:
        """Take in a document that is open, as it is now; returns at once."""
        self._documents[document.name] = document
        places = self._places_of(file_of(document.name))
        for index, path in places:
            index.live.set_open_text(path, document.text)
        if not places:
            self._loose.change(_short_path(document.name), document.text)

    def close(self, name: str) -> None:
        """Go back to what is on disk."""
        if self._documents.pop(name, None) is None:
            return
        places = self._places_of(file_of(name))
        for index, path in places:
            index.live.close_text(path)
        if not places:
            self._loose.close(_short_path(name))

    def statuses(self) -> tuple[RepositoryStatus, ...]:
        """Describe the index of each folder."""
        return tuple(index.status() for index in self._indexes.values())

    async def aclose(self) -> None:
        """Stop following files, and keep what is known for the next time.

        Writing a large index is not waited for; the process ends only after it.
        """
        self._open_folders(())
        if self._stopping:
            await asyncio.wait(self._stopping, timeout=_STOP_TIMEOUT_S)

    def _open_folders(self, folders: Sequence[Path]) -> None:
        """Have an index of each folder: those that are there stay, others begin or stop."""
        before = self._indexes
        wanted = {folder.resolve(): folder for folder in folders}
        self._indexes = {
            resolved: before.get(resolved) or FolderIndex(folder, self._store_directory)
            for resolved, folder in wanted.items()
        }
        innermost = sorted(self._indexes, key=lambda folder: -len(folder.parts))
        self._views = tuple(self._view(self._indexes[folder]) for folder in innermost)
        for resolved, index in before.items():
            if resolved not in self._indexes:
                self._stop(index)

    def _view(self, own: FolderIndex) -> View:
        """Return what is seen from a folder: others are left out that lie in one that is seen."""
        indexes = self._indexes.values()
        others: dict[str, FolderIndex] = {}
        for index in indexes:
            if index is not own and not any(each.holds(index) for each in indexes):
                others[_free_name(index.folder.name, others)] = index
        return View(own, others, self._second_stage)

    def _view_of(self, file: Path | None) -> View | None:
        if file is None:
            return None
        return next((view for view in self._views if view.own.path_of(file) is not None), None)

    def _places_of(self, file: Path | None) -> list[tuple[FolderIndex, str]]:
        """Return every index that holds a file, and its path there."""
        if file is None:
            return []
        places = ((index, index.path_of(file)) for index in self._indexes.values())
        return [(index, path) for index, path in places if path is not None]

    def _stop(self, index: FolderIndex) -> None:
        task = asyncio.create_task(asyncio.to_thread(index.live.stop))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


def _free_name(name: str, taken: Container[str]) -> str:
    """Return `name`, or with a number behind it if it is taken."""
    numbered = (f"{name}-{number}" for number in count(2))
    return next(each for each in chain((name,), numbered) if each not in taken)


def _short_path(name: str) -> str:
    """Return the end of a document's name, enough to tell it from others."""
    path, fragment = "/".join(path_of(name).strip("/").split("/")[-2:]), fragment_of(name)
    return f"{path}#{fragment}" if fragment else path
