"""One worker at a time for each model, across threads and processes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from engine.errors import ModelError
from engine.weights.progress import Progress, ProgressReport, Step

_TURN_S = 0.5


@contextmanager
def claim(lock_file: Path, progress: Progress, wait_s: float) -> Iterator[None]:
    """Hold a lock while the body runs; the system frees it if this process dies.

    Raises:
        ModelError: If somebody else still holds it after `wait_s`.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_file)
    _acquire(lock, progress, wait_s)
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: FileLock, progress: Progress, wait_s: float) -> None:
    name = Path(lock.lock_file).stem
    deadline = time.monotonic() + wait_s
    while True:
        try:
            lock.acquire(timeout=min(_TURN_S, wait_s))
        except Timeout as error:
            if time.monotonic() >= deadline:
                raise ModelError(
                    f"Another process has been working on {name} for more than {wait_s:.0f}"
                    " seconds; wait for it or end it, then try again."
                ) from error
            progress(ProgressReport(Step.WAIT, 0, None, f"Waiting: {name} is being prepared"))
        else:
            return
