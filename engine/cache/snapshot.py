"""One live cache as a stream of bytes, so that a restart costs a read and no prefill.

    magic | size of the header | header | tensors | sha256 of everything before

The header is msgpack: format version, identity of the model, and the ledger with its tokens.
The tensors are raw: for each layer the unrotated keys, then the values, (H_kv, R, D) of the R
rows that hold something. Rotated keys are left out. One turn of the unrotated ones gives the
same bits, since that is how each key came about.

It is one stream because two files cannot be put in their places at once. Nothing in it is ever
executed, and nothing is believed before its size has been compared with the rest.
"""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from io import BufferedIOBase
from typing import Any

import msgpack
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.cache.arena import Arena
from engine.cache.ledger import Ledger, LedgerColumns, Origin
from engine.cache.live import LiveCache
from engine.errors import WireError
from engine.model.identity import ModelIdentity
from engine.protocol.codec import from_wire
from engine.types import Checkpoint

FORMAT_VERSION = 1
"""Raised whenever the stream, or what a row of a cache means, changes."""
MAGIC = b"warmline cache\n"

_HEADER_SIZE = struct.Struct("<I")
_DIGEST_BYTES = hashlib.sha256().digest_size
_COLUMN_TYPES = {
    "tokens": "<i4",
    "encoded_under": "<u8",
    "is_encoded": "u1",
    "was_exact": "u1",
    "origins": "u1",
}


class SnapshotError(Exception):
    """A snapshot is damaged, or of another model or version. The message is half a sentence."""


class ForeignFileError(SnapshotError):
    """The stream is no snapshot at all."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """The ledger's columns as little-endian bytes."""

    tokens: bytes
    encoded_under: bytes
    is_encoded: bytes
    was_exact: bytes
    origins: bytes


@dataclass(frozen=True, slots=True)
class _Header:
    format_version: int
    identity: ModelIdentity
    columns: _Columns


def write_snapshot(
    file: BufferedIOBase, cache: LiveCache, identity: ModelIdentity, checkpoint: Checkpoint
) -> None:
    """Write what `cache` holds. `checkpoint` is called between layers.

    Raises:
        OSError: If the file cannot take it.
    """
    digest = hashlib.sha256()

    def write(data: bytes | memoryview) -> None:
        digest.update(data)
        file.write(data)

    header = msgpack.packb(asdict(_header_of(cache.ledger, identity)))
    write(MAGIC + _HEADER_SIZE.pack(len(header)))
    write(header)
    arena = cache.arena
    rows = _encoded_rows(cache.ledger, arena)
    for layer in range(identity.num_layers):
        checkpoint()
        for block in (arena.unrotated, arena.values):
            write(_bytes_of(block[layer].index_select(1, rows).cpu()))
    file.write(digest.digest())


def read_snapshot(
    file: BufferedIOBase,
    num_bytes: int,
    new_cache: Callable[[], LiveCache],
    *,
    identity: ModelIdentity,
    most_tokens: int,
    checkpoint: Checkpoint,
) -> LiveCache:
    """Return the cache that was written.

    Args:
        file: At the beginning of the snapshot.
        num_bytes: Size of the file.
        new_cache: Makes an empty cache of the model.
        identity: Of the model.
        most_tokens: That a prompt of the model may have.
        checkpoint: Called between layers.

    Raises:
        ForeignFileError: If it does not begin as a snapshot does.
        SnapshotError: If it is damaged, or was written by another version or model.
        OSError: If the file cannot be read.
    """
    reader = _Reader(file, num_bytes)
    ledger = _ledger_of(_read_header(reader, identity).columns)
    if len(ledger) > most_tokens:
        raise SnapshotError(f"it holds {len(ledger)} tokens, and the model takes {most_tokens}")
    cache = new_cache()
    arena = cache.arena
    rows = _encoded_rows(ledger, arena)
    layer_shape = (identity.num_kv_heads, len(rows), identity.head_size)
    element_bytes = arena.values.element_size()
    tensor_bytes = 2 * identity.num_layers * int(np.prod(layer_shape)) * element_bytes
    reader.require_left(tensor_bytes + _DIGEST_BYTES)
    arena.reserve(len(ledger))
    for layer in range(identity.num_layers):
        checkpoint()
        unrotated, values = (
            reader.tensor(layer_shape, arena.values.dtype).to(arena.values.device) for _ in range(2)
        )
        arena.write_unrotated(layer, rows, unrotated, values)
    reader.require_digest()
    cache.adopt(ledger)
    return cache


