"""One folder of a workspace, with an index of its own, and what it sees of the others."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from completion.context.repositories import Located, RepositoryStatus
from retrieval.live_index import IndexPhase, LiveIndex
from retrieval.types import Chunk
from warmline.encoders.choice import SecondStage
from warmline.retrievers import LazyRetriever

_PHASES = {
    IndexPhase.STOPPED: "stopped",
    IndexPhase.READING: "building",
    IndexPhase.FOLLOWING: "ready",
}
_NEXT_TO = "../"
"""Before the names of other folders: no path of a folder's own begins like that."""


class FolderIndex:
    """The live index of one folder, the same whichever others are open.

    Args:
        folder: Absolute.
        store_directory: Where indexes are kept between runs; None keeps nothing.
    """

    def __init__(self, folder: Path, store_directory: Path | None) -> None:
        self.folder = folder
        self.live = LiveIndex([folder], store_directory)
        self.live.start()

    def path_of(self, file: Path) -> str | None:
        """Return the path of a file relative to the folder; None if it is elsewhere."""
        return self.live.path_of(file)

    def holds(self, other: "FolderIndex") -> bool:
        """Tell whether another folder is inside this one, so that its files are here too."""
        return self.path_of(other.folder) is not None

    def status(self) -> RepositoryStatus:
        """Describe the index."""
        status = self.live.status()
        return RepositoryStatus(
            folder=str(self.folder),
            phase=_PHASES[status.phase],
            num_files=status.num_files,
            num_chunks=status.num_chunks,
            num_left_out=status.num_left_out,
        )


class View:
    """What is seen from one folder: its own files, and those of the others that are open.

    Files of the others have paths such as `../other/main.py`. Implements `ChunkIndex`.

    Args:
        own: The folder.
        others: By name; none of them in it, nor in each other.
        second_stage: Gets the ranker.
    """

    def __init__(
        self, own: FolderIndex, others: Mapping[str, FolderIndex], second_stage: SecondStage
    ) -> None:
        self.own = own
        self._others = {f"{_NEXT_TO}{name}/": other for name, other in others.items()}
        self._retriever = LazyRetriever(self, second_stage)

    def locate(self, file: Path) -> Located | None:
        """Return where a file lies, as seen from here; None if it is in none of the folders."""
        path = self.own.path_of(file)
        if path is None:
            seen = ((prefix, other.path_of(file)) for prefix, other in self._others.items())
            path = next((prefix + inside for prefix, inside in seen if inside is not None), None)
        return None if path is None else Located(path, self._retriever, self._may_be_quoted)

    def search(self, query: str, limit: int, *, without_path: str = "") -> tuple[Chunk, ...]:
        """See `ChunkIndex.search`; scores are as if all folders were one."""
        own = self.own.live
        if not self._others:
            return own.search(query, limit, without_path=without_path)
        among = own.statistics(query, without_path=without_path)
        for other in self._others.values():
            among += other.live.statistics(query)
        found = list(own.search(query, limit, without_path=without_path, among=among))
        for prefix, other in self._others.items():
            found += self._seen(prefix, other, other.live.search(query, limit, among=among))
        found.sort(key=lambda chunk: -chunk.score)
        return tuple(found[:limit])

    def defining(self, name: str, limit: int, *, near: str) -> tuple[Chunk, ...]:
        """See `ChunkIndex.defining`; those of the own folder come first."""
        found = list(self.own.live.defining(name, limit, near=near))
        for prefix, other in self._others.items():
            found += self._seen(prefix, other, other.live.defining(name, limit, near=""))
        return tuple(found[:limit])

    def replace(self, path: str, text: str) -> None:
        """See `ChunkIndex.replace`."""
        self.own.live.replace(path, text)

    def remove(self, path: str) -> None:
        """See `ChunkIndex.remove`."""
        self.own.live.remove(path)

    def _seen(self, prefix: str, other: FolderIndex, chunks: tuple[Chunk, ...]) -> Iterator[Chunk]:
        """Give chunks of another folder their paths here, but for files that are here as well."""
        is_around = other.holds(self.own)
        for chunk in chunks:
            if not (is_around and self.own.path_of(other.live.file_of(chunk.path))):
                yield replace(chunk, path=prefix + chunk.path)

    def _may_be_quoted(self, path: str) -> bool:
        for prefix, other in self._others.items():
            if path.startswith(prefix):
                return not other.live.reason_for(path.removeprefix(prefix))
        return not self.own.live.reason_for(path)
