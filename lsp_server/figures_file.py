"""A window's figures, where the command line finds them: a small file as long as it runs.

It lies in the runtime folder, readable by its owner alone, and holds numbers only: no text, no
names of files. A lock beside it says whether its window lives.
"""

import json
import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from completion.usage.tally import Tally
from engine.protocol.endpoint import file_lock, is_held, runtime_folder, write_own_json

_PREFIX = "window-"


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """What one running window has counted.

    Attributes:
        pid: Of its server.
        version: Of its server.
        uptime_s: How long it has counted.
        tally: None where this version cannot read what another one wrote.
    """

    pid: int
    version: str
    uptime_s: float
    tally: Tally | None


class FiguresFile:
    """The file of this process. Whoever makes it closes it.

    Raises:
        OSError, EngineUnavailableError: If there is no folder for it.
    """

    def __init__(self, version: str) -> None:
        self._facts = {"pid": os.getpid(), "version": version, "started": time.time()}
        self._path = runtime_folder() / f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}.json"
        self._lock = file_lock(self._path.with_suffix(".lock"))
        self._lock.acquire(blocking=False)
        self._written: object = None

    def write(self, tally: Tally) -> None:
        """Bring the file up to date, if anything has changed.

        Raises:
            OSError: If it cannot be written.
        """
        figures = tally.to_json()
        if figures != self._written:
            write_own_json(self._path, {**self._facts, "figures": figures})
            self._written = figures

    def close(self) -> None:
        """Remove it."""
        with suppress(OSError):  # then whoever asks next removes it
            self._path.unlink(missing_ok=True)
            self._path.with_suffix(".lock").unlink(missing_ok=True)
        self._lock.release()


def running_windows() -> list[WindowFigures]:
    """Return the figures of all windows that run, and remove what others left behind.

    Raises:
        EngineUnavailableError: If the runtime folder is not the user's own.
    """
    windows = []
    for path in sorted(runtime_folder().glob(f"{_PREFIX}*.json")):
        if is_held(path.with_suffix(".lock")):
            with suppress(FileNotFoundError):  # it has just left
                windows.append(_read(path))
        else:
            path.unlink(missing_ok=True)
    return windows


def _read(path: Path) -> WindowFigures:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        uptime_s = max(0.0, time.time() - float(content["started"]))
        pid, version = int(content["pid"]), str(content["version"])
    except (ValueError, KeyError, TypeError):
        return WindowFigures(0, "unknown", 0.0, None)
    return WindowFigures(pid, version, uptime_s, _tally(content.get("figures")))


def _tally(figures: object) -> Tally | None:
    try:
        return Tally.from_json(figures)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
