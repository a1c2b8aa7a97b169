"""Where documents lie, as analysers are to see them."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from completion.document import Document
from completion.document_names import file_of, scheme_of

_SUFFIXES = {
    "c": ".c",
    "cpp": ".cpp",
    "java": ".java",
    "javascript": ".js",
    "javascriptreact": ".jsx",
    "python": ".py",
    "typescript": ".ts",
    "typescriptreact": ".tsx",
}
"""Of files in the languages that are analysed."""


class DocumentPaths:
    """Gives each document a path, and the same one until it is closed.

    A document that was never saved lies in no file. It gets a path in the first folder that is
    open, as if it were to be saved there, so that analysis sees the packages and modules that
    it may use. Nothing is ever written there.

    Args:
        folders: That are open.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self.folders = tuple(folders)
        self._paths: dict[str, Path] = {}

    def of(self, document: Document) -> Path | None:
        """Return a document's path; None where analysis has nothing to go by."""
        path = self._paths.get(document.name) or self._find(document)
        if path is not None:
            self._paths[document.name] = path
        return path

    def forget(self, name: str) -> Path | None:
        """Return the path of a document that was closed; None if it had none."""
        return self._paths.pop(name, None)

    def _find(self, document: Document) -> Path | None:
        if file := file_of(document.name):
            return file
        suffix = _SUFFIXES.get(document.language)
        if scheme_of(document.name) != "untitled" or suffix is None or not self.folders:
            return None
        return self.folders[0] / f"untitled_{_digest(document.name)}{suffix}"


def _digest(name: str) -> str:
    return blake2b(name.encode(errors="replace"), digest_size=8).hexdigest()
