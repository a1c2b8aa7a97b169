"""Finding the environment with the packages a user's code imports. Nothing in it is run."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ..analysers import Workspace

_FOLDER_NAMES = (".venv", "venv", ".env", "env")
_VARIABLES = ("VIRTUAL_ENV", "CONDA_PREFIX")


class PythonEnvironment(NamedTuple):
    """Where packages lie.

    Attributes:
        prefix: The folder that holds `lib` or `Lib`.
        is_projects: Whether it is the project's own, and not just the Python on PATH; else a
            package may be missing there and be installed where the code is to run.
    """

    prefix: Path
    is_projects: bool


class FolderEnvironments:
    """The environments of all folders, each its own; a folder in another one may share that's."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._of = {folder: find_environment(self._around(folder)) for folder in workspace.folders}
        self._of_none = find_environment(Workspace((), workspace.interpreter))

    def of(self, folder: Path | None) -> PythonEnvironment | None:
        """Return the environment of one of the folders, or that of a file in none of them."""
        return self._of_none if folder is None else self._of.get(folder, self._of_none)

    def for_file(self, path: Path) -> PythonEnvironment | None:
        """Return the environment of the innermost folder that holds a file."""
        return self.of(next(iter(self._holding(path)), None))

    def _around(self, folder: Path) -> Workspace:
        return Workspace(self._holding(folder), self._workspace.interpreter)

    def _holding(self, path: Path) -> tuple[Path, ...]:
        """Return the folders that are or hold `path`, the innermost first."""
        holding = [each for each in self._workspace.folders if path.is_relative_to(each)]
        return tuple(sorted(holding, key=lambda each: -len(each.parts)))


def find_environment(
    workspace: Workspace, variables: Mapping[str, str] = os.environ
) -> PythonEnvironment | None:
    """Return the user's environment, None if there is none.

    The setting counts first, then a virtual environment in the folders, then an active one
    (virtual or of conda), then the Python on PATH.
    """
    for candidate in _chosen(workspace, variables):
        if has_packages(candidate):
            return PythonEnvironment(candidate, is_projects=True)
    for candidate in _on_path(variables):
        if has_packages(candidate):
            return PythonEnvironment(candidate, is_projects=False)
    return None


def _chosen(workspace: Workspace, variables: Mapping[str, str]) -> Iterator[Path]:
    if workspace.interpreter:
        yield _prefix_of(workspace.interpreter)
    for folder in workspace.folders:
        for name in _FOLDER_NAMES:
            if (folder / name / "pyvenv.cfg").is_file():
                yield folder / name
    for variable in _VARIABLES:
        if variables.get(variable):
            yield Path(variables[variable])


def _on_path(variables: Mapping[str, str]) -> Iterator[Path]:
    for command in ("python3", "python"):
        if found := shutil.which(command, path=variables.get("PATH")):
            yield _prefix_of(Path(found))
            # A link on PATH, such as /usr/local/bin/python3, may lead to the real place.
            yield _prefix_of(Path(found).resolve())


def _prefix_of(interpreter: Path) -> Path:
    """Return the folder an interpreter belongs to; an environment stands for itself.

    Links are not followed: that of a virtual environment leads out of it.
    """
    if interpreter.is_dir():
        return interpreter
    folder = interpreter.parent
    return folder.parent if folder.name in ("bin", "Scripts") else folder


def has_packages(prefix: Path) -> bool:
    """Tell whether `prefix` looks like an environment of Python."""
    if (prefix / "pyvenv.cfg").is_file() or (prefix / "Lib" / "site-packages").is_dir():
        return True
    library = prefix / "lib"
    patterns = ("python3*/site-packages", "python3*/dist-packages", "python3/dist-packages")
    return any(next(library.glob(pattern), None) for pattern in patterns)
