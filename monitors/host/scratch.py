"""Folders for what a server writes while it runs, and for nothing else."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil


def make_scratch(name: str, parent: Path | None = None) -> "tempfile.TemporaryDirectory[str]":
    """Return a new folder for this process; those that ended processes left are removed first.

    A host that is killed removes nothing, and an editor that is closed may kill it.

    Args:
        name: What it is for, in plain letters.
        parent: Where it is made; by default where temporary files are.
    """
    parent = parent or Path(tempfile.gettempdir())
    start = f"warmline-{name}-"
    for folder in parent.glob(f"{start}*"):
        process_id = folder.name.removeprefix(start).partition("-")[0]
        if process_id.isdigit() and not psutil.pid_exists(int(process_id)):
            shutil.rmtree(folder, ignore_errors=True)  # another user's stays
    return tempfile.TemporaryDirectory(
        prefix=f"{start}{os.getpid()}-", dir=parent, ignore_cleanup_errors=True
    )