class _Reader:
    """Reads exactly what is asked for, and hashes it."""

    def __init__(self, file: BufferedIOBase, num_bytes: int) -> None:
        self._file = file
        self._left_bytes = num_bytes
        self._digest = hashlib.sha256()

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        data = self._take(size)
        self._digest.update(data)
        return data

    def tensor(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Return the next tensor."""
        tensor = torch.empty(shape, dtype=dtype)
        view = _bytes_of(tensor)
        if self._file.readinto(view) != len(view):
            raise SnapshotError("it ends too early")
        self._left_bytes -= len(view)
        self._digest.update(view)
        return tensor

    def require_left(self, size: int) -> None:
        """Make sure that exactly `size` bytes are left."""
        if self._left_bytes != size:
            raise SnapshotError(
                f"{self._left_bytes} bytes follow its header, and {size} were expected"
            )

    def require_digest(self) -> None:
        """Compare what was read so far with the digest that comes next."""
        found = self._digest.digest()
        if self._take(_DIGEST_BYTES) != found:
            raise SnapshotError("its checksum is wrong")

    def _take(self, size: int) -> bytes:
        data = self._file.read(size) if size <= self._left_bytes else b""
        if len(data) != size:
            raise SnapshotError("it ends too early")
        self._left_bytes -= size
        return data


def _header_of(ledger: Ledger, identity: ModelIdentity) -> _Header:
    columns = {
        name: column.astype(_COLUMN_TYPES[name]).tobytes()
        for name, column in ledger.columns._asdict().items()
    }
    return _Header(FORMAT_VERSION, identity, _Columns(**columns))


def _read_header(reader: _Reader, identity: ModelIdentity) -> _Header:
    if reader.take(len(MAGIC)) != MAGIC:
        raise ForeignFileError("it is no snapshot of a cache")
    (size,) = _HEADER_SIZE.unpack(reader.take(_HEADER_SIZE.size))
    try:
        data: Any = msgpack.unpackb(reader.take(size))
        found = data["format_version"]
        if found != FORMAT_VERSION:
            raise SnapshotError(f"its format is {found!r}, and this version reads {FORMAT_VERSION}")
        header = from_wire(_Header, data, "header")
    except (ValueError, TypeError, KeyError, WireError) as error:
        raise SnapshotError(f"its header cannot be read ({error})") from error
    _require_same(header.identity, identity)
    return header


def _require_same(found: ModelIdentity, wanted: ModelIdentity) -> None:
    different = [
        field.name
        for field in fields(ModelIdentity)
        if getattr(found, field.name) != getattr(wanted, field.name)
    ]
    if different:
        raise SnapshotError(f"it was written with other {', '.join(different)}")


def _ledger_of(columns: _Columns) -> Ledger:
    """Build the ledger; what its columns say is compared with the tensors later."""
    tokens, encoded_under, is_encoded, was_exact, origins = (
        _column(getattr(columns, name), kind) for name, kind in _COLUMN_TYPES.items()
    )
    others = (encoded_under, is_encoded, was_exact, origins)
    if not len(tokens) or any(len(other) != len(tokens) for other in others):
        raise SnapshotError("the columns of its header have different lengths, or none")
    if (
        tokens.min() < 0
        or max(is_encoded.max(), was_exact.max()) > 1
        or origins.max() > max(Origin)
    ):
        raise SnapshotError("its header holds numbers that no cache has")
    return Ledger.from_columns(
        LedgerColumns(
            tokens, encoded_under, is_encoded.astype(np.bool_), was_exact.astype(np.bool_), origins
        )
    )


def _column(data: bytes, kind: str) -> NDArray[Any]:
    item = np.dtype(kind)
    if len(data) % item.itemsize:
        raise SnapshotError("a column of its header is cut off")
    return np.frombuffer(data, item).astype(item.newbyteorder("="))  # writable, unlike the buffer


def _encoded_rows(ledger: Ledger, arena: Arena) -> Tensor:
    """Return the indices of the rows that hold something, (R,)."""
    return torch.from_numpy(np.flatnonzero(ledger.is_encoded)).to(arena.values.device)


def _bytes_of(tensor: Tensor) -> memoryview:
    """Return the memory of a contiguous tensor."""
    return tensor.view(-1).view(torch.uint8).numpy().data
