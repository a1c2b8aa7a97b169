"""What programs on this machine say about themselves."""

import re
import shutil
import subprocess
from collections.abc import Sequence

from packaging.version import Version

_TIMEOUT_S = 20.0
_NUMBER = re.compile(r"\d+\.\d+(?:\.\d+)*")


def said_by(command: Sequence[str]) -> str | None:
    """Return what a program prints; None where it is not there, fails or takes too long."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout + done.stderr if done.returncode == 0 else None


def version_of(*command: str) -> Version | None:
    """Return the first version number that a program prints; None where it prints none."""
    number = _NUMBER.search(said_by(command) or "")
    return Version(number[0]) if number else None
