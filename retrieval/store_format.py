"""An index as a stream of records, none of which takes long to write or to read.

    magic | version | digest of the rest | records, each a msgpack list that begins with its kind

So a thread in the background can rest in between, which it could not inside one large call.
Nothing is believed before the digest has been compared.
"""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from io import BytesIO
from typing import Any

import msgpack

from retrieval.errors import StoreError
from retrieval.files import FileStamp
from retrieval.lexical import FileChunks, LexicalState
from retrieval.postings import PostingsState
from retrieval.repository import KnownFile, RepositoryState

FORMAT_VERSION = 3
"""Raised whenever this format changes, or how files are cut into chunks and texts into terms."""
MAGIC = b"warmline index\n"

_DIGEST_BYTES = 32
_START = len(MAGIC) + 1 + _DIGEST_BYTES
_TERMS_PER_RECORD = 1_024
_READ_BYTES = 65_536


def packed_index(state: RepositoryState, made_for: list[str], rest: Callable[[], None]) -> bytes:
    """Return an index as bytes. `rest` is called between the records."""
    records = []
    for record in _records(state, made_for):
        records.append(msgpack.packb(record))
        rest()
    payload = b"".join(records)
    return b"".join((MAGIC, bytes([FORMAT_VERSION]), _digest(payload), payload))


def unpacked_index(data: bytes, made_for: list[str], rest: Callable[[], None]) -> RepositoryState:
    """Return the index that was packed. `rest` is called between the records.

    Raises:
        StoreError: If it is damaged, of another version, or was not made for the same.
    """
    read = _Read(made_for)
    unpacker = msgpack.Unpacker(BytesIO(_checked(data)), read_size=_READ_BYTES)
    try:
        for kind, *columns in unpacker:
            read.take(kind, columns)
            rest()
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise StoreError("does not hold what it should") from error
    return read.state()


def _records(state: RepositoryState, made_for: list[str]) -> Iterator[list[Any]]:
    yield ["made for", made_for]
    for path, known in state.known.items():
        yield ["known", path, known.stamp.size_bytes, known.stamp.modified_ns, known.reason]
    for file in state.lexical.files:
        yield ["file", file.path, file.slots, file.start_lines, file.texts, file.defined]
    postings = state.lexical.postings
    for start in range(0, len(postings.terms), _TERMS_PER_RECORD):
        part = slice(start, start + _TERMS_PER_RECORD)
        yield ["terms", postings.terms[part], postings.lists[part]]
    for kind in _POSTINGS_PARTS:
        yield [kind, getattr(postings, kind)]


_POSTINGS_PARTS = ("frequencies", "lengths", "is_alive", "dead_slots")
"""Fields of `PostingsState` that are one record each."""


class _Read:
    """What the records so far say."""

    def __init__(self, made_for: list[str]) -> None:
        self._made_for = made_for
        self._known: dict[str, KnownFile] = {}
        self._files: list[FileChunks] = []
        self._terms: list[str] = []
        self._lists: list[bytes] = []
        self._parts: dict[str, Any] = {}

    def take(self, kind: str, columns: list[Any]) -> None:
        match kind, columns:
            case "made for", [made_for]:
                if made_for != self._made_for:
                    raise StoreError("is of other folders")
            case "known", [path, size_bytes, modified_ns, reason]:
                self._known[path] = KnownFile(FileStamp(size_bytes, modified_ns), reason)
            case "file", [path, slots, start_lines, texts, defined]:
                self._files.append(FileChunks(path, slots, start_lines, texts, defined))
            case "terms", [terms, lists]:
                self._terms += terms
                self._lists += lists
            case _, [part] if kind in _POSTINGS_PARTS:
                self._parts[kind] = part
            case _:
                raise StoreError(f"holds a record of unknown kind {kind!r}")

    def state(self) -> RepositoryState:
        postings = PostingsState(self._terms, self._lists, **self._parts)
        return RepositoryState(self._known, LexicalState(self._files, postings))


def _checked(data: bytes) -> memoryview:
    if len(data) < _START or not data.startswith(MAGIC):
        raise StoreError("is no index, or was cut off")
    if data[len(MAGIC)] != FORMAT_VERSION:
        raise StoreError("was written by another version of Warmline")
    payload = memoryview(data)[_START:]
    if _digest(payload) != data[_START - _DIGEST_BYTES : _START]:
        raise StoreError("is damaged: its checksum does not fit")
    return payload


def _digest(payload: bytes | memoryview) -> bytes:
    return blake2b(payload, digest_size=_DIGEST_BYTES).digest()
