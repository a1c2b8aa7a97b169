"""The folders of a workspace that is not searched. What is ignored in them is nobody's to read."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from completion.context.repositories import NoRepositories
from completion.document_names import file_around
from retrieval.files import FileLimits
from retrieval.folders import Folders
from retrieval.ignoring import is_from_ignore_file
from retrieval.path_rules import PathRules

_BELIEVED_S = 2.0
"""How long ignore files count as read: nothing watches them here, and reading takes little."""


class UnsearchedRepositories(NoRepositories):
    """Nothing to search, but folders with ignore files: implements `Repositories`.

    Args:
        folders: Of the workspace.
        now_s: A clock.
    """

    def __init__(
        self, folders: Sequence[Path], now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._now_s = now_s
        self.use_folders(folders)

    def is_ignored(self, name: str) -> bool:
        """Tell whether an ignore file of a folder names a document, or what it is part of."""
        self._believe_for_a_while()
        file = file_around(name)
        return file is not None and any(folder.ignores(file) for folder in self._folders)

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Mind the ignore files of these folders from now on, and of no others."""
        self._folders = tuple(_FolderRules(folder) for folder in folders)
        self._read_at_s = self._now_s()

    def _believe_for_a_while(self) -> None:
        now_s = self._now_s()
        if now_s - self._read_at_s > _BELIEVED_S:
            self._read_at_s = now_s
            for folder in self._folders:
                folder.rules.read_anew()


class _FolderRules:
    """The ignore files of one folder; each is read when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folders = Folders([folder])
        self.rules = PathRules(self._folders, FileLimits())

    def ignores(self, file: Path) -> bool:
        path = self._folders.path_of(file)
        return path is not None and is_from_ignore_file(self.rules.reason_for(path))
