"""The files of a folder that are worth reading, and why the others are not.

Links are never followed, so nothing outside the folder is read and no walk goes in circles.
Nothing but plain files is opened: a pipe would wait for ever, a device never ends.
"""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from retrieval.ignoring import IgnoreRules

_MINIFIED_MEAN_CHARACTERS = 200  # of a line; written by hand they have 30 to 40
_MINIFIED_LINE_CHARACTERS = 20_000
_SNIFFED_BYTES = 8_192  # where a zero byte tells that a file is no text, as git decides it


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What a folder may cost."""

    max_file_bytes: int = 1_000_000
    max_files: int = 30_000
    max_chunks: int = 100_000
    max_directories: int = 10_000
    max_directory_entries: int = 20_000
    max_depth: int = 40
    max_walk_s: float = 60.0


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells two states of a file apart without reading it."""

    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that may be read. `path` is relative to the folder, with forward slashes."""

    path: str
    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class FoundDirectory:
    """A directory that was looked into; the folder itself has an empty path."""

    path: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or with a slash at its end a directory, that is not read."""

    path: str
    reason: str  # a few words for people


Found = FoundFile | FoundDirectory | LeftOut


def find_files(
    root: Path, rules: IgnoreRules, limits: FileLimits, start: str = ""
) -> Iterator[Found]:
    """Walk through a folder, directory by directory.

    What cannot be read or goes beyond a limit is told as left out.

    Args:
        root: The folder.
        rules: Of the folder.
        limits: On the whole walk.
        start: The directory to begin with, which the rules allow.
    """
    deadline = time.monotonic() + limits.max_walk_s
    waiting, num_directories, num_files = [start], 0, 0
    while waiting:
        directory = waiting.pop()
        num_directories += 1
        if reason := _limit_met(directory, num_directories, deadline, limits):
            yield LeftOut(f"{directory}/", reason)
            continue
        yield FoundDirectory(directory)
        for found in _look_into(root, directory, rules, limits):
            if isinstance(found, FoundDirectory):
                waiting.append(found.path)
            elif isinstance(found, FoundFile) and num_files == limits.max_files:
                yield LeftOut(found.path, f"more than {limits.max_files} files")
            else:
                num_files += isinstance(found, FoundFile)
                yield found


def look_at(root: Path, path: str, rules: IgnoreRules, limits: FileLimits) -> Found | None:
    """Tell what a walk would find at one path; None if it would find nothing there."""
    if reason := _reason_by_place(root, path, limits):
        return LeftOut(path, reason)
    if rules.reason_for_directory(path.rpartition("/")[0]):
        return None
    try:
        status = (root / path).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return LeftOut(path, _told(error))
    return _judged(path, status, rules, limits)


def reason_for_open_text(path: str, text: str, rules: IgnoreRules, limits: FileLimits) -> str:
    """Return why a text that is not saved yet is left out, in a few words; empty if it is not."""
    too_large = _too_large(limits) if len(text) > limits.max_file_bytes else ""
    return reason_by_name(path, rules, limits) or too_large or _reason_for_text(text)


def reason_by_name(path: str, rules: IgnoreRules, limits: FileLimits) -> str:
    """Return why a file is left out whatever is in it, in a few words; empty if it is not."""
    if ".." in path.split("/"):
        return "outside"
    if path.count("/") > limits.max_depth:
        return f"deeper than {limits.max_depth} directories"
    return rules.reason_for_file(path)


def read_file(root: Path, path: str, limits: FileLimits) -> tuple[str, FileStamp] | LeftOut:
    """Read one file that the rules allow, or tell why it cannot be had."""
    # Without O_NONBLOCK, opening a pipe would wait for somebody to write.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(root / path, flags)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return LeftOut(path, "no plain file")
            data = file.read(limits.max_file_bytes + 1)
    except OSError as error:
        return LeftOut(path, _told(error))
    if len(data) > limits.max_file_bytes:
        return LeftOut(path, _too_large(limits))
    return _decoded(path, data, _stamp(status))


def _reason_for_text(text: str) -> str:
    num_lines = text.count("\n") + 1
    if len(text) > _MINIFIED_MEAN_CHARACTERS * num_lines:
        return f"lines of {len(text) // num_lines} characters: minified, or data"
    if len(text) > _MINIFIED_LINE_CHARACTERS:
        longest = max(map(len, text.split("\n")))
        if longest > _MINIFIED_LINE_CHARACTERS:
            return f"a line of {longest} characters: minified, or data"
    return ""


def _decoded(path: str, data: bytes, stamp: FileStamp) -> tuple[str, FileStamp] | LeftOut:
    if b"\0" in data[:_SNIFFED_BYTES]:
        return LeftOut(path, "binary")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return LeftOut(path, "not UTF-8")
    reason = _reason_for_text(text)
    return LeftOut(path, reason) if reason else (text, stamp)


def _limit_met(directory: str, num_directories: int, deadline: float, limits: FileLimits) -> str:
    if directory.count("/") >= limits.max_depth:
        return f"deeper than {limits.max_depth} directories"
    if num_directories > limits.max_directories:
        return f"more than {limits.max_directories} directories"
    if time.monotonic() > deadline:
        return f"the walk took longer than {limits.max_walk_s:g} s"
    return ""


def _look_into(
    root: Path, directory: str, rules: IgnoreRules, limits: FileLimits
) -> Iterator[Found]:
    """Tell what lies in one directory, by name."""
    try:
        with os.scandir(root / directory) as listing:
            entries = sorted(islice(listing, limits.max_directory_entries), key=_name)
            is_cut = next(listing, None) is not None
    except OSError as error:
        yield LeftOut(f"{directory}/", _told(error))
        return
    for entry in entries:
        path = f"{directory}/{entry.name}" if directory else entry.name
        try:
            yield _judged(path, entry.stat(follow_symlinks=False), rules, limits)
        except OSError as error:
            yield LeftOut(path, _told(error))
    if is_cut:
        reason = f"more than {limits.max_directory_entries} entries, the rest is left out"
        yield LeftOut(f"{directory}/", reason)


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _judged(path: str, status: os.stat_result, rules: IgnoreRules, limits: FileLimits) -> Found:
    try:
        path.encode()
    except UnicodeEncodeError:
        return LeftOut(os.fsencode(path).decode(errors="replace"), "its name is not UTF-8")
    if stat.S_ISDIR(status.st_mode):
        reason = rules.reason_for_directory(path)
        return LeftOut(f"{path}/", reason) if reason else FoundDirectory(path)
    reason = rules.reason_for_file(path) or _reason_by_status(status, limits)
    return LeftOut(path, reason) if reason else FoundFile(path, _stamp(status))


def _reason_by_place(root: Path, path: str, limits: FileLimits) -> str:
    """Return what a walk would have met on its way to a path; empty if nothing."""
    if ".." in path.split("/"):
        return "outside"
    if path.count("/") > limits.max_depth:
        return f"deeper than {limits.max_depth} directories"
    parent = (root / path).parent
    return "" if parent.resolve() == parent else "behind a link"


def _reason_by_status(status: os.stat_result, limits: FileLimits) -> str:
    if stat.S_ISLNK(status.st_mode):
        return "a link"
    if not stat.S_ISREG(status.st_mode):
        return "no plain file"
    return _too_large(limits) if status.st_size > limits.max_file_bytes else ""


def _stamp(status: os.stat_result) -> FileStamp:
    return FileStamp(status.st_size, status.st_mtime_ns)


def _too_large(limits: FileLimits) -> str:
    return f"larger than {limits.max_file_bytes / 1e6:g} MB"


def _told(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"
