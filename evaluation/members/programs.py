"""pip and npm, watched while they install what is pinned."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.weights.child import ChildStalledError, last_words, run_child
from engine.weights.disk import file_sizes
from engine.weights.progress import Progress, ProgressReport, Step
from evaluation.corpus.errors import CorpusError

_STALL_S = 180.0


class Program:
    """Runs installers to their end, with progress; none outlives its work.

    Args:
        what: Is installed, for messages.
        folder: Where they work; what they print goes into a file there.
        progress: Is told how many bytes there are.
    """

    def __init__(self, what: str, folder: Path, progress: Progress) -> None:
        self._what = what
        self._folder = folder
        self._log = folder / "log.txt"
        self._progress = progress

    def run(self, command: Sequence[str | Path], folder: Path | None = None) -> None:
        """Run a command.

        Raises:
            CorpusError: If it failed, or nothing happened for too long.
        """
        temporary = self._folder / "temporary"
        temporary.mkdir(exist_ok=True)
        try:
            code = run_child(
                command,
                folder=folder or self._folder,
                log=self._log,
                environment={name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")},
                watch=self._watch,
                stall_s=_STALL_S,
            )
        except ChildStalledError as error:
            raise CorpusError(
                f"{self._what} could not be installed: nothing came for {_STALL_S:.0f} seconds;"
                " try again when the network is back"
            ) from error
        if code:
            raise CorpusError(
                f"{self._what} could not be installed ({last_words(self._log)}); check the network"
                " and what pip or npm is configured for"
            )

    def install_wheels(self, interpreter: Path, requirements: Sequence[str]) -> None:
        """Install exactly these into a virtual environment, which needs no pip of its own.

        Raises:
            CorpusError: If one is not to be had as a wheel.
        """
        self.run(
            [
                *(sys.executable, "-P", "-m", "pip", "--python", interpreter, "install"),
                *("--no-deps", "--only-binary", ":all:", "--no-compile", "--no-input", "--quiet"),
                *("--disable-pip-version-check", "--progress-bar", "off", *requirements),
            ]
        )

    def _watch(self) -> int:
        done = sum(file_sizes(self._folder))
        message = f"Installing {self._what}"
        self._progress(ProgressReport(Step.DOWNLOAD, done, None, message))
        return done


def required_npm(what: str) -> str:
    """Return where npm is.

    Raises:
        CorpusError: If there is none.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise CorpusError(
            f"{what} needs npm, and none was found on the PATH; install Node.js, or measure"
            " without TypeScript"
        )
    return npm
