"""The folders of a workspace and the documents outside them, each to be searched."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from completion.context.repositories import Located, RepositoryStatus
from completion.document import Document
from retrieval.lexical import LexicalIndex
from retrieval.live_index import IndexPhase, LiveIndex
from retrieval.types import Place, Retrieval
from warmline.encoders.choice import SecondStage, hashed_second_stage
from warmline.retrievers import LazyRetriever

_PHASES = {
    IndexPhase.STOPPED: "stopped",
    IndexPhase.READING: "building",
    IndexPhase.FOLLOWING: "ready",
}


_STOP_TIMEOUT_S = 1.0
_MOST_CHARACTERS = 1_000_000  # of a document outside all folders; inside, the index decides


class Workspace:
    """One live index over the folders that are open together: searched by `retrieve`.

    Args:
        folders: At least one.
        store_directory: Where indexes are kept between runs.
        second_stage: Gets the ranker.
    """

    def __init__(
        self, folders: Sequence[Path], store_directory: Path | None, second_stage: SecondStage
    ) -> None:
        self.folders = tuple(folders)
        self._index = LiveIndex(folders, store_directory)
        self._retriever = LazyRetriever(self._index, second_stage)
        self._index.start()

    async def retrieve(self, place: Place) -> Retrieval:
        """Implement `Retriever`."""
        return await self._retriever.retrieve(place)

    def locate(self, name: str) -> Located | None:
        """Return where a document lies; None if it is in none of the folders."""
        file = _local_file(name)
        path = self._index.path_of(file) if file else None
        return None if path is None else Located(path, self, self._may_be_quoted)

    def change(self, path: str, text: str) -> None:
        """Let a text stand for what is on disk."""
        self._index.set_open_text(path, text)

    def close(self, path: str) -> None:
        """Let what is on disk count again."""
        self._index.close_text(path)

    def status(self) -> RepositoryStatus:
        """Describe the index."""
        status = self._index.status()
        return RepositoryStatus(
            folders=tuple(str(folder) for folder in self.folders),
            phase=_PHASES[status.phase],
            num_files=status.num_files,
            num_chunks=status.num_chunks,
            num_left_out=status.num_left_out,
        )

    def stop(self) -> None:
        """Stop following the folders, and keep the index. Waits some seconds at most."""
        self._index.stop()

    def _may_be_quoted(self, path: str) -> bool:
        return not self._index.reason_for(path)


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
        self._second_stage = second_stage
        self._documents: dict[str, Document] = {}
        self._loose = LooseDocuments(second_stage)
        self._workspace: Workspace | None = None
        self._stopping: set[asyncio.Task[None]] = set()
        self._open_workspace(folders)

    def locate(self, name: str) -> Located | None:
        """Return where a document lies: in a folder, or loose."""
        located = self._workspace.locate(name) if self._workspace else None
        return located or self._loose.locate(name)

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Search these folders from now on, and no others; returns at once."""
        before = self._workspace
        if before is not None and before.folders == tuple(folders):
            return
        documents = list(self._documents.values())
        for document in documents:
            self.close(document.name)
        self._open_workspace(folders)
        for document in documents:
            self.change(document)
        if before is not None:
            self._stop(before)

    def change(self, document: Document) -> None:
        """Take in a document that is open, as it is now; returns at once."""
        self._documents[document.name] = document
        holder, path = self._holder_of(document.name)
        holder.change(path, document.text)

    def close(self, name: str) -> None:
        """Go back to what is on disk."""
        if self._documents.pop(name, None) is not None:
            holder, path = self._holder_of(name)
            holder.close(path)

    def statuses(self) -> tuple[RepositoryStatus, ...]:
        """Describe the index, if any folder is open."""
        return () if self._workspace is None else (self._workspace.status(),)

    async def aclose(self) -> None:
        """Stop following files, and keep what is known for the next time.

        Writing a large index is not waited for; the process ends only after it.
        """
        workspace, self._workspace = self._workspace, None
        if workspace is not None:
            self._stop(workspace)
        if self._stopping:
            await asyncio.wait(self._stopping, timeout=_STOP_TIMEOUT_S)

    def _open_workspace(self, folders: Sequence[Path]) -> None:
        self._workspace = None
        if folders:
            self._workspace = Workspace(folders, self._store_directory, self._second_stage)

    def _holder_of(self, name: str) -> tuple[Workspace | LooseDocuments, str]:
        if self._workspace is not None and (located := self._workspace.locate(name)):
            return self._workspace, located.path
        return self._loose, _short_path(name)

    def _stop(self, workspace: Workspace) -> None:
        task = asyncio.create_task(asyncio.to_thread(workspace.stop))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


def _local_file(name: str) -> Path | None:
    """Return the file a document is kept in; None for what is on no disk of this machine."""
    parts = urlsplit(name)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _short_path(name: str) -> str:
    """Return the end of a document's name, enough to tell it from others."""
    parts = urlsplit(name)
    path = "/".join(unquote(parts.path).strip("/").split("/")[-2:])
    return f"{path}#{parts.fragment}" if parts.fragment else path
