"""An index on disk, so that the next start has one before it has looked at a single file.

    magic | version | digest of the rest | msgpack of everything known

The file holds the text of a repository and is readable by its owner only. It is written beside
its place and put there by one rename; what is damaged or of another version is not believed.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgpack

from retrieval.errors import StoreError
from retrieval.files import FileStamp
from retrieval.lexical import FileChunks, LexicalState
from retrieval.postings import PostingsState
from retrieval.repository import KnownFile

FORMAT_VERSION = 1
"""Raised whenever this format changes, or how files are cut into chunks and texts into terms."""
_MAGIC = b"warmline index\n"
_DIGEST_BYTES = 32
_OWNER_ONLY = 0o700


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """All that is worth keeping of an index."""

    known: Mapping[str, KnownFile]
    lexical: LexicalState


class IndexStore:
    """The place on disk of the index of some folders.

    Args:
        directory: Of the user's indexes; made at the first writing.
        folders: Absolute paths of the folders, in their order.
        way: How files are cut, a word.
    """

    def __init__(self, directory: Path, folders: tuple[str, ...], way: str) -> None:
        self._made_for = [way, sys.byteorder, *folders]
        name = blake2b("\0".join(self._made_for).encode(), digest_size=16).hexdigest()
        self.path = directory / f"{name}.index"

    def read(self) -> StoredIndex | None:
        """Return what was written last, None if nothing was.

        Raises:
            StoreError: If it cannot be used; the message is half a sentence.
        """
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot be read: {error.strerror}") from error
        return self._unpacked(_checked(data))

    def write(self, index: StoredIndex) -> int:
        """Keep an index in the place of the one before; returns its size in bytes.

        Raises:
            OSError: If the disk cannot take it; what was there stays.
        """
        payload = msgpack.packb(
            {
                "made_for": self._made_for,
                "known": [[path, *_columns(file)] for path, file in index.known.items()],
                "files": [list(asdict(file).values()) for file in index.lexical.files],
                "postings": asdict(index.lexical.postings),
            }
        )
        data = b"".join((_MAGIC, bytes([FORMAT_VERSION]), _digest(payload), payload))
        self.path.parent.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        handle, draft_name = tempfile.mkstemp(prefix=".draft-", dir=self.path.parent)  # mode 0600
        draft = Path(draft_name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)
        return len(data)

    def _unpacked(self, payload: memoryview) -> StoredIndex:
        try:
            content: dict[str, Any] = msgpack.unpackb(payload)
            if content["made_for"] != self._made_for:
                raise StoreError("is of other folders")
            known = {
                path: KnownFile(FileStamp(size_bytes, modified_ns), reason)
                for path, size_bytes, modified_ns, reason in content["known"]
            }
            files = [FileChunks(*columns) for columns in content["files"]]
            return StoredIndex(known, LexicalState(files, PostingsState(**content["postings"])))
        except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
            raise StoreError("does not hold what it should") from error


def _checked(data: bytes) -> memoryview:
    start = len(_MAGIC) + 1 + _DIGEST_BYTES
    if len(data) < start or not data.startswith(_MAGIC):
        raise StoreError("is no index, or was cut off")
    if data[len(_MAGIC)] != FORMAT_VERSION:
        raise StoreError("was written by another version of Warmline")
    payload = memoryview(data)[start:]
    if _digest(payload) != data[start - _DIGEST_BYTES : start]:
        raise StoreError("is damaged: its checksum does not fit")
    return payload


def _digest(payload: bytes | memoryview) -> bytes:
    return blake2b(payload, digest_size=_DIGEST_BYTES).digest()


def _columns(file: KnownFile) -> tuple[int, int, str]:
    return file.stamp.size_bytes, file.stamp.modified_ns, file.reason
