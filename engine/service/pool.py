"""The live caches of all sessions, within one budget of bytes."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import PromptTooLongError
from engine.types import Cancelled, Checkpoint, never_interrupt

if TYPE_CHECKING:  # these import torch, which must not delay the service's first answer
    from engine.cache.base import DocumentCache
    from engine.model.base import Model
    from engine.service.snapshots import Snapshots

_LOG = logging.getLogger(__name__)


class CacheKey(NamedTuple):
    """Whose cache of which document."""

    session: str
    document: str


@dataclass(frozen=True, slots=True)
class PoolSummary:
    """The pool as it was after its last change."""

    documents: tuple[str, ...] = ()  # newest first, one for each cache
    cache_bytes: int = 0


@dataclass(eq=False, slots=True)
class _Entry:
    cache: DocumentCache
    is_closed: bool = False
    num_borrowers: int = 0
    reserved_bytes: int = 0  # what it will hold when the borrower is done
    used_at_s: float = 0.0  # since the epoch

    @property
    def num_bytes(self) -> int:
        return max(self.cache.num_bytes, self.reserved_bytes)


class CachePool:
    """Caches by session and document. Used by the worker's thread; `summary` by any.

    When room is needed, caches of closed documents go first, then the least recently used.
    A cache that is lent stays. What goes is kept on disk where there are snapshots.
    """

    def __init__(self, model: Model, budget_bytes: int, snapshots: Snapshots | None = None) -> None:
        self.summary = PoolSummary()
        self._model = model
        self._budget_bytes = budget_bytes
        self._snapshots = snapshots
        self._entries: OrderedDict[CacheKey, _Entry] = OrderedDict()  # oldest first

    @contextmanager
    def lend(
        self, key: CacheKey, num_tokens: int, checkpoint: Checkpoint = never_interrupt
    ) -> Iterator[DocumentCache]:
        """Give out the cache of `key` and keep it in place meanwhile.

        A key without a cache begins with the newest cache that another session has of the
        same document: with the cache itself if it was closed, else with a copy. Without any,
        it begins with the document's snapshot.

        Args:
            key: Whose cache.
            num_tokens: How many tokens it will hold; room is made for them.
            checkpoint: Called while a snapshot is read; what it raises passes through.

        Raises:
            PromptTooLongError: If there is no room for so many tokens.
        """
        with self.lend_ahead(key, num_tokens, checkpoint) as cache:
            self._entries.move_to_end(key)
            self._entries[key].used_at_s = time.time()
            yield cache

    @contextmanager
    def lend_ahead(
        self, key: CacheKey, num_tokens: int, checkpoint: Checkpoint = never_interrupt
    ) -> Iterator[DocumentCache]:
        """Do as `lend` for work that nobody waits for: it does not count as a use."""
        entry = self._entry(key, num_tokens, checkpoint)
        entry.is_closed = False
        entry.num_borrowers += 1
        try:
            yield entry.cache
        finally:
            entry.num_borrowers -= 1
            entry.reserved_bytes = 0
            self._make_room(0, keeping=entry)

    def find(self, key: CacheKey) -> DocumentCache | None:
        """Return the cache of `key` if there is one, without counting it as used."""
        entry = self._entries.get(key)
        return entry.cache if entry else None

    def open_caches(self) -> tuple[DocumentCache, ...]:
        """Return the caches of open documents, the one used last first."""
        newest_first = reversed(self._entries.values())
        return tuple(entry.cache for entry in newest_first if not entry.is_closed)

    def close_document(self, key: CacheKey) -> None:
        """Let the cache of `key` go first when room is needed."""
        entry = self._entries.get(key)
        if entry:
            entry.is_closed = True

    def close_session(self, session: str) -> None:
        """Close all documents of `session`."""
        for key, entry in self._entries.items():
            if key.session == session:
                entry.is_closed = True

    def save_all(self, timeout_s: float) -> None:
        """Keep caches on disk, the newest one of each document, as many as there is time for.

        For the end of the engine: the worker must have ended.
        """
        deadline_s = time.monotonic() + timeout_s

        def checkpoint() -> None:
            if time.monotonic() > deadline_s:
                raise Cancelled

        try:
            for document, entry in self._newest_by_document().items():
                self._save(document, entry, checkpoint)
        except Cancelled:
            _LOG.warning("Not all caches were kept on disk: that took over %g s.", timeout_s)

    def save_when_idle(self, checkpoint: Checkpoint) -> None:
        """Keep caches on disk, but not of documents with which that was done not long ago."""
        for document, entry in self._newest_by_document().items():
            if self._snapshots and self._snapshots.is_due(document):
                self._save(document, entry, checkpoint)

    def _newest_by_document(self) -> dict[str, _Entry]:
        """Return one entry for each document, the newest document first."""
        newest: dict[str, _Entry] = {}
        for key, entry in reversed(self._entries.items()):
            newest.setdefault(key.document, entry)
        return newest

    def _save(self, document: str, entry: _Entry, checkpoint: Checkpoint) -> None:
        if self._snapshots:
            self._snapshots.save(document, entry.cache, entry.used_at_s, checkpoint)

    def _entry(self, key: CacheKey, num_tokens: int, checkpoint: Checkpoint) -> _Entry:
        needed_bytes = self._model.bytes_for(num_tokens)
        if needed_bytes > self._budget_bytes:
            raise PromptTooLongError(
                f"A cache of {num_tokens} tokens needs {needed_bytes:,} bytes and the budget of "
                f"all caches is {self._budget_bytes:,}; shorten it or raise cache_budget_mb."
            )
        entry = self._entries.get(key) or self._adopt(key)
        if entry is None:
            entry = _Entry(
                self._copy_for(key, needed_bytes)
                or self._restored(key, needed_bytes, checkpoint)
                or self._model.new_cache()
            )
        self._entries[key] = entry
        if not self._make_room(needed_bytes - entry.num_bytes, keeping=entry):
            raise PromptTooLongError(
                f"A cache of {num_tokens} tokens needs {needed_bytes:,} bytes, and other requests "
                f"are using the rest of the {self._budget_bytes:,} of all caches; try again later "
                "or raise cache_budget_mb."
            )
        entry.reserved_bytes = needed_bytes
        return entry

    def _newest_of_others(self, key: CacheKey) -> CacheKey | None:
        others = (other for other in reversed(self._entries) if other.document == key.document)
        return next(others, None)

    def _adopt(self, key: CacheKey) -> _Entry | None:
        """Take over the cache that a closed document left, rather than hold it twice."""
        source = self._newest_of_others(key)
        if source is None:
            return None
        entry = self._entries[source]
        return self._entries.pop(source) if entry.is_closed and not entry.num_borrowers else None

    def _copy_for(self, key: CacheKey, needed_bytes: int) -> DocumentCache | None:
        source = self._newest_of_others(key)
        if source is None:
            return None
        entry = self._entries[source]
        copy_bytes = max(needed_bytes, entry.num_bytes)
        return entry.cache.copy() if self._make_room(copy_bytes, keeping=entry) else None

    def _restored(
        self, key: CacheKey, needed_bytes: int, checkpoint: Checkpoint
    ) -> DocumentCache | None:
        cache = self._snapshots.restore(key.document, checkpoint) if self._snapshots else None
        if cache is None:
            return None
        cache_bytes = max(needed_bytes, cache.num_bytes)
        return cache if self._make_room(cache_bytes, keeping=_Entry(cache)) else None

    def _make_room(self, more_bytes: int, keeping: _Entry) -> bool:
        """Let caches go until `more_bytes` fit; returns whether they do now."""
        excess = self._held_bytes() + max(more_bytes, 0) - self._budget_bytes
        for key in self._expendable(keeping):
            if excess <= 0:
                break
            entry = self._entries.pop(key)
            excess -= entry.num_bytes
            self._save(key.document, entry, never_interrupt)
        self.summary = PoolSummary(
            documents=tuple(key.document for key in reversed(self._entries)),
            cache_bytes=self._held_bytes(),
        )
        return excess <= 0

    def _held_bytes(self) -> int:
        return sum(entry.num_bytes for entry in self._entries.values())

    def _expendable(self, keeping: _Entry) -> list[CacheKey]:
        free = [
            key
            for key, entry in self._entries.items()
            if entry is not keeping and not entry.num_borrowers
        ]
        return sorted(free, key=lambda key: not self._entries[key].is_closed)
