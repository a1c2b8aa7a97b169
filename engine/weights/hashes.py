"""sha256 of large files, computed once."""

import hashlib
import json
from pathlib import Path

from engine.weights.disk import write_whole
from engine.weights.progress import Progress, ProgressReport, Step

_BLOCK_BYTES = 8 << 20


def sha256_of(path: Path, title: str, progress: Progress) -> str:
    """Return the sha256 of a file in hexadecimal. Cost: one read of the file.

    `title` is how progress messages call it.
    """
    digest = hashlib.sha256()
    done, total = 0, path.stat().st_size
    message = f"Checking {title}"
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            progress(ProgressReport(Step.CHECK, done, total, message))
    return digest.hexdigest()


class HashMemory:
    """Remembers the hash of files by path, size and time of change.

    Kept in a JSON file. Two writers at once may lose an entry, which costs a second read.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def sha256(self, path: Path, progress: Progress) -> str:
        """Return the sha256 of a file, from memory if the file looks untouched."""
        key, fingerprint = str(path.resolve()), _fingerprint(path)
        known = self._load()
        if known.get(key, [])[:2] == fingerprint:
            return str(known[key][2])
        digest = sha256_of(path, path.name, progress)
        write_whole(self._file, json.dumps({**self._load(), key: [*fingerprint, digest]}))
        return digest

    def _load(self) -> dict[str, list[int | str]]:
        """Return what is remembered; a missing or damaged file is an empty memory."""
        try:
            known = json.loads(self._file.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}


def _fingerprint(path: Path) -> list[int | str]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
