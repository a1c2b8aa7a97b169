"""pip and npm, watched while they install what is pinned."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.weights.child import ChildStalledError, last_words, run_child
from engine.weights.disk import file_sizes
from engine.weights.progress import Progress, ProgressReport, Step
from evaluation.corpus.environments import interpreter_of
from evaluation.corpus.errors import CorpusError

_STALL_S = 180.0
_QUIET_PIP = ("--no-input", "--quiet", "--disable-pip-version-check", "--progress-bar", "off")
_QUIET_NPM = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


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

    def make_environment(self, place: Path, requirements: Sequence[str]) -> None:
        """Make a virtual environment with exactly these in it; it has no pip of its own.

        Raises:
            CorpusError: If one is not to be had as a wheel.
        """
        self._run([sys.executable, "-P", "-m", "venv", "--without-pip", place], self._folder)
        if requirements:
            self._install_wheels(interpreter_of(place), requirements)

    def install_node_modules(
        self, folder: Path, requirements: Sequence[str], *, with_optional: bool = False
    ) -> None:
        """Install these and what else they need into `node_modules` of a folder.

        Args:
            folder: Where.
            requirements: As npm writes them.
            with_optional: Whether what is made for this very machine is wanted too.

        Raises:
            CorpusError: If one is not to be had, or there is no npm.
        """
        npm = shutil.which("npm")
        if npm is None:
            raise CorpusError(
                f"{self._what} cannot be installed: no npm was found on the PATH; install Node.js,"
                " or measure without TypeScript"
            )
        (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        options = ("--ignore-scripts", "--legacy-peer-deps", *_QUIET_NPM)
        omitted = () if with_optional else ("--omit=optional",)
        self._run([npm, "install", *options, *omitted, *requirements], folder)

    def _install_wheels(self, interpreter: Path, requirements: Sequence[str]) -> None:
        command = [
            *(sys.executable, "-P", "-m", "pip", "--python", str(interpreter), "install"),
            *("--no-deps", "--only-binary", ":all:", "--no-compile", *_QUIET_PIP, *requirements),
        ]
        self._run(command, self._folder)

    def _run(self, command: Sequence[str | Path], folder: Path) -> None:
        temporary = self._folder / "temporary"
        temporary.mkdir(exist_ok=True)
        try:
            code = run_child(
                command,
                folder=folder,
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

    def _watch(self) -> int:
        done = sum(file_sizes(self._folder))
        message = f"Installing {self._what}"
        self._progress(ProgressReport(Step.DOWNLOAD, done, None, message))
        return done


def install_once(
    place: Path, what: str, install: Callable[[Path, Program], None], progress: Progress
) -> None:
    """Make a folder if there is none; it appears whole or not at all.

    Args:
        place: The folder.
        what: Is installed, for messages.
        install: Is given an empty folder, and what to fill it with.
        progress: Is told how it goes.

    Raises:
        CorpusError: If something is not to be had, or cannot be stored.
    """
    if place.is_dir():
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".attempt-", dir=place.parent) as attempt:
            made = Path(attempt, "made")
            made.mkdir()
            install(made, Program(what, Path(attempt), progress))
            # Without syncing: it is big, and can be had again.
            made.rename(place)
    except OSError as error:
        raise CorpusError(
            f"{what} could not be stored in {place.parent} ({error.strerror or error}); make room,"
            " or point WARMLINE_CACHE elsewhere"
        ) from error
