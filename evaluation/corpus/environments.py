"""Where things lie in a virtual environment."""

import sys
import sysconfig
from pathlib import Path


def interpreter_of(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    name = "python.exe" if sys.platform == "win32" else "python"
    return _scheme_path(environment, "scripts") / name


def site_packages_of(environment: Path) -> Path:
    """Return where a virtual environment has its packages."""
    return _scheme_path(environment, "purelib")


def _scheme_path(environment: Path, name: str) -> Path:
    base = {"base": str(environment), "platbase": str(environment)}
    return Path(sysconfig.get_path(name, "venv", base))
