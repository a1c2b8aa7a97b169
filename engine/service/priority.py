"""The engine's place among programs that want the same processor."""

import os
from contextlib import suppress
from pathlib import Path

NICENESS = 5
"""About a third of what others get of a busy core; all of it where nobody else wants it."""

_AUTOGROUP = Path("/proc/self/autogroup")
"""Where Linux shares a core among sessions first, and the niceness counts within each only."""


def give_way() -> None:
    """Let whatever a person waits for at each key go first: the editor and its server.

    Both have next to nothing to do, but want it done at once, and products on all cores would
    make them wait for their turn. Called before other threads are started, which take after it.
    Does nothing where the system has no such thing, as Windows, or does not allow it.
    """
    if not hasattr(os, "setpriority"):
        return
    with suppress(OSError):
        niceness = max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
        if os.getsid(0) == os.getpid() and _AUTOGROUP.exists():  # else it is a terminal's too
            _AUTOGROUP.write_text(str(niceness))
