"""Vectors of chunks on disk, by what they were made of."""

import hashlib
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np

from retrieval.types import Chunk, Encoder, Scores, Vectors

DEFAULT_MAX_BYTES = 256_000_000
"""Three hundred thousand vectors of MiniLM."""

_WAIT_S = 1.0  # for another process that writes
_USE_GRAIN_S = 86_400  # how exactly it is known when a vector was last used
_SHARE_LEFT = 0.9  # of what may be there, after the oldest have gone
_GROUP_CHUNKS = 32  # encoded at once; what is done is kept if the rest takes too long
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, used_s INTEGER);
CREATE INDEX IF NOT EXISTS oldest ON vectors (used_s);
"""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class VectorStore:
    """A file of vectors in 16-bit floats. Safe to use from several threads and processes.

    It only saves work: where it cannot be read or written, that is logged once and nothing is
    found. A damaged file is begun anew.

    Args:
        path: The file; its folder is made, readable by the user alone.
        max_bytes: Of the file; the least recently used vectors go first.
        clock: Seconds since some day.
    """

    def __init__(
        self,
        path: Path,
        max_bytes: int = DEFAULT_MAX_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._has_warned = False

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Scores]:
        """Return what is there of some vectors, each of length one."""
        return self._transact(partial(self._find, keys)) or {}

    def keep(self, vectors: Mapping[bytes, Scores]) -> None:
        """Add vectors, and let the oldest go where there is no more room."""
        self._transact(partial(self._keep, vectors))

    def close(self) -> None:
        """Close the file; it is opened again when needed."""
        with self._lock:
            self._drop_connection()

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do all of some work or nothing; None where the file cannot be used."""
        with self._lock:
            try:
                connection = self._connection = self._connection or self._open()
                with connection:
                    return work(connection)
            except (sqlite3.OperationalError, OSError) as error:  # locked, or no room, or no folder
                self._warn_once(error)
            except sqlite3.DatabaseError as error:
                _log.warning("The vectors in %s are begun anew: %s.", self._path, error)
                self._drop_connection()
                self._path.unlink(missing_ok=True)
        return None

    def _find(self, keys: Sequence[bytes], connection: sqlite3.Connection) -> dict[bytes, Scores]:
        found: dict[bytes, Scores] = {}
        for key in keys:
            query = "SELECT vector, used_s FROM vectors WHERE key = ?"
            row = connection.execute(query, (key,)).fetchone()
            if row is not None:
                found[key] = _unpacked(row[0])
                self._touch(connection, key, row[1])
        return found

    def _keep(self, vectors: Mapping[bytes, Scores], connection: sqlite3.Connection) -> None:
        now_s = int(self._clock())
        rows = [(key, vector.astype("<f2").tobytes(), now_s) for key, vector in vectors.items()]
        connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
        self._make_room(connection)

    def _warn_once(self, error: Exception) -> None:
        """Tell of a file that is well but cannot be used; not again at each search."""
        level = logging.DEBUG if self._has_warned else logging.WARNING
        _log.log(level, "Vectors cannot be kept in %s: %s.", self._path, error)
        self._has_warned = True

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        connection = sqlite3.connect(self._path, timeout=_WAIT_S, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = OFF")  # lost at worst, and made again
            connection.executescript(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _touch(self, connection: sqlite3.Connection, key: bytes, used_s: int) -> None:
        """Note the use, but not at every use: to read would be to write."""
        now_s = int(self._clock())
        if now_s - used_s >= _USE_GRAIN_S:
            connection.execute("UPDATE vectors SET used_s = ? WHERE key = ?", (now_s, key))

    def _make_room(self, connection: sqlite3.Connection) -> None:
        page_bytes, pages, free = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "page_count", "freelist_count")
        )
        if page_bytes * (pages - free) <= self._max_bytes:
            return
        (number,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
        surplus = number - int(number * _SHARE_LEFT * self._max_bytes / (page_bytes * pages))
        connection.execute(
            "DELETE FROM vectors WHERE rowid IN"
            " (SELECT rowid FROM vectors ORDER BY used_s, rowid LIMIT ?)",
            (surplus,),
        )


class StoredEncoder:
    """An `Encoder` that asks another one only for chunks whose vectors are not on disk.

    Args:
        encoder: The other one.
        store: Where vectors are; several encoders may share it.
    """

    def __init__(self, encoder: Encoder, store: VectorStore) -> None:
        self.identity = encoder.identity
        self._encoder = encoder
        self._store = store
        self._lock = Lock()  # who asks for the same chunks meanwhile finds them here afterwards

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text; these are not kept, since every key makes another."""
        return self._encoder.encode_queries(texts)

    def encode_chunks(self, chunks: Sequence[Chunk]) -> Vectors:
        """Return a vector for each chunk."""
        keys = [self._key(chunk) for chunk in chunks]
        with self._lock:
            found = self._store.find(keys)
            missing = iter(
                [(key, chunk) for key, chunk in zip(keys, chunks, strict=True) if key not in found]
            )
            while group := dict(islice(missing, _GROUP_CHUNKS)):
                made = self._encoder.encode_chunks(list(group.values()))
                new = dict(zip(group, made, strict=True))
                self._store.keep(new)
                found |= new
        if not keys:
            return self._encoder.encode_chunks([])
        return np.stack([found[key] for key in keys])

    def _key(self, chunk: Chunk) -> bytes:
        content = f"{self.identity}\0{chunk.path}\0{chunk.text}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(content, digest_size=16).digest()


def _unpacked(data: bytes) -> Scores:
    vector = np.frombuffer(data, "<f2").astype(np.float32)
    unit: Scores = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit
