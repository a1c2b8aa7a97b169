"""What may be shown of a workspace, by name alone: asked at any time, from any thread."""

import threading

from retrieval.files import FileLimits, reason_by_name
from retrieval.folders import Folder, Folders
from retrieval.ignoring import IgnoreRules


class PathRules:
    """The ignore files of some folders. Thread-safe; each is read when it is first needed."""

    def __init__(self, folders: Folders, limits: FileLimits) -> None:
        self._folders = folders
        self._limits = limits
        self._rules: dict[Folder, IgnoreRules] = {}
        self._lock = threading.Lock()

    def reason_for(self, path: str) -> str:
        """Return why a path in the index is left out, in a few words; empty if it is not."""
        if not self._folders.hold(path):
            return "in none of the folders"
        folder, inside = self._folders.folder_of(path)
        with self._lock:
            if folder not in self._rules:
                self._rules[folder] = folder.rules()
            return reason_by_name(inside, self._rules[folder], self._limits)

    def read_anew(self) -> None:
        """Believe no more what the ignore files said."""
        with self._lock:
            self._rules.clear()
