"""Space on the disk, and folders that appear whole or not at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import DiskSpaceError, ModelError

FreeBytes = Callable[[Path], int]
_FULL = {errno.ENOSPC, errno.EDQUOT}


def free_bytes(folder: Path) -> int:
    """Return the bytes this user may still write where `folder` is or will be."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def require_space(needed_bytes: int, folder: Path, purpose: str, measure: FreeBytes) -> None:
    """Check before the work what would otherwise fail in the middle of it.

    Raises:
        DiskSpaceError: If less than `needed_bytes` are free.
    """
    found_bytes = measure(folder)
    if found_bytes < needed_bytes:
        raise DiskSpaceError(
            f"{purpose} needs {in_words(needed_bytes)} free in {folder}, but only"
            f" {in_words(found_bytes)} were found; free some space or point WARMLINE_CACHE to"
            " a folder on another disk."
        )


def in_words(num_bytes: int) -> str:
    """Write a size as people read it, in powers of ten as disks are sold."""
    size = float(num_bytes)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004 - the step between units
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def size_on_disk(path: Path) -> int:
    """Return the bytes of a file or of all files under a folder; 0 if there is none.

    Links count as the few bytes they are.
    """
    return path.stat().st_size if path.is_file() else sum(file_sizes(path))


def file_sizes(folder: Path) -> Iterator[int]:
    """Yield the size of every file under a folder, while others may be adding and removing."""
    for parent, _, names in os.walk(folder):  # unlike rglob, it steps over vanished folders
        for name in names:
            with suppress(FileNotFoundError):
                yield Path(parent, name).lstat().st_size


def publish_folder(made: Path, place: Path) -> None:
    """Put a finished folder in its place in one step, so that nobody ever sees half of it.

    Both must be on the same file system. What stood at `place` before is removed.
    """
    sync_tree(made)
    place.parent.mkdir(parents=True, exist_ok=True)
    remove_folder(place)
    made.rename(place)
    _sync(place.parent)


def remove_folder(folder: Path) -> None:
    """Take a folder away in one step, then delete it; does nothing if there is none."""
    if not folder.exists():
        return
    trash = Path(tempfile.mkdtemp(prefix=".trash-", dir=folder.parent))
    folder.rename(trash / folder.name)
    shutil.rmtree(trash)


def sync_tree(folder: Path) -> None:
    """Make sure that files and names survive a power cut."""
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that readers see the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(path)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders; renames are journalled there
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors_in_words(folder: Path) -> Iterator[None]:
    """Turn errors of the operating system into one sentence for the user.

    Raises:
        DiskSpaceError: If the disk ran full.
        ModelError: If a file could not be read or written for another reason.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskSpaceError(
                f"The disk of {folder} ran full; nothing half-made was left in place: free some"
                " space and run the same command again."
            ) from error
        raise ModelError(
            f"Weights could not be read or written at {error.filename or folder}:"
            f" {error.strerror or error}; check the permissions or point WARMLINE_CACHE to a"
            " folder of your own."
        ) from error
