"""Archives of packages from the registries that pip and npm are configured for.

Archives are data here: nothing of them is installed, imported or built.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.weights.child import ChildStalledError, last_words, run_child
from engine.weights.disk import file_sizes
from engine.weights.hashes import sha256_of
from engine.weights.progress import Progress, ProgressReport, Step
from evaluation.corpus.catalogue import ArchiveKind, PinnedPackage, Release
from evaluation.corpus.environments import interpreter_of
from evaluation.corpus.errors import CorpusError

_STALL_S = 120.0


def download(package: PinnedPackage, release: Release, folder: Path, progress: Progress) -> Path:
    """Fetch one release into an empty folder.

    Returns:
        A wheel or a tarball, or for a source distribution the folder pip unpacked it into; its
        sha256 is the pinned one.

    Raises:
        CorpusError: If the program or its registry is missing, or gave something else.
    """
    attempt = _Attempt(package, release, folder, progress)
    match package.archive:
        case ArchiveKind.WHEEL:
            return attempt.wheel()
        case ArchiveKind.SOURCE:
            return attempt.unpacked_source()
        case ArchiveKind.NPM:
            return attempt.npm_tarball()


class _Attempt:
    """One try at one release, in a folder of its own."""

    def __init__(
        self, package: PinnedPackage, release: Release, folder: Path, progress: Progress
    ) -> None:
        self._package, self._release = package, release
        self._folder, self._progress = folder, progress
        self._title = f"{package.name} {release.version}"
        self._log = folder / "log.txt"

    def wheel(self) -> Path:
        self._run(self._pip_download("--only-binary", ":all:", "--ignore-requires-python"))
        return self._only_file("*.whl")

    def unpacked_source(self) -> Path:
        """Stop pip after it has checked and unpacked an archive that it cannot build.

        pip asks every source distribution for its metadata, by its build tool, which may run code
        of the package. Without isolation no tool is installed for that, and the environment it
        works for has none, so pip gives up there; `--no-clean` leaves what it had unpacked by then.
        """
        bare = self._folder / "bare"
        self._run([sys.executable, "-P", "-m", "venv", "--without-pip", bare])
        self._run(
            self._pip_download(
                *("--no-binary", self._package.name, "--no-build-isolation", "--no-clean"),
                interpreter=interpreter_of(bare),
            )
        )
        unpacked = sorted(path.parent for path in self._folder.glob("*/*/PKG-INFO"))
        if len(unpacked) != 1:
            raise self._nothing_came()
        return unpacked[0]

    def npm_tarball(self) -> Path:
        npm = shutil.which("npm")
        if npm is None:
            raise CorpusError(
                f"{self._title} is fetched by npm, and no npm was found on the PATH; install"
                " Node.js, or measure without TypeScript."
            )
        specifier = f"{self._package.name}@{self._release.version}"
        self._run([npm, "pack", specifier, "--ignore-scripts", "--no-update-notifier", "--silent"])
        return self._only_file("*.tgz")

    def _pip_download(self, *options: str, interpreter: Path | None = None) -> list[str | Path]:
        """Return a pip command that checks the hash before it opens an archive.

        Args:
            options: Besides the usual ones.
            interpreter: Of the environment it works for; this one when left out.
        """
        environment = () if interpreter is None else ("--python", interpreter)
        requirements = self._folder / "requirements.txt"
        requirements.write_text(
            f"{self._package.name}=={self._release.version} --hash=sha256:{self._release.sha256}\n",
            encoding="utf-8",
        )
        return [
            *(sys.executable, "-P", "-m", "pip", *environment, "download"),
            *("--no-deps", "--no-cache-dir", "--no-input", "--disable-pip-version-check"),
            *("--progress-bar", "off", "--dest", self._folder, "--requirement", requirements),
            *options,
        ]

    def _run(self, command: Sequence[str | Path]) -> None:
        """Run a program to its end; whether it worked is seen by what it leaves."""
        with self._stalls_in_words():
            run_child(
                command,
                folder=self._folder,
                log=self._log,
                environment={name: str(self._folder) for name in ("TMPDIR", "TEMP", "TMP")},
                watch=self._watch,
                stall_s=_STALL_S,
            )

    def _watch(self) -> int:
        done = sum(file_sizes(self._folder))
        self._progress(ProgressReport(Step.DOWNLOAD, done, None, f"Downloading {self._title}"))
        return done

    @contextmanager
    def _stalls_in_words(self) -> Iterator[None]:
        try:
            yield
        except ChildStalledError as error:
            raise CorpusError(
                f"the registry sent nothing of {self._title} for {_STALL_S:.0f} seconds; try again"
                " when the network is back."
            ) from error

    def _only_file(self, pattern: str) -> Path:
        found = list(self._folder.glob(pattern))
        if len(found) != 1:
            raise self._nothing_came()
        digest = sha256_of(found[0], self._title, self._progress)
        if digest != self._release.sha256:
            raise CorpusError(
                f"{found[0].name} has the sha256 {digest} where {self._release.sha256} was pinned;"
                " it was not kept."
            )
        return found[0]

    def _nothing_came(self) -> CorpusError:
        return CorpusError(
            f"the registry did not give {self._title} ({_complaint(self._log)}); check the network"
            " and what pip or npm is configured for."
        )


def _complaint(log: Path) -> str:
    """Return the last error a program printed, or its last words."""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    errors = [line for line in lines if line.startswith(("ERROR: ", "npm error "))]
    return errors[-1] if errors else last_words(log)
