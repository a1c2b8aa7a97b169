"""What all arms choose from: what the first stage proposes of the rest of the package."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.corpus.fetching import Files
from evaluation.repo.task import Task
from retrieval.lexical import Chunker, LexicalIndex
from retrieval.proposing import propose
from retrieval.query import query_of
from retrieval.types import Chunk, Place

POOL_CHUNKS = 100


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidates of one task.

    Attributes:
        place: What was asked for; it does not hold the target.
        query: What was searched with.
        candidates: Best first, with their score of the first stage.
        ms: That finding them took.
        num_chunks: Of all files together.
    """

    place: Place
    query: str
    candidates: tuple[Chunk, ...]
    ms: float
    num_chunks: int


class Pools:
    """Finds candidates; the index of a package is made when it is first needed.

    Args:
        files: Of each package, by its title.
        chunker: Cuts them.
        num_chunks: The most candidates that share words with the query; definitions of names
            come on top, see `retrieval.proposing`.
    """

    def __init__(
        self, files: Mapping[str, Files], chunker: Chunker, num_chunks: int = POOL_CHUNKS
    ) -> None:
        self._files = files
        self._chunker = chunker
        self._num_chunks = num_chunks
        self._indexes: dict[str, LexicalIndex] = {}

    def pool(self, task: Task) -> Pool:
        """Return the candidates of a task, none of them from its own document."""
        index = self._index(task.package)
        started = time.perf_counter()
        query = query_of(task.place)
        found = propose(index, task.place, query, self._num_chunks)
        ms = (time.perf_counter() - started) * 1000
        return Pool(task.place, query, found, ms, index.num_chunks)

    def _index(self, package: str) -> LexicalIndex:
        if package not in self._indexes:
            index = LexicalIndex(self._chunker)
            for path, text in self._files[package].items():
                index.replace(path, text)
            self._indexes[package] = index
        return self._indexes[package]
