"""The files of some folders, in an index that is brought up to date on demand."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retrieval.files import (
    FileLimits,
    FileStamp,
    Found,
    FoundDirectory,
    FoundFile,
    LeftOut,
    find_files,
    look_at,
    read_file,
    reason_for_open_text,
)
from retrieval.folders import Folder, Folders
from retrieval.lexical import LexicalIndex, LexicalState
from retrieval.secrets import without_secrets

_UNSETTLED_NS = 2_000_000_000
"""A file changed so shortly before it was read may change again and keep size and time."""
_UNSETTLED = FileStamp(-1, -1)
_MOST_LEFT_OUT = 10_000
"""Most files of which it is remembered why they were left out."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that was read, or is open."""

    stamp: FileStamp
    reason: str = ""  # why its content is not in the index; empty if it is


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """All that is worth keeping of an index, as plain data."""

    known: Mapping[str, KnownFile]
    lexical: LexicalState


@dataclass(slots=True)
class ScanReport:
    """What one look at all files came to."""

    num_files: int = 0  # that may be read, whatever is in them
    num_read: int = 0  # of these, new or changed since they were last read
    num_gone: int = 0
    directories: list[Path] = field(default_factory=list)  # that were looked into
    seconds: float = 0.0


class RepositoryIndex:
    """A `LexicalIndex` that holds what lies in some folders. Not thread-safe but for `lexical`.

    Args:
        folders: Whose files are wanted.
        lexical: Takes them; empty.
        limits: What is too large.
        open_texts: Hide the files at their paths, which need not exist. Whoever changes them
            calls `update`.
    """

    def __init__(
        self,
        folders: Folders,
        lexical: LexicalIndex,
        limits: FileLimits | None = None,
        open_texts: Mapping[str, str] | None = None,
    ) -> None:
        self.folders = folders
        self.lexical = lexical
        self.known: dict[str, KnownFile] = {}
        self.left_out: dict[str, str] = {}
        self._limits = limits or FileLimits()
        self._open_texts: Mapping[str, str] = {} if open_texts is None else open_texts
        self._rules = {folder: folder.rules() for folder in folders}

    def scan(self, path: str = "") -> Iterator[ScanReport]:
        """Look at all files, or those below a directory, and read what is new or has changed.

        Between two steps anything else may be done with this object.

        Args:
            path: A directory in the index; empty for all folders, whose ignore files are then
                read anew.

        Yields:
            The same report after each step, a file at most; it is complete when the steps end.
        """
        started = time.monotonic()
        if not path:
            self._rules = {folder: folder.rules() for folder in self.folders}
        report = ScanReport()
        self._forget_reasons(path)
        seen: set[str] = set()
        for folder, start in self._starts(path):
            for found in find_files(folder.root, self._rules[folder], self._limits, start):
                self._note(folder, found, report, seen)
                yield report
        for unseen in {*self.known, *self._open_texts} - seen:
            if _is_below(unseen, path):
                report.num_gone += unseen in self.known
                self.update(unseen)
                yield report
        report.seconds = time.monotonic() - started
        yield report

    def update(self, path: str) -> None:
        """Bring one file up to date, whether there is one or not."""
        text = self._open_texts.get(path)
        if text is not None:
            self._update_open(path, text)
            return
        folder, inside = self.folders.folder_of(path)
        found = look_at(folder.root, inside, self._rules[folder], self._limits)
        if isinstance(found, FoundFile):
            self._update_from_disk(path, folder, found)
        else:
            self._forget(path)
            if isinstance(found, LeftOut):
                self._leave_out(path, found.reason)

    def _update_open(self, path: str, text: str) -> None:
        folder, inside = self.folders.folder_of(path)
        reason = reason_for_open_text(inside, text, self._rules[folder], self._limits)
        if reason := reason or self._reason_for_another(path):
            self._forget(path)
            self._leave_out(path, reason)
        else:
            self._take_in(path, text, _UNSETTLED)

    def _update_from_disk(self, path: str, folder: Folder, found: FoundFile) -> None:
        read = read_file(folder.root, found.path, self._limits)
        if isinstance(read, LeftOut):
            self._forget(path)
            self._leave_out(path, read.reason)
            # Remembered, so that the next scan need not read it again to say the same.
            self.known[path] = KnownFile(_settled(found.stamp), read.reason)
        elif reason := self._reason_for_another(path):
            self._leave_out(path, reason)
        else:
            self._take_in(path, *read)

    def _reason_for_another(self, path: str) -> str:
        """Return why there is no room for one more file; empty if there is, or it is known."""
        most = self._limits.max_chunks
        is_full = path not in self.known and self.lexical.num_chunks >= most
        return f"more than {most} chunks" if is_full else ""

    def state(self) -> RepositoryState:
        """Return what the next run needs in order to read only what has changed."""
        return RepositoryState(dict(self.known), self.lexical.state())

    def restore(self, state: RepositoryState) -> None:
        """Become what an index of the same folders was. What is open is to be updated."""
        self.lexical.restore(state.lexical)
        self.known = dict(state.known)

    def is_directory(self, path: str) -> bool:
        """Tell whether a path is a directory that is to be looked into, or was one."""
        folder, inside = self.folders.folder_of(path)
        found = look_at(folder.root, inside, self._rules[folder], self._limits)
        if found is None:
            return any(each.startswith(f"{path}/") for each in self.known)
        return isinstance(found, FoundDirectory)

    def _starts(self, path: str) -> Iterator[tuple[Folder, str]]:
        """Find where to begin a walk; nowhere if the directory is gone or left out."""
        if not path:
            yield from ((folder, "") for folder in self.folders)
            return
        folder, inside = self.folders.folder_of(path)
        found = look_at(folder.root, inside, self._rules[folder], self._limits)
        if isinstance(found, FoundDirectory):
            yield folder, inside
        elif isinstance(found, LeftOut):
            self._leave_out(folder.prefix + found.path, found.reason)

    def _note(self, folder: Folder, found: Found, report: ScanReport, seen: set[str]) -> None:
        path = folder.prefix + found.path
        if isinstance(found, FoundDirectory):
            report.directories.append(folder.root / found.path)
        elif isinstance(found, LeftOut):
            self._leave_out(path, found.reason)
        else:
            seen.add(path)
            report.num_files += 1
            known = self.known.get(path)
            if known is None or known.stamp != found.stamp:
                report.num_read += 1
                self.update(path)
            elif known.reason:
                self._leave_out(path, known.reason)

    def _take_in(self, path: str, text: str, stamp: FileStamp) -> None:
        self.left_out.pop(path, None)
        self.known[path] = KnownFile(_settled(stamp))
        self.lexical.replace(path, without_secrets(text))

    def _forget(self, path: str) -> None:
        self.known.pop(path, None)
        self.left_out.pop(path, None)
        self.lexical.remove(path)

    def _leave_out(self, path: str, reason: str) -> None:
        if len(self.left_out) < _MOST_LEFT_OUT:
            self.left_out[path] = reason

    def _forget_reasons(self, path: str) -> None:
        for each in [each for each in self.left_out if _is_below(each, path)]:
            del self.left_out[each]


def _settled(stamp: FileStamp) -> FileStamp:
    is_settled = stamp.modified_ns < time.time_ns() - _UNSETTLED_NS
    return stamp if is_settled else _UNSETTLED


def _is_below(path: str, directory: str) -> bool:
    return not directory or path.startswith(f"{directory}/")
