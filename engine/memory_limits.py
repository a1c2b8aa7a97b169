"""The memory that the control groups of this process leave it, as containers and services have.

The files and what they mean: the Linux kernel's documentation of cgroup v2, "Memory Interface
Files", and of the memory controller of v1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class _Files:
    """What one version of control groups calls its figures, all in bytes."""

    limit: str
    usage: str
    reclaimable: str  # a key in memory.stat: pages of files that can be dropped at once


_VERSION_2 = _Files("memory.max", "memory.current", "inactive_file")
_VERSION_1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def bytes_left(
    own_groups: Path = Path("/proc/self/cgroup"), mounted_at: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """Return how much more memory this process may take; None where no limit is set.

    Args:
        own_groups: Names the groups of the process, a line for each hierarchy.
        mounted_at: Where the groups are shown as folders.
    """
    rooms = [_room(*group) for group in _groups(own_groups, mounted_at)]
    return min((room for room in rooms if room is not None), default=None)


def _groups(own_groups: Path, mounted_at: Path) -> Iterator[tuple[Path, _Files]]:
    """Yield the group of the process and those around it: each may have a limit."""
    try:
        lines = own_groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", maxsplit=2)
        if not controllers:
            yield from _upwards(mounted_at, path, _VERSION_2)
        elif "memory" in controllers.split(","):
            yield from _upwards(mounted_at / "memory", path, _VERSION_1)


def _upwards(root: Path, path: str, files: _Files) -> Iterator[tuple[Path, _Files]]:
    # A container sees its own group as the root, though its path may be the one outside.
    inside = PurePosixPath(path.lstrip("/"))
    for group in (inside, *inside.parents):
        yield root / group, files


def _room(group: Path, files: _Files) -> int | None:
    try:
        limit = (group / files.limit).read_text(encoding="ascii").strip()
        usage = (group / files.usage).read_text(encoding="ascii").strip()
        statistics = (group / "memory.stat").read_text(encoding="ascii")
    except OSError:
        return None
    if not limit.isdigit():  # "max"
        return None
    figures = dict(line.split(maxsplit=1) for line in statistics.splitlines())
    return max(int(limit) - int(usage) + int(figures.get(files.reclaimable, "0")), 0)
