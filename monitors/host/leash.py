"""Runs a command that ends when its parent does: `python leash.py PARENT_PID COMMAND...`.

Run by path, before the language server takes its place; standard library only.
"""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, which only Linux has


def main() -> None:
    """Bind this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)  # it ended before the signal was set
    os.execvp(command[0], command)  # noqa: S606  # a fixed argument list, and no shell is wanted


if __name__ == "__main__":
    main()
