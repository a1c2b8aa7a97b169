"""The first stage in memory: chunks by the words they share with a text, files coming and going."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import NamedTuple

import numpy as np

from retrieval.chunking import chunks_of
from retrieval.defining import DefiningChunks, distance
from retrieval.names import names_defined_in
from retrieval.postings import Floats, Postings, PostingsState, Slots, Statistics
from retrieval.terms import terms_of
from retrieval.types import Chunk

Chunker = Callable[[str, str], tuple[Chunk, ...]]
"""Cuts a file, given its path and text."""


@dataclass(frozen=True, slots=True)
class FileChunks:
    """The chunks of a file, first line first, as four lists of one length."""

    path: str
    slots: list[int]
    start_lines: list[int]
    texts: list[str]
    defined: list[list[str]]  # names, sorted


@dataclass(frozen=True, slots=True)
class LexicalState:
    """An index as plain data."""

    files: list[FileChunks]
    postings: PostingsState


class _Content(NamedTuple):
    """What is known of the text of a chunk."""

    counts: Counter[str]  # of its terms
    defined: frozenset[str]


class LexicalIndex:
    """A `ChunkIndex` by BM25. Thread-safe.

    A new text of a known file costs its cutting and the terms of chunks that have changed; no
    other file is looked at. A question sees every change that was made before it.

    Args:
        chunker: How files are cut.
    """

    def __init__(self, chunker: Chunker = chunks_of) -> None:
        self._chunker = chunker
        self._lock = threading.Lock()
        self._postings = Postings()
        self._defining = DefiningChunks()
        self._chunks: dict[int, Chunk] = {}  # by slot
        self._slots: dict[str, list[int]] = {}  # by path, in the order of the file

    @property
    def num_chunks(self) -> int:
        """How many chunks there are."""
        return len(self._postings)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that are known, in no order."""
        with self._lock:
            return tuple(self._slots)

    def chunks(self, path: str) -> tuple[Chunk, ...]:
        """Return the chunks of a file, first line first; none if it is not known."""
        with self._lock:
            return tuple(self._chunks[slot] for slot in self._slots.get(path, ()))

    def document_frequency(self, term: str) -> int:
        """Return how many chunks hold a term, which is one of those that `terms_of` gives."""
        with self._lock:
            return self._postings.document_frequency(term)

    def statistics(self, query: str) -> Statistics:
        """Return what the scores of a query depend on, to be added to those of other indexes."""
        terms = terms_of(query)
        with self._lock:
            return self._postings.statistics(terms)

    def search(
        self,
        query: str,
        limit: int,
        *,
        without_path: str = "",
        among: Statistics | None = None,
    ) -> tuple[Chunk, ...]:
        """Return at most `limit` chunks that share words with a text, best first.

        Args:
            query: Plain text or code.
            limit: Most chunks wanted.
            without_path: A file that is not looked at, though its chunks count as ever in how
                rare a word is.
            among: Of this query in all indexes that are searched, so that scores compare.
        """
        terms = terms_of(query)
        with self._lock:
            slots, scores = self._postings.score(terms, among)
            if without_path in self._slots:
                is_wanted = ~np.isin(slots, self._slots[without_path])
                slots, scores = slots[is_wanted], scores[is_wanted]
            return self._best(slots, scores, limit)

    def defining(self, name: str, limit: int, *, near: str) -> tuple[Chunk, ...]:
        """Return at most `limit` chunks that define a name, the nearest to a file first.

        Args:
            name: As it is written, in its own case.
            limit: Most chunks wanted.
            near: The path of a file, which is not looked at itself.
        """
        with self._lock:
            slots = self._defining.find(name, without=self._slots.get(near, ()))
            found = [self._chunks[slot] for slot in slots]
        return tuple(
            nsmallest(
                limit,
                found,
                key=lambda each: (distance(near, each.path), each.path, each.start_line),
            )
        )

    def replace(self, path: str, text: str) -> None:
        """Take in a file, or its new text."""
        chunks = self._chunker(path, text)
        known = {chunk.text for chunk in self.chunks(path)}
        # Read before the lock is taken: a question does not wait for it.
        contents = {chunk.text: _read(chunk.text) for chunk in chunks if chunk.text not in known}
        with self._lock:
            self._exchange(path, chunks, contents)

    def remove(self, path: str) -> None:
        """Forget a file; nothing if it is not known."""
        with self._lock:
            for slot in self._slots.pop(path, ()):
                self._drop(slot)

    def state(self) -> LexicalState:
        """Return everything that is known, to be kept. Costs a copy of it."""
        with self._lock:
            files = [
                FileChunks(
                    path,
                    slots,
                    [self._chunks[slot].start_line for slot in slots],
                    [self._chunks[slot].text for slot in slots],
                    [list(self._defining.names(slot)) for slot in slots],
                )
                for path, slots in self._slots.items()
            ]
            return LexicalState(files, self._postings.state())

    def restore(self, state: LexicalState) -> None:
        """Become what an index with the same chunker was; what is known now is forgotten."""
        postings = Postings.from_state(state.postings)
        chunks = {
            slot: Chunk(file.path, start_line, text, 0.0)
            for file in state.files
            for slot, start_line, text in zip(file.slots, file.start_lines, file.texts, strict=True)
        }
        defining = DefiningChunks()
        for file in state.files:
            for slot, names in zip(file.slots, file.defined, strict=True):
                defining.add(slot, names)
        with self._lock:
            self._postings, self._defining, self._chunks = postings, defining, chunks
            self._slots = {file.path: list(file.slots) for file in state.files}

    def _exchange(
        self, path: str, chunks: tuple[Chunk, ...], contents: Mapping[str, _Content]
    ) -> None:
        kept: defaultdict[str, list[int]] = defaultdict(list)
        for slot in self._slots.get(path, ()):
            kept[self._chunks[slot].text].append(slot)
        slots = []
        for chunk in chunks:
            same = kept[chunk.text]
            slot = same.pop() if same else self._add(contents.get(chunk.text) or _read(chunk.text))
            self._chunks[slot] = chunk
            slots.append(slot)
        self._slots[path] = slots
        for slot in (slot for rest in kept.values() for slot in rest):
            self._drop(slot)

    def _add(self, content: _Content) -> int:
        slot = self._postings.add(content.counts)
        self._defining.add(slot, content.defined)
        return slot

    def _drop(self, slot: int) -> None:
        chunk = self._chunks.pop(slot)
        self._postings.remove(slot, Counter(terms_of(chunk.text)))
        self._defining.remove(slot)

    def _best(self, slots: Slots, scores: Floats, limit: int) -> tuple[Chunk, ...]:
        """Return the best chunks; of equal ones those whose path, then line, comes first."""
        if 0 < limit < len(scores):
            least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
            is_enough = scores >= least
            slots, scores = slots[is_enough], scores[is_enough]
        found = [
            replace(self._chunks[slot], score=score)
            for slot, score in zip(slots.tolist(), scores.tolist(), strict=True)
        ]
        found.sort(key=lambda chunk: (-chunk.score, chunk.path, chunk.start_line))
        return tuple(found[:limit])


def _read(text: str) -> _Content:
    return _Content(Counter(terms_of(text)), names_defined_in(text))
