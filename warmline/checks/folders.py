"""The folders that Warmline writes to: whether it can, and whether others can too."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from engine.settings import EngineSettings
from engine.weights.location import (
    CACHE_VARIABLE,
    SNAPSHOT_VARIABLE,
    cache_directory,
    packed_folder,
    snapshot_folder,
)
from warmline.checks.finding import Finding, works
from warmline.checks.paths import typed
from warmline.checks.problems import Problem
from warmline.indexing import INDEX_VARIABLE, index_directory

_OTHERS_MAY_WRITE = 0o022


@dataclass(frozen=True, slots=True)
class _Use:
    """What a folder is for, what moves it, and what is the matter where it cannot be written."""

    folder: Path
    variable: str
    problem: Problem


def check_folders(settings: EngineSettings) -> Iterator[Finding]:
    """See that the folders can be written, and by nobody else."""
    problems = [problem for use in _uses(settings) for problem in _problems_with(use)]
    yield from problems
    if not problems:
        yield works("folders", f"all can be written, models in {cache_directory()}")


def existing(folder: Path) -> Path:
    """Return the folder, or the one in which it would have to be made."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def is_writable(folder: Path) -> bool:
    """Tell whether a file can be made in a folder; one that has no name and leaves no trace."""
    try:
        with tempfile.TemporaryFile(dir=existing(folder)):
            return True
    except OSError:
        return False


def _uses(settings: EngineSettings) -> Iterator[_Use]:
    cache = cache_directory()
    log = platformdirs.user_state_path("warmline", appauthor=False)
    yield _Use(cache, CACHE_VARIABLE, Problem.FOLDER_UNWRITABLE)
    yield _Use(log, "XDG_STATE_HOME", Problem.FOLDER_UNWRITABLE)
    others = [
        _Use(cache / "models", CACHE_VARIABLE, Problem.FOLDER_UNWRITABLE),
        _Use(packed_folder(), CACHE_VARIABLE, Problem.KEPT_UNWRITABLE),
        _Use(index_directory(), INDEX_VARIABLE, Problem.KEPT_UNWRITABLE),
    ]
    if settings.snapshots:
        others.append(_Use(snapshot_folder(), SNAPSHOT_VARIABLE, Problem.KEPT_UNWRITABLE))
    # One that is not there yet is made in the cache folder, which was looked at before.
    yield from (use for use in others if use.folder.exists() or cache not in use.folder.parents)


def _problems_with(use: _Use) -> Iterator[Finding]:
    folder = use.folder
    if not is_writable(folder):
        missing = "" if folder.exists() else f", nor made in {existing(folder)}"
        found = f"{folder} cannot be written{missing}"
        yield use.problem.finding(found, variable=use.variable, name=folder.name)
    elif os.name == "posix" and folder.exists() and folder.stat().st_mode & _OTHERS_MAY_WRITE:
        found = f"{folder} can be written by other users"
        yield Problem.FOLDER_OPEN.finding(found, folder=typed(folder))
