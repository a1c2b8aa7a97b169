"""The folder of snapshots: private, bounded, and never with half a file in it."""

import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import NamedTuple

SUFFIX = ".snapshot"
_DRAFT_PREFIX = ".draft-"
_OWNER_ONLY = 0o700
_LEFT_BEHIND_S = 3600.0
"""No draft takes so long; an older one is of a process that was killed."""


class _Kept(NamedTuple):
    used_at_s: float
    num_bytes: int
    path: Path


class SnapshotFolder:
    """Files by name, within a budget of bytes; the least recently used are deleted first.

    When a file was used is its time of change. Several processes may share the folder: what is
    put last under a name stays. All methods raise OSError where the disk does, or where others
    could write to the folder.
    """

    def __init__(self, path: Path, most_bytes: int) -> None:
        self.path = path
        self._most_bytes = most_bytes

    def put(self, name: str, used_at_s: float, write: Callable[[BufferedIOBase], None]) -> bool:
        """Keep what `write` writes, readable by this user only.

        Files that were used earlier give way to it. What `write` raises passes through, and
        what was under the name before stays.

        Args:
            name: Of the file, without a folder.
            used_at_s: When its content was last used, in seconds since the epoch.
            write: Gets the open file.

        Returns:
            False if files used later take all the room.
        """
        self._make_own()
        handle, draft_name = tempfile.mkstemp(prefix=_DRAFT_PREFIX, dir=self.path)  # mode 0600
        draft, path = Path(draft_name), self.path / (name + SUFFIX)
        try:
            with os.fdopen(handle, "wb") as file:
                write(file)
            has_room = self._make_room(draft.stat().st_size, used_at_s, name)
            if has_room:
                draft.replace(path)
                os.utime(path, (used_at_s, used_at_s))
        finally:
            draft.unlink(missing_ok=True)
        return has_room

    def open(self, name: str) -> BufferedReader | None:
        """Open the file of that name, or return None if there is none."""
        path = self.path / (name + SUFFIX)
        if not path.exists():
            return None
        self._make_own()
        if not stat.S_ISREG(path.lstat().st_mode):
            raise FileNotFoundError(f"{path} is no file")
        return path.open("rb")

    def mark_used(self, name: str) -> None:
        """Let the file of that name be the last to be deleted."""
        os.utime(self.path / (name + SUFFIX))

    def remove(self, name: str) -> None:
        """Delete the file of that name, if there is one."""
        (self.path / (name + SUFFIX)).unlink(missing_ok=True)

    def clear(self) -> int:
        """Delete all snapshots and drafts; returns how many. Other files stay."""
        kept = [*self._snapshots(), *self._drafts()]
        for file in kept:
            file.path.unlink(missing_ok=True)
        return len(kept)

    def _make_own(self) -> None:
        """Make sure that there is a folder to which nobody else can write.

        One that was there is left as it is: others may see the names in it, and no more.
        """
        self.path.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        if os.name != "posix":
            return
        status = self.path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise PermissionError(f"{self.path} is not a folder that belongs to you")
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(f"others may write to {self.path}")

    def _make_room(self, num_bytes: int, used_at_s: float, name: str) -> bool:
        """Delete what was used before `used_at_s`, oldest first, until `num_bytes` fit."""
        for draft in self._drafts():
            if draft.used_at_s < time.time() - _LEFT_BEHIND_S:
                draft.path.unlink(missing_ok=True)
        others = sorted(file for file in self._snapshots() if file.path.name != name + SUFFIX)
        excess_bytes = sum(file.num_bytes for file in others) + num_bytes - self._most_bytes
        older = [file for file in others if file.used_at_s <= used_at_s]
        if excess_bytes > sum(file.num_bytes for file in older):
            return False
        for file in older:
            if excess_bytes <= 0:
                break
            file.path.unlink(missing_ok=True)
            excess_bytes -= file.num_bytes
        return True

    def _snapshots(self) -> Iterator[_Kept]:
        return self._kept(f"*{SUFFIX}")

    def _drafts(self) -> Iterator[_Kept]:
        return self._kept(f"{_DRAFT_PREFIX}*")

    def _kept(self, pattern: str) -> Iterator[_Kept]:
        for path in self.path.glob(pattern):
            with suppress(FileNotFoundError):  # another process may be deleting, too
                state = path.lstat()
                yield _Kept(state.st_mtime, state.st_size, path)
