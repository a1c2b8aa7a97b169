"""The folders of a workspace, and one name for each file in them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.ignoring import IgnoreRules


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a workspace.

    Attributes:
        root: Absolute, without links.
        given_root: Absolute, as whoever opened it spells it.
        prefix: What the paths of its files begin with in the index; empty for a single folder.
        apart: Directories in it that are folders themselves.
    """

    root: Path
    given_root: Path
    prefix: str = ""
    apart: tuple[str, ...] = ()

    def rules(self) -> IgnoreRules:
        """Read the ignore files anew."""
        return IgnoreRules(self.root, self.apart)


class Folders:
    """The folders of a workspace.

    A file's path in the index is relative to its folder. With several folders the name of the
    folder goes before it, and a number behind that name where two have the same.

    Args:
        roots: The folders; one may lie inside another.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        given = {root.resolve(): root.absolute() for root in roots}
        prefixes = _prefixes([root.name for root in given])
        self._folders = tuple(
            Folder(root, given[root], prefix, tuple(_inside(root, given)))
            for root, prefix in zip(given, prefixes, strict=True)
        )

    def __iter__(self) -> Iterator[Folder]:
        return iter(self._folders)

    def path_of(self, file: Path) -> str | None:
        """Return the path in the index of what lies in one of the folders, else None.

        Args:
            file: Absolute; need not exist.
        """
        file = Path(os.path.normpath(file))
        found = [
            (len(root.parts), folder.prefix, file.relative_to(root).as_posix())
            for folder in self._folders
            for root in (folder.root, folder.given_root)
            if file != root and file.is_relative_to(root)
        ]
        if not found:
            return None
        _, prefix, relative = max(found)
        return prefix + relative

    def hold(self, path: str) -> bool:
        """Tell whether a path in the index is in one of the folders."""
        return any(path.startswith(folder.prefix) for folder in self._folders)

    def file_of(self, path: str) -> Path:
        """Return where the file of a path in the index lies.

        Raises:
            KeyError: If the path is in none of the folders.
        """
        folder, inside = self.folder_of(path)
        return folder.root / inside

    def folder_of(self, path: str) -> tuple[Folder, str]:
        """Return the folder of a path in the index, and the path in that folder.

        Raises:
            KeyError: If the path is in none of the folders.
        """
        for folder in self._folders:
            if path.startswith(folder.prefix):
                return folder, path.removeprefix(folder.prefix)
        raise KeyError(path)


def _prefixes(names: Sequence[str]) -> list[str]:
    if len(names) == 1:
        return [""]
    prefixes: list[str] = []
    for name in names:
        prefix, number = f"{name}/", 1
        while prefix in prefixes:
            number += 1
            prefix = f"{name}-{number}/"
        prefixes.append(prefix)
    return prefixes


def _inside(root: Path, others: Iterable[Path]) -> Iterator[str]:
    for other in others:
        if other != root and other.is_relative_to(root):
            yield other.relative_to(root).as_posix()
