"""Child processes that are watched, bounded, and never outlive their work."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_TURN_S = 0.2
_GRACE_S = 5.0


class ChildStalledError(Exception):
    """A child made no progress for too long and was killed."""


def run_child(
    command: Sequence[str | Path],
    *,
    folder: Path,
    log: Path,
    environment: Mapping[str, str],
    watch: Callable[[], int],
    stall_s: float,
) -> int:
    """Run a command to its end and return its exit code.

    Everything it prints goes to `log`. Its standard input stays open and empty as long as this
    process lives, so a child may take its end for ours. `watch` is called several times a
    second and returns a number that changes while there is progress; if it raises, or this
    process is interrupted, the child is killed.

    Raises:
        ChildStalledError: If `watch` returned the same number for `stall_s`.
    """
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as child,
    ):
        try:
            return _attend(child, watch, stall_s)
        finally:
            _end(child)


def _attend(child: subprocess.Popen[bytes], watch: Callable[[], int], stall_s: float) -> int:
    mark, deadline = watch(), time.monotonic() + stall_s
    while True:
        try:
            return child.wait(timeout=_TURN_S)
        except subprocess.TimeoutExpired:
            before, mark = mark, watch()
        if mark != before:
            deadline = time.monotonic() + stall_s
        elif time.monotonic() > deadline:
            raise ChildStalledError


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(timeout=_GRACE_S)


def last_words(log: Path) -> str:
    """Return the last line a child printed, for an error message."""
    lines = log.read_text("utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
