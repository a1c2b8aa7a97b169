"""What a process uses, as Linux tells it under /proc."""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import UnexpectedResultError

_PROC = Path("/proc")
_MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(?P<path>.*)")
_SIZE = re.compile(r"(?P<name>\w+):\s+(?P<kib>\d+) kB")
# Fields of `stat`, counted from behind the name.
_PARENT, _USER_TICKS, _SYSTEM_TICKS = 1, 11, 12


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Memory of a process that is in RAM now.

    `resident_bytes` is all of it: what the process wrote itself (`anonymous_bytes`), and what
    it has mapped from files, programs and libraries as well as weights (`weights_bytes`).
    """

    resident_bytes: int
    anonymous_bytes: int
    weights_bytes: int


def cpu_seconds(pid: int) -> float:
    """Return the processor time that all threads of a process have used so far.

    Raises:
        UnexpectedResultError: If there is no such process, or the system does not tell.
    """
    ticks_per_s: int = os.sysconf("SC_CLK_TCK")
    return parse_cpu_ticks(_read(pid, "stat")) / ticks_per_s


def resident_memory(pid: int) -> tuple[int, int]:
    """Return what a process holds in RAM, and how much of it no file has, in bytes.

    Costs the system next to nothing, unlike `memory_use`.

    Raises:
        UnexpectedResultError: If there is no such process, or the system does not tell.
    """
    sizes = {match["name"]: int(match["kib"]) for match in _SIZE.finditer(_read(pid, "status"))}
    return sizes["VmRSS"] * 1024, (sizes["RssAnon"] + sizes["RssShmem"]) * 1024


def num_open_files(pid: int) -> int:
    """Return how many files, sockets and pipes a process has open.

    Raises:
        UnexpectedResultError: If there is no such process, or the system does not tell.
    """
    folder = _PROC / str(pid) / "fd"
    try:
        return len(os.listdir(folder))  # noqa: PTH208  (numbers are wanted, not paths)
    except OSError as error:
        raise _unreadable(folder, error) from error


def descendants(pid: int) -> frozenset[int]:
    """Return the processes that a process has started, and those that these have."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            children.setdefault(parse_parent((folder / "stat").read_text()), []).append(
                int(folder.name)
            )
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return frozenset(found)


def memory_use(pid: int, weight_files: Collection[str]) -> MemoryUse:
    """Return what a process holds in RAM.

    Args:
        pid: The process.
        weight_files: Paths, as the system names them, whose mapped pages count as weights.

    Raises:
        UnexpectedResultError: If there is no such process, or the system does not tell.
    """
    return parse_memory_use(_read(pid, "smaps"), weight_files)


def files_in(folder: Path) -> frozenset[str]:
    """Return the files of a folder by the names the system has for them, links followed."""
    return frozenset(str(path.resolve()) for path in folder.rglob("*") if path.is_file())


def parse_cpu_ticks(stat: str) -> int:
    """Add up user and system time in the text of /proc/PID/stat.

    The name of the program, in brackets, may itself hold spaces and brackets.
    """
    values = stat.rpartition(")")[2].split()
    return int(values[_USER_TICKS]) + int(values[_SYSTEM_TICKS])


def parse_parent(stat: str) -> int:
    """Return who started a process, from the text of /proc/PID/stat."""
    return int(stat.rpartition(")")[2].split()[_PARENT])


def parse_memory_use(smaps: str, weight_files: Collection[str]) -> MemoryUse:
    """Add up the mappings in the text of /proc/PID/smaps."""
    resident = anonymous = weights = 0
    for path, name, size_bytes in _sizes(smaps):
        if name == "Rss":
            resident += size_bytes
            weights += size_bytes if path in weight_files else 0
        elif name == "Anonymous":
            anonymous += size_bytes
            weights -= size_bytes if path in weight_files else 0  # written to, so a copy
    return MemoryUse(resident, anonymous, weights)


def _sizes(smaps: str) -> Iterator[tuple[str, str, int]]:
    """Yield the path, the name of a figure and the figure, in bytes."""
    path = ""
    for line in smaps.splitlines():
        if mapping := _MAPPING.fullmatch(line):
            path = mapping["path"]
        elif size := _SIZE.fullmatch(line):
            yield path, size["name"], int(size["kib"]) * 1024


def _read(pid: int, name: str) -> str:
    path = _PROC / str(pid) / name
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UnexpectedResultError:
    return UnexpectedResultError(
        f"{path} cannot be read ({error.strerror}); what a process uses is measured on Linux"
        " only, while it runs"
    )
