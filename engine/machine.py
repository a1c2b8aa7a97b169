"""What this machine can do, to choose between ways that give the same result."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.memory_limits import bytes_left

ROUNDS = 5


def best_seconds(work: Callable[[], Any]) -> float:
    """Return how long `work` takes; the best of a few rounds after one that does not count."""
    work()
    return min(_seconds(work) for _ in range(ROUNDS))


def available_bytes() -> int | None:
    """Return the memory that is free or could be, here or in the container around this process.

    None where the system does not tell.
    """
    path = Path("/proc/meminfo")
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    of_machine = (int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    known = [room for room in (next(of_machine, None), bytes_left()) if room is not None]
    return min(known, default=None)


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
