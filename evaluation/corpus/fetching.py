"""Packages on this disk: fetched once, kept as the plain text of their source files."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.weights.disk import publish_folder
from engine.weights.location import cache_directory
from engine.weights.progress import Progress
from evaluation.corpus.archives import read_archive
from evaluation.corpus.catalogue import PinnedPackage, Release
from evaluation.corpus.errors import CorpusError
from evaluation.corpus.registries import download
from evaluation.corpus.sources import is_source_path, usable_text

Files = Mapping[str, str]
"""Texts by path, both as in the archive, in the order of the paths."""


@dataclass(frozen=True, slots=True)
class PackageSource:
    """The source files of a package's releases."""

    package: PinnedPackage
    texts: Mapping[str, Files]  # by version

    def files(self, version: str) -> Files:
        """Return the source files of one version.

        Raises:
            KeyError: If it is none that is pinned.
        """
        return self.texts[version]

    @property
    def latest(self) -> Files:
        """The source files that are measured with."""
        return self.texts[self.package.latest.version]

    @property
    def previous(self) -> Files:
        """The same files one release earlier; the latest where only that is pinned."""
        return self.texts[self.package.releases[0].version]


@dataclass(frozen=True, slots=True)
class Corpus:
    """What could be had of the packages asked for."""

    sources: tuple[PackageSource, ...]
    complaints: tuple[str, ...]  # one sentence for each package that is missing


def fetch_all(packages: Sequence[PinnedPackage], progress: Progress) -> Corpus:
    """Fetch packages; one that cannot be had costs a sentence, and the rest goes on."""
    sources, complaints = [], []
    for package in packages:
        try:
            sources.append(fetch(package, progress))
        except CorpusError as error:
            complaints.append(str(error))
    return Corpus(tuple(sources), tuple(complaints))


def fetch(package: PinnedPackage, progress: Progress) -> PackageSource:
    """Return a package's source files, downloading what is not on the disk yet.

    Raises:
        CorpusError: If a release is not to be had, is not what was pinned, or cannot be stored.
    """
    texts = {}
    for release in package.releases:
        folder = _folder_of(package, release)
        if not folder.is_dir():
            _bring(package, release, folder, progress)
        texts[release.version] = _read(folder, package.language)
    return PackageSource(package, texts)


def is_fetched(package: PinnedPackage) -> bool:
    """Tell whether `fetch` would find all releases on this disk."""
    return all(_folder_of(package, release).is_dir() for release in package.releases)


def _folder_of(package: PinnedPackage, release: Release) -> Path:
    """Return where a release is kept; the hash in the name makes another pin another folder."""
    name = package.name.replace("/", "--")
    return cache_directory() / "corpus" / f"{name}-{release.version}-{release.sha256[:12]}"


def _bring(package: PinnedPackage, release: Release, folder: Path, progress: Progress) -> None:
    """Download a release and keep its source files; they appear whole or not at all."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".attempt-", dir=folder.parent) as place:
            attempt, kept = Path(place, "download"), Path(place, "kept")
            attempt.mkdir()
            kept.mkdir()
            archive = download(package, release, attempt, progress)
            _keep_sources(archive, kept, package.language)
            publish_folder(kept, folder)
    except OSError as error:
        raise CorpusError(
            f"{package.name} {release.version} could not be stored in {folder.parent}"
            f" ({error.strerror or error}); make room, or point WARMLINE_CACHE elsewhere."
        ) from error


def _keep_sources(archive: Path, folder: Path, language: str) -> None:
    for path, content in read_archive(archive, partial(is_source_path, language=language)):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)


def _read(folder: Path, language: str) -> Files:
    """Return the usable files of a kept release."""
    texts = {}
    for place in sorted(file for file in folder.rglob("*") if file.is_file()):
        path = place.relative_to(folder).as_posix()
        text = usable_text(place.read_bytes())
        if text is not None and is_source_path(path, language):
            texts[path] = text
    return texts
