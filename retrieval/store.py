"""Indexes on disk, so that the next start has one before it has looked at a single file.

A file holds the text of a repository and is readable by its owner only. It is written beside its
place and put there by one rename.
"""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from retrieval.errors import StoreError
from retrieval.folders import Folders
from retrieval.repository import RepositoryState
from retrieval.store_format import packed_index, unpacked_index

_log = logging.getLogger(__name__)

_OWNER_ONLY = 0o700
_SUFFIX = ".index"
_DRAFT_PREFIX = ".draft-"
_UNUSED_S = 90 * 24 * 3600.0


def _never() -> None:
    """Do not rest."""


class IndexStore:
    """The place on disk of the index of some folders.

    Args:
        directory: Of the user's indexes; made at the first writing.
        folders: Another order of them is another place, since paths depend on it.
    """

    def __init__(self, directory: Path, folders: Folders) -> None:
        self._made_for = [sys.byteorder, *(str(folder.root) for folder in folders)]
        name = blake2b("\0".join(self._made_for).encode(errors="replace"), digest_size=16)
        self.path = directory / (name.hexdigest() + _SUFFIX)

    def read(self, rest: Callable[[], None] = _never) -> RepositoryState | None:
        """Return what was written last, or None if there is nothing that can be used.

        What is there and cannot be used is told in the log. `rest` is called often.
        """
        try:
            data = self.path.read_bytes()
            os.utime(self.path)
            return unpacked_index(data, self._made_for, rest)
        except FileNotFoundError:
            return None
        except (OSError, StoreError) as error:
            told = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else error
            _log.warning("The index %s %s; it is made anew.", self.path, told)
            return None

    def write(self, state: RepositoryState, rest: Callable[[], None] = _never) -> int:
        """Keep an index in the place of the one before; returns its size in bytes.

        Indexes that nobody has used for months are deleted. `rest` is called often.

        Raises:
            OSError: If the disk cannot take it; what was there stays.
        """
        data = packed_index(state, self._made_for, rest)
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


def forget_indexes(directory: Path) -> int:
    """Delete all indexes kept in a directory; returns how many."""
    kept = list(directory.glob(f"*{_SUFFIX}"))
    for path in (*kept, *directory.glob(f"{_DRAFT_PREFIX}*")):
        path.unlink(missing_ok=True)
    return len(kept)


def _delete_unused(directory: Path) -> None:
    """Delete what nobody has used for long, and what a killed process left half written."""
    oldest_s = time.time() - _UNUSED_S
    for path in (*directory.glob(f"*{_SUFFIX}"), *directory.glob(f"{_DRAFT_PREFIX}*")):
        with suppress(FileNotFoundError):  # another process does the same
            if path.stat().st_mtime < oldest_s:
                path.unlink()
