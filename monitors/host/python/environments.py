"""Finding the environment with the packages a user's code imports. Nothing in it is run."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..analysers import Workspace

_FOLDER_NAMES = (".venv", "venv", ".env", "env")
_VARIABLES = ("VIRTUAL_ENV", "CONDA_PREFIX")


def find_environment(
    workspace: Workspace, variables: Mapping[str, str] = os.environ
) -> Path | None:
    """Return the prefix of the user's environment: the folder that holds `lib` or `Lib`.

    The setting counts first, then a virtual environment in the workspace, then an active one
    (virtual or of conda), then the Python on PATH. None if there is none of these.
    """
    for candidate in _candidates(workspace, variables):
        if has_packages(candidate):
            return candidate
    return None


def _candidates(workspace: Workspace, variables: Mapping[str, str]) -> Iterator[Path]:
    if workspace.interpreter:
        yield _prefix_of(workspace.interpreter)
    for folder in workspace.folders:
        for name in _FOLDER_NAMES:
            if (folder / name / "pyvenv.cfg").is_file():
                yield folder / name
    for variable in _VARIABLES:
        if variables.get(variable):
            yield Path(variables[variable])
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
