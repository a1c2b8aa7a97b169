"""Packages as whoever works on them has them: all of their files, and what they need installed.

    <cache>/members/<package>-<version>-<Python>-<hash of the requirements>/
        work/               the package's own files; the folder that an editor would open
        env/                Python: a virtual environment with what the package needs
        work/node_modules/  npm: likewise
        work/compile_flags.txt  C and C++: what a compiler is to be told

Nothing is built and no script of a package runs: pip takes wheels or unpacks archives only, npm
runs no scripts, and start-up files (`.pth`) are taken away.
"""

import csv
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.weights.location import cache_directory
from engine.weights.progress import Progress
from evaluation.corpus.catalogue import ArchiveKind, PinnedPackage
from evaluation.corpus.environments import interpreter_of, site_packages_of
from evaluation.corpus.errors import CorpusError
from evaluation.corpus.registries import download
from evaluation.members.programs import Program, install_once
from evaluation.members.requirements import Build, build_of, identity_of, requirements_of

FLAGS_NAME = "compile_flags.txt"
"""Where clangd, and whoever starts a compiler, finds what to tell it: a flag a line."""
PYTHON_TAG = f"py{sys.version_info.major}{sys.version_info.minor}"


def members_folder() -> Path:
    """Return where all that is installed for this suite lies."""
    return cache_directory() / "members"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A package that somebody works on.

    Attributes:
        title: Of the package: name and version.
        language: Of the package.
        folder: Its own files are there, at their paths in the archive.
        interpreter: Of the virtual environment with what it needs; None but for Python.
    """

    title: str
    language: str
    folder: Path
    interpreter: Path | None


def workspace_of(package: PinnedPackage, progress: Progress) -> Workspace:
    """Return a package's workspace, installing what is not on the disk yet.

    Raises:
        CorpusError: If something it needs is not to be had or cannot be stored.
    """
    requirements, build = requirements_of(package), build_of(package)
    name = f"{package.name.replace('/', '--')}-{package.latest.version}"
    place = members_folder() / f"{name}-{PYTHON_TAG}-{identity_of(requirements, build)}"

    def install(made: Path, program: Program) -> None:
        match package.archive:
            case ArchiveKind.WHEEL:
                _install_python(package, requirements, made, program)
            case ArchiveKind.NPM:
                _install_npm(package, requirements, made, program)
            case ArchiveKind.SOURCE:
                _unpack_source(package, made, progress)
        _configure(build, made / "work")

    install_once(place, package.title, install, progress)
    is_python = package.archive is ArchiveKind.WHEEL
    interpreter = interpreter_of(place / "env") if is_python else None
    return Workspace(package.title, package.language, place / "work", interpreter)


def _install_python(
    package: PinnedPackage, requirements: tuple[str, ...], made: Path, program: Program
) -> None:
    """Install all into one environment, and take the package's own files out of it."""
    program.make_environment(made / "env", requirements)
    site = site_packages_of(made / "env")
    for start_up in site.glob("*.pth"):
        start_up.unlink()
    for path in _own_files(site, package):
        place = made / "work" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        (site / path).rename(place)


def _own_files(site: Path, package: PinnedPackage) -> Iterator[PurePosixPath]:
    """Yield the files that pip put there for a package, but for what it says about it."""
    name = package.name.replace("-", "_")
    records = list(site.glob(f"{name}-{package.latest.version}.dist-info/RECORD"))
    if len(records) != 1:
        raise CorpusError(
            f"pip installed {package.title} without a list of its files in {site}; they cannot be"
            " told from those of other packages"
        )
    with records[0].open(encoding="utf-8", newline="") as lines:
        paths = [PurePosixPath(row[0]) for row in csv.reader(lines) if row]
    for path in paths:
        is_own = ".." not in path.parts and not path.parts[0].endswith(".dist-info")
        if is_own and (site / path).is_file():
            yield path


def _install_npm(
    package: PinnedPackage, requirements: tuple[str, ...], made: Path, program: Program
) -> None:
    """Let npm put all side by side, and take the package itself out of there."""
    work, attempt = made / "work", made / "attempt"
    attempt.mkdir()
    program.install_node_modules(attempt, requirements)
    (attempt / "node_modules" / package.name).rename(work)
    others = work / "node_modules"
    others.mkdir(exist_ok=True)
    for entry in _modules(attempt / "node_modules"):
        place = others / entry.relative_to(attempt / "node_modules")
        place.parent.mkdir(exist_ok=True)
        if not place.exists():  # what the package has of its own, in another version, counts
            entry.rename(place)
    shutil.rmtree(attempt)


def _unpack_source(package: PinnedPackage, made: Path, progress: Progress) -> None:
    """Take a source distribution as it is; it brings what it needs."""
    attempt = made / "attempt"
    attempt.mkdir()
    download(package, package.latest, attempt, progress).rename(made / "work")
    shutil.rmtree(attempt)


def _configure(build: Build, work: Path) -> None:
    """Write what the package's own build would leave for a compiler."""
    for path, text in build.headers.items():
        (work / path).write_text(text, encoding="utf-8")
    if build.flags:
        (work / FLAGS_NAME).write_text("\n".join(build.flags) + "\n", encoding="utf-8")


def _modules(folder: Path) -> Iterator[Path]:
    """Yield the modules of a folder, those with a scope too."""
    for entry in sorted(folder.iterdir()):
        yield from sorted(entry.iterdir()) if entry.name.startswith("@") else (entry,)
