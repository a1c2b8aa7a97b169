"""Which folder a file belongs to, where no editor says it."""

import tempfile
from pathlib import Path

_REPOSITORIES = (".git", ".hg", ".jj", ".svn")
_PROJECTS = (
    ".warmlineignore",
    "pyproject.toml",
    "setup.py",
    "package.json",
    "Cargo.toml",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "CMakeLists.txt",
)


def repository_root(file: Path) -> Path | None:
    """Return the folder to search for what helps in a file; None where that would be too much.

    It is the repository the file is in, else the project, by the files that name one, else its
    own folder; but never the home folder, one above it, or the one for temporary files.
    """
    folder = file.resolve().parent
    candidates = [each for each in (folder, *folder.parents) if not _is_too_much(each)]
    for marks in (_REPOSITORIES, _PROJECTS):
        for candidate in candidates:
            if any((candidate / mark).exists() for mark in marks):
                return candidate
    return folder if folder in candidates else None


def _is_too_much(folder: Path) -> bool:
    home, temporary = Path.home(), Path(tempfile.gettempdir()).resolve()
    return home.is_relative_to(folder) or temporary.is_relative_to(folder)
