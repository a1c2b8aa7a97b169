"""Caches of documents on disk, for whichever engine comes next."""

import hashlib
import logging
import os
import time
from functools import partial
from io import BufferedReader
from typing import NamedTuple

from engine.cache.base import DocumentCache
from engine.cache.live import LiveCache
from engine.cache.snapshot import (
    FORMAT_VERSION,
    ForeignFileError,
    SnapshotError,
    read_snapshot,
    write_snapshot,
)
from engine.model.base import Model
from engine.model.identity import ModelIdentity
from engine.model.loader import RotatingModel
from engine.service.snapshot_folder import SnapshotFolder
from engine.settings import EngineSettings
from engine.types import Checkpoint
from engine.weights.location import snapshot_folder

IDLE_SAVE_S = 600.0
"""A document is saved at most so often while the engine runs: a cache of 4,000 tokens is 50 MB,
and flash memory wears."""
_LOG = logging.getLogger(__name__)


class _Content(NamedTuple):
    """What tells one state of a document's cache from another."""

    tokens_digest: bytes
    exact_prefix: int


class _Saved(NamedTuple):
    content: _Content
    at_s: float


class Snapshots:
    """Saves and restores caches of one model by document. Used by one thread at a time.

    Sessions end with the engine, so they do not count: of several caches of a document, the
    one saved last stays. Its text may be another one by the time it is restored; a sync always
    follows, so that the worst a snapshot can do is to be of no use.

    Nothing that goes wrong here is an error: there is one line in the log, and the text is read
    as if there were no snapshots. Only what a checkpoint raises passes through.
    """

    def __init__(
        self, folder: SnapshotFolder, model: RotatingModel, identity: ModelIdentity
    ) -> None:
        self._folder = folder
        self._model = model
        self._identity = identity
        self._saved: dict[str, _Saved] = {}  # by document
        self._was_writable = True

    def save(
        self, document: str, cache: DocumentCache, used_at_s: float, checkpoint: Checkpoint
    ) -> None:
        """Keep `cache`, unless it is empty or kept already.

        Args:
            document: Whose cache it is.
            cache: Made by this model.
            used_at_s: When it was last used, in seconds since the epoch.
            checkpoint: Called between layers; interrupted, what was kept before stays.
        """
        assert isinstance(cache, LiveCache)  # noqa: S101  (this model makes no others)
        content = _content_of(cache)
        before = self._saved.get(document)
        if not len(cache.tokens) or (before and before.content == content):
            return
        write = partial(write_snapshot, cache=cache, identity=self._identity, checkpoint=checkpoint)
        self._saved[document] = _Saved(content, time.monotonic())  # also if it fails: try no more
        try:
            self._folder.put(self._name(document), used_at_s, write)
            self._was_writable = True
        except OSError as error:
            if self._was_writable:
                _LOG.warning("Caches cannot be kept on disk (%s); the engine goes on.", error)
            self._was_writable = False
        except BaseException:
            self._forget_saving(document, before)
            raise

    def is_due(self, document: str) -> bool:
        """Whether a cache of `document` has not been saved or restored for `IDLE_SAVE_S`."""
        saved = self._saved.get(document)
        return saved is None or time.monotonic() - saved.at_s >= IDLE_SAVE_S

    def restore(self, document: str, checkpoint: Checkpoint) -> LiveCache | None:
        """Return the cache kept of `document`, if there is one that can be used.

        What cannot be used is deleted, unless it is no snapshot. `checkpoint` is called between
        layers.
        """
        name = self._name(document)
        try:
            file = self._folder.open(name)
            if file is None:
                return None
            with file:
                cache = self._read(file, checkpoint)
            self._folder.mark_used(name)
        except (OSError, SnapshotError, RuntimeError, MemoryError) as error:
            _LOG.warning("The snapshot %s is not used: %s.", name, error)
            if isinstance(error, SnapshotError) and not isinstance(error, ForeignFileError):
                self._remove(name)
            return None
        self._saved[document] = _Saved(_content_of(cache), time.monotonic())
        return cache

    def _read(self, file: BufferedReader, checkpoint: Checkpoint) -> LiveCache:
        started = time.perf_counter()
        num_bytes = os.fstat(file.fileno()).st_size
        model = self._model
        cache = read_snapshot(
            file,
            num_bytes,
            model.new_cache,
            identity=self._identity,
            most_tokens=model.description.context_tokens,
            checkpoint=checkpoint,
        )
        took_ms = (time.perf_counter() - started) * 1000
        _LOG.info("A cache of %d tokens was read from disk in %.0f ms.", len(cache.tokens), took_ms)
        return cache

    def _remove(self, name: str) -> None:
        try:
            self._folder.remove(name)
        except OSError as error:
            _LOG.warning("The snapshot %s cannot be deleted: %s.", name, error)

    def _forget_saving(self, document: str, before: _Saved | None) -> None:
        del self._saved[document]
        if before is not None:
            self._saved[document] = before

    def _name(self, document: str) -> str:
        """Return a name that says nothing of the document, another one for each model."""
        facts = "\0".join([str(FORMAT_VERSION), repr(self._identity), document])
        return hashlib.sha256(facts.encode()).hexdigest()[:32]


def snapshots_for(model: Model, settings: EngineSettings) -> Snapshots | None:
    """Return what keeps caches of `model`; None where they cannot or must not be kept.

    Where they must not, those that are there are deleted.
    """
    folder = SnapshotFolder(snapshot_folder(), settings.snapshot_bytes)
    if not settings.snapshots:
        forget_all(folder)
        return None
    if not isinstance(model, RotatingModel) or model.identity is None:
        return None
    return Snapshots(folder, model, model.identity)


def forget_all(folder: SnapshotFolder) -> None:
    """Delete all snapshots, of all models; what cannot be deleted is told to the log."""
    try:
        folder.clear()
    except OSError as error:
        _LOG.warning("Snapshots in %s cannot be deleted: %s.", folder.path, error)


def _content_of(cache: LiveCache) -> _Content:
    return _Content(hashlib.sha256(cache.tokens.tobytes()).digest(), cache.exact_prefix)
