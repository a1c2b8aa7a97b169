"""Folders as a bug report may show them: without the name of the user's home directory."""

import os
import re
import shlex
from pathlib import Path

_HOME = "~"


def without_home(text: str) -> str:
    """Write the user's home directory as `~` wherever it begins a path in a text."""
    for home in _homes():
        text = re.sub(rf"(?<!\w){re.escape(home)}(?![\w-])", _HOME, text)
    return text


def typed(path: Path) -> str:
    """Return a path as one types it in a shell, from `~` where that is shorter."""
    shown = without_home(str(path))
    if shown == _HOME:
        return shown
    within_home = shown.removeprefix(f"{_HOME}/")
    return shlex.quote(shown) if within_home == shown else f"{_HOME}/{shlex.quote(within_home)}"


def _homes() -> list[str]:
    """Return the home directory as the user knows it and as the disk does, the longer one first."""
    home = os.path.expanduser(_HOME)  # noqa: PTH111 - Path's raises where there is none
    known = {home, os.path.realpath(home)}
    return sorted((path for path in known if len(path) > 1), key=len, reverse=True)
