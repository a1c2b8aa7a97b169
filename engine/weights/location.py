"""Where things lie on this machine."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "WARMLINE_CACHE"
SNAPSHOT_VARIABLE = "WARMLINE_SNAPSHOT_DIR"


def cache_directory() -> Path:
    """Return the folder for everything that can be made again; nothing is created."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_cache_path("warmline", appauthor=False)


def packed_folder() -> Path:
    """Return the folder of packed weights, which an engine makes for its own machine."""
    return cache_directory() / "packed"


def vector_file() -> Path:
    """Return the file of vectors that text encoders made of chunks of repositories."""
    return cache_directory() / "vectors" / "chunks.sqlite"


def snapshot_folder() -> Path:
    """Return the folder of caches kept for the next engine; it holds text of documents."""
    if chosen := os.environ.get(SNAPSHOT_VARIABLE):
        return Path(chosen).expanduser().absolute()
    return cache_directory() / "snapshots"


@dataclass(frozen=True, slots=True)
class StoreLayout:
    """The paths inside a store. Folders of models stand at the top, unfinished work does not.

    <root>/<name>/             a model, complete: it was put there by one rename
    <root>/.partial/<name>/    what a download or conversion has so far
    <root>/.locks/<name>.lock  held by whoever works on that model
    <root>/.hashes.json        sha256 of GGUF files elsewhere on the disk
    """

    root: Path

    def model(self, name: str) -> Path:
        """Return the folder of a finished model."""
        return self.root / name

    def partial(self, name: str) -> Path:
        """Return the folder of unfinished work; a killed pull goes on from there."""
        return self.root / ".partial" / name

    def lock(self, name: str) -> Path:
        """Return the file that one worker at a time holds locked."""
        return self.root / ".locks" / f"{name}.lock"

    @property
    def hashes(self) -> Path:
        """Return the file of remembered hashes."""
        return self.root / ".hashes.json"

    def model_names(self) -> list[str]:
        """Return the names of all folders that stand where models stand, sorted."""
        return _folder_names(self.root)

    def stored_names(self) -> list[str]:
        """Return the names of all models, finished or not, sorted."""
        return sorted({*self.model_names(), *_folder_names(self.root / ".partial")})


def _folder_names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(
        path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    )
