"""Where a document was read to, so that the next watch begins near its cursor."""

from bisect import bisect_left

from monitors.languages import scanner_for
from monitors.scanner import Scanner

_SPACING = 4_000
"""Characters between two checkpoints."""


class Checkpoints:
    """Scanners along one document, kept while the text before them stays the same."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._text = ""
        self._scanners: list[Scanner] = []

    def scanner_at_end(self, text: str) -> Scanner | None:
        """Return a scanner that has read `text`, the document up to the cursor.

        Costs what lies behind the last change. None if the language has no monitors.
        """
        self._drop_changed(text)
        scanner = self._scanners[-1].clone() if self._scanners else scanner_for(self._language)
        if scanner is None:
            return None
        while scanner.position + _SPACING < len(text):
            position = scanner.position
            scanner.read(text, position + _SPACING)
            if scanner.position < position + _SPACING:
                break  # one long token reaches the end
            scanner.forget()
            self._scanners.append(scanner.clone())
        scanner.read(text)
        scanner.forget()
        return scanner

    def _drop_changed(self, text: str) -> None:
        """Forget what was read past the first difference, or touches it."""

        def is_changed(scanner: Scanner) -> bool:
            read = scanner.position + 1  # a token ends where the next character says so
            return len(text) < read or self._text[:read] != text[:read]

        del self._scanners[bisect_left(self._scanners, True, key=is_changed) :]  # noqa: FBT003
        self._text = text
