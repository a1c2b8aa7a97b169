"""Packages as whoever works on them has them: all of their files, and what they need installed.

    <cache>/members/<package>-<version>-<hash of the requirements>/
        work/            the package's own files; the folder that an editor would open
        env/             Python: a virtual environment with what the package needs
        work/node_modules/ npm: likewise

Nothing is built and no script of a package runs: pip takes wheels only, npm no scripts, and
start-up files (`.pth`) are taken away.
"""

import csv
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.weights.location import cache_directory
from engine.weights.progress import Progress
from evaluation.corpus.catalogue import CorpusPackage
from evaluation.corpus.errors import CorpusError
from evaluation.members.programs import Program, required_npm
from evaluation.members.requirements import identity_of, requirements_of

PYTHON_TAG = f"py{sys.version_info.major}{sys.version_info.minor}"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A package that somebody works on.

    Attributes:
        title: Of the package: name and version.
        language: Of the package.
        folder: Its own files are there, at their paths in the archive.
        interpreter: Of the virtual environment with what it needs; None for npm.
    """

    title: str
    language: str
    folder: Path
    interpreter: Path | None


def workspace_of(package: CorpusPackage, progress: Progress) -> Workspace:
    """Return a package's workspace, installing what is not on the disk yet.

    Raises:
        CorpusError: If something it needs is not to be had or cannot be stored.
    """
    requirements = requirements_of(package)
    name = f"{package.name.replace('/', '--')}-{package.latest.version}"
    place = cache_directory() / "members" / f"{name}-{PYTHON_TAG}-{identity_of(requirements)}"
    if not place.is_dir():
        _install(package, requirements, place, progress)
    interpreter = _interpreter(place / "env") if package.language == "python" else None
    return Workspace(package.title, package.language, place / "work", interpreter)


def _install(
    package: CorpusPackage, requirements: tuple[str, ...], place: Path, progress: Progress
) -> None:
    """Make a workspace; it appears whole or not at all."""
    install = _install_python if package.language == "python" else _install_npm
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".attempt-", dir=place.parent) as attempt:
            made = Path(attempt, "made")
            made.mkdir()
            program = Program(f"what {package.title} needs", Path(attempt), progress)
            install(package, requirements, made, program)
            made.rename(place)
    except OSError as error:
        raise CorpusError(
            f"{package.title} could not be installed in {place.parent}"
            f" ({error.strerror or error}); make room, or point WARMLINE_CACHE elsewhere"
        ) from error


def _install_python(
    package: CorpusPackage, requirements: tuple[str, ...], made: Path, program: Program
) -> None:
    environment = made / "env"
    program.run([sys.executable, "-P", "-m", "venv", "--without-pip", environment])
    program.install_wheels(_interpreter(environment), requirements)
    site = _site_packages(environment)
    for start_up in site.glob("*.pth"):
        start_up.unlink()
    for path in _own_files(site, package):
        place = made / "work" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        (site / path).rename(place)


def _own_files(site: Path, package: CorpusPackage) -> Iterator[PurePosixPath]:
    """Yield the files that pip put there for a package, but for what it says about it."""
    name = package.name.replace("-", "_")
    records = list(site.glob(f"{name}-{package.latest.version}.dist-info/RECORD"))
    if len(records) != 1:
        raise CorpusError(
            f"pip installed {package.title} without a list of its files in {site}; it cannot be"
            " told from what it needs"
        )
    with records[0].open(encoding="utf-8", newline="") as lines:
        paths = [PurePosixPath(row[0]) for row in csv.reader(lines) if row]
    for path in paths:
        is_own = ".." not in path.parts and not path.parts[0].endswith(".dist-info")
        if is_own and (site / path).is_file():
            yield path


def _install_npm(
    package: CorpusPackage, requirements: tuple[str, ...], made: Path, program: Program
) -> None:
    """Let npm put all side by side, and take the package itself out of there."""
    work, attempt = made / "work", made / "attempt"
    attempt.mkdir()
    (attempt / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    program.run(
        [
            *(required_npm(package.title), "install", "--ignore-scripts", "--no-audit"),
            *("--no-fund", "--no-update-notifier", "--legacy-peer-deps", "--loglevel=error"),
            *requirements,
        ],
        folder=attempt,
    )
    (attempt / "node_modules" / package.name).rename(work)
    others = work / "node_modules"
    others.mkdir(exist_ok=True)
    for entry in sorted((attempt / "node_modules").iterdir()):
        if not (others / entry.name).exists():  # its own, of another version, counts
            entry.rename(others / entry.name)
    shutil.rmtree(attempt)


def _interpreter(environment: Path) -> Path:
    return _scheme_path(environment, "scripts") / ("python.exe" if sys.platform == "win32" else "python")


def _site_packages(environment: Path) -> Path:
    return _scheme_path(environment, "purelib")


def _scheme_path(environment: Path, name: str) -> Path:
    base = {"base": str(environment), "platbase": str(environment)}
    return Path(sysconfig.get_path(name, "venv", base))
