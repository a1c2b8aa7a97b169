"""Reading the files of an archive without putting it on the disk."""

import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from evaluation.corpus.errors import CorpusError
from evaluation.corpus.sources import MOST_FILE_BYTES

_MOST_BYTES = 64 * 1024 * 1024
"""Of all files that are taken from one archive."""

Wanted = Callable[[str], bool]
"""Tells from a file's path whether it is to be read."""


def read_archive(archive: Path, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the wanted files, in the archive's order.

    Paths are relative and stay inside; links and what is larger than any source file are left
    out. A folder is read as an archive that somebody has unpacked.

    Raises:
        CorpusError: If the archive is damaged, or holds far more than a package does.
    """
    taken_bytes = 0
    try:
        for path, content in _members(archive, lambda path: _is_inside(path) and wanted(path)):
            taken_bytes += len(content)
            if taken_bytes > _MOST_BYTES:
                raise CorpusError(
                    f"{archive.name} holds more than {_MOST_BYTES} bytes of source code, which no"
                    " pinned package does; nothing of it was kept."
                )
            yield path, content
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise CorpusError(
            f"{archive.name} is damaged ({error}) and was not kept; fetch it again."
        ) from error


def _members(archive: Path, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    if archive.is_dir():
        return _unpacked_members(archive, wanted)
    if archive.suffix == ".whl":
        return _zip_members(archive, wanted)
    return _tar_members(archive, wanted)


def _zip_members(archive: Path, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            is_link = stat.S_ISLNK(member.external_attr >> 16)
            if not is_link and member.file_size <= MOST_FILE_BYTES and wanted(member.filename):
                yield member.filename, opened.read(member)


def _tar_members(archive: Path, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as opened:
        for member in opened:
            path = _without_first_folder(member.name)
            if not member.isfile() or member.size > MOST_FILE_BYTES or not wanted(path):
                continue
            if (file := opened.extractfile(member)) is not None:
                yield path, file.read()


def _unpacked_members(folder: Path, wanted: Wanted) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        is_plain = file.is_file() and not file.is_symlink()
        if is_plain and file.stat().st_size <= MOST_FILE_BYTES and wanted(path):
            yield path, file.read_bytes()


def _without_first_folder(path: str) -> str:
    """Take away the folder that everything in a tarball of a package is in."""
    return path.split("/", 1)[-1]


def _is_inside(path: str) -> bool:
    place = PurePosixPath(path)
    return not place.is_absolute() and ".." not in place.parts and not set(path) & {"\\", ":", "\0"}
