"""The analysers' own environment: made once, in the user's cache, and checked by a stamp."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from monitors.analysis.errors import SetUpError
from monitors.analysis.installing import install_npm_packages, install_python_packages

HOST_FOLDER = Path(__file__).resolve().parents[1] / "host"
LOCK_TIMEOUT_S = 900.0
NEEDED_BYTES = 1_000_000_000
_KEPT_S = 30 * 24 * 3600.0
_STAMP = "warmline-stamp"

Progress = Callable[[str], None]
"""Takes a line about what is being done now."""


@dataclass(frozen=True, slots=True)
class EnvironmentState:
    """What is there of the analysers.

    Attributes:
        folder: Of this version's environment.
        is_ready: Whether all of it is installed.
        wanted: What is needed, `name==version` each.
    """

    folder: Path
    is_ready: bool
    wanted: tuple[str, ...]


class AnalysisEnvironment:
    """A virtual environment for the analysis host, one for each set of requirements.

    Args:
        folder: Holds the environments of all versions; made when needed.
        host: What is installed for: the folder with `requirements.txt`.
    """

    def __init__(self, folder: Path, host: Path = HOST_FOLDER) -> None:
        self._all = folder
        self.host = host
        self._digest = _digest(host)
        self.folder = folder / self._digest[:12]

    @property
    def python(self) -> Path:
        """The interpreter to start the host with."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def state(self) -> EnvironmentState:
        """Return what is there. Quick: reads a few small files."""
        return EnvironmentState(self.folder, self.is_ready(), _wanted(self.host))

    def is_ready(self) -> bool:
        """Tell whether everything is installed, for these requirements and this place."""
        try:
            stamp = (self.folder / _STAMP).read_text(encoding="utf-8")
        except OSError:
            return False
        return stamp == self._digest and self.python.exists()

    def install(self, progress: Progress, *, is_again: bool = False) -> None:
        """Make the environment unless it is there. Blocks: minutes at worst, then never again.

        Of several who install at once, one does the work and the others wait for it.

        Args:
            progress: Told what is being done.
            is_again: Make it anew even if it is there.

        Raises:
            SetUpError: If that fails, offline for instance; what is half done is redone next time.
        """
        if self.is_ready() and not is_again:
            return
        with self._locked(progress):
            if self.is_ready() and not is_again:
                return
            self._check_space()
            self._make(progress)
            self._drop_older()

    def _make(self, progress: Progress) -> None:
        (self.folder / _STAMP).unlink(missing_ok=True)
        progress("making an environment for the analysers")
        _run_venv(self.folder)
        install_python_packages(self.python, self.host / "requirements.txt", progress)
        install_npm_packages(self.host / "node", self.folder / "node", progress)
        (self.folder / _STAMP).write_text(self._digest, encoding="utf-8")
        progress("the analysers are installed")

    @contextmanager
    def _locked(self, progress: Progress) -> Iterator[None]:
        try:
            self._all.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._all / "install.lock")
            try:
                lock.acquire(blocking=False)
            except Timeout:
                progress("waiting for another Warmline, which is installing the analysers")
                lock.acquire(timeout=LOCK_TIMEOUT_S)
        except Timeout as error:
            raise SetUpError(
                f"Another Warmline has been installing the analysers for {LOCK_TIMEOUT_S:g} s;"
                " end it, then run `warmline analysers install`."
            ) from error
        except OSError as error:
            raise SetUpError(_cannot_write(self._all, error)) from error
        try:
            yield
        finally:
            lock.release()

    def _check_space(self) -> None:
        free_bytes = shutil.disk_usage(self._all).free
        if free_bytes < NEEDED_BYTES:
            raise SetUpError(
                f"The analysers need {NEEDED_BYTES >> 20} MiB in {self._all} and"
                f" {free_bytes >> 20} MiB are free; make room, or point WARMLINE_CACHE elsewhere."
            )

    def touch(self) -> None:
        """Say that it is used, so that it is not taken for an old one."""
        with suppress(OSError):  # another user's folder serves as well
            (self.folder / _STAMP).touch()

    def _drop_older(self) -> None:
        """Remove environments of other versions that were not used for long."""
        for stamp in self._all.glob(f"*/{_STAMP}"):
            with suppress(OSError):  # what cannot be removed stays
                if time.time() - stamp.stat().st_mtime > _KEPT_S:
                    shutil.rmtree(stamp.parent)


def _digest(host: Path) -> str:
    """Return a hash of what is installed, and of the Python it is installed for."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}{sys.platform}".encode())
    for name in ("requirements.txt", "node/package-lock.json"):
        path = host / name
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()


def _wanted(host: Path) -> tuple[str, ...]:
    lines = (host / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line.split()[0] for line in lines if line.strip() and not line.startswith("#"))


def _run_venv(folder: Path) -> None:
    """Make a virtual environment, over a half-made one if there is one."""
    command = [sys.executable, "-I", "-m", "venv", "--clear", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
        raise SetUpError(
            f"{sys.executable} cannot make a virtual environment in {folder} ({last[0]});"
            " install its venv module and make sure there is room."
        )


def _cannot_write(folder: Path, error: OSError) -> str:
    return (
        f"{folder} cannot be written ({error.strerror or error}); change its permissions, or point"
        " WARMLINE_CACHE to a folder of your own."
    )
