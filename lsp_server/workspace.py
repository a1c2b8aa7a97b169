"""The folders an editor window has open. Plain JSON in, as in all of the first answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from completion.document_names import file_of, path_of


@dataclass(frozen=True, slots=True)
class Workspace:
    """What a window has open.

    Attributes:
        name: Of the first folder; may be empty.
        folders: Those on this machine's disk.
    """

    name: str = ""
    folders: tuple[Path, ...] = ()

    def changed(self, added: Iterable[str], removed: Iterable[str]) -> "Workspace":
        """Return what is open after folders came and went, by their URIs."""
        gone = set(_local_paths(removed))
        kept = [folder for folder in self.folders if folder not in gone]
        come = [folder for folder in _local_paths(added) if folder not in kept]
        return Workspace(self.name, (*kept, *come))


def read_workspace(params: Mapping[str, Any]) -> Workspace:
    """Read the parameters of `initialize`, those of older clients too."""
    folders = params.get("workspaceFolders")
    if isinstance(folders, list) and folders:
        known = [folder for folder in folders if isinstance(folder, Mapping)]
        name = str(known[0].get("name", "")) if known else ""
        return Workspace(name, tuple(_local_paths(str(each.get("uri", "")) for each in known)))
    for root in (params.get("rootUri"), params.get("rootPath")):
        if isinstance(root, str):
            return Workspace(PurePosixPath(path_of(root)).name, tuple(_local_paths([root])))
    return Workspace()


def _local_paths(uris: Iterable[str]) -> list[Path]:
    """Return where folders lie; what is not on this machine's disk is left out."""
    return [folder for uri in uris if (folder := file_of(uri)) is not None]
