"""An index on disk, so that the next start has one before it has looked at a single file.

    magic | version | digest of the rest | msgpack of everything known

The file holds the text of a repository and is readable by its owner only. It is written beside
its place and put there by one rename; what is damaged or of another version is not believed.
"""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import msgpack

from retrieval.errors import StoreError
from retrieval.files import FileStamp
from retrieval.folders import Folders
from retrieval.lexical import FileChunks, LexicalState
from retrieval.postings import PostingsState
from retrieval.repository import KnownFile, RepositoryIndex

_log = logging.getLogger(__name__)

FORMAT_VERSION = 1
"""Raised whenever this format changes, or how files are cut into chunks and texts into terms."""
_MAGIC = b"warmline index\n"
_DIGEST_BYTES = 32
_OWNER_ONLY = 0o700
_SUFFIX = ".index"
_DRAFT_PREFIX = ".draft-"
_UNUSED_S = 90 * 24 * 3600.0


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
    """

    def __init__(self, directory: Path, folders: tuple[str, ...]) -> None:
        self._made_for = [sys.byteorder, *folders]
        name = blake2b("\0".join(self._made_for).encode(), digest_size=16).hexdigest()
        self.path = directory / (name + _SUFFIX)

    @classmethod
    def of(cls, folders: Folders, directory: Path) -> Self:
        """Return the place of an index of these folders."""
        return cls(directory, tuple(str(folder.root) for folder in folders))

    def read_into(self, repository: RepositoryIndex) -> bool:
        """Let an empty index become the one that was kept last; tell whether there was one.

        What cannot be used is told in the log and otherwise as good as absent.
        """
        try:
            stored = self.read()
        except StoreError as error:
            _log.warning("The index %s %s; it is made anew.", self.path, error)
            return False
        if stored is not None:
            repository.lexical.restore(stored.lexical)
            repository.known.update(stored.known)
        return stored is not None

    def read(self) -> StoredIndex | None:
        """Return what was written last, None if nothing was.

        Raises:
            StoreError: If it cannot be used; the message is half a sentence.
        """
        try:
            data = self.path.read_bytes()
            os.utime(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot be read: {error.strerror}") from error
        return self._unpacked(_checked(data))

    def write(self, index: StoredIndex) -> int:
        """Keep an index in the place of the one before; returns its size in bytes.

        Indexes that nobody has used for months are deleted.

        Raises:
            OSError: If the disk cannot take it; what was there stays.
        """
        payload = msgpack.packb(
            {
                "made_for": self._made_for,
                "known": [[path, *_columns(file)] for path, file in index.known.items()],
                "files": [
                    [file.path, file.slots, file.start_lines, file.texts]
                    for file in index.lexical.files
                ],
                "postings": asdict(index.lexical.postings),
            }
        )
        data = b"".join((_MAGIC, bytes([FORMAT_VERSION]), _digest(payload), payload))
        directory = self.path.parent
        directory.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        handle, draft_name = tempfile.mkstemp(prefix=_DRAFT_PREFIX, dir=directory)  # mode 0600
        draft = Path(draft_name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)
        _delete_unused(directory)
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


def stored_index(repository: RepositoryIndex) -> StoredIndex:
    """Return what is worth keeping of an index, as it is now."""
    return StoredIndex(dict(repository.known), repository.lexical.state())


def _delete_unused(directory: Path) -> None:
    """Delete what nobody has used for long, and what a killed process left half written."""
    oldest_s = time.time() - _UNUSED_S
    for path in (*directory.glob(f"*{_SUFFIX}"), *directory.glob(f"{_DRAFT_PREFIX}*")):
        with suppress(FileNotFoundError):  # another process does the same
            if path.stat().st_mtime < oldest_s:
                path.unlink()


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
