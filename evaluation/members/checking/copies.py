"""A package with drafts of its files beside them, so that many are checked at once.

A draft stands where its file stands, under another name: what it imports is found as before, and
no other file sees it.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from evaluation.members.checking.checker import Complaint, Draft
from evaluation.members.workspaces import Workspace

_MODULES = "node_modules"


Run = Callable[[Path, list[str]], Mapping[str, list[Complaint]]]
"""Checks some files of a package's folder; returns what it complains of, by file."""


def check_copies(
    workspace: Workspace, drafts: Sequence[Draft], folder: Path, run: Run
) -> list[list[Complaint]]:
    """Have drafts checked beside the files; see `Checker.check`."""
    package = copy_package(workspace, folder)
    paths = write_drafts(drafts, package)
    found = run(package, paths)
    return [found.get(path, []) for path in paths]


def copy_package(workspace: Workspace, folder: Path) -> Path:
    """Return a copy of a package's own files; what it needs is only linked."""
    place = folder / "package"
    shutil.copytree(workspace.folder, place, ignore=shutil.ignore_patterns(_MODULES))
    modules = workspace.folder / _MODULES
    if modules.is_dir():
        (place / _MODULES).symlink_to(modules, target_is_directory=True)
    return place


def write_drafts(drafts: Sequence[Draft], package: Path) -> list[str]:
    """Write drafts and return their paths in the package, in the same order."""
    paths = []
    for number, draft in enumerate(drafts):
        original = PurePosixPath(draft.path)
        path = original.with_name(f"draft_{number}_of_{original.name}")
        (package / path).write_text(draft.text, encoding="utf-8", newline="")
        paths.append(path.as_posix())
    return paths
