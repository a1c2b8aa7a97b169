"""Where a document was read to, so that the next watch begins near its cursor."""

from bisect import bisect_left

from monitors.languages import scanner_for
from monitors.scanner import Scanner

_SPACING = 4_000
"""Characters between two checkpoints."""


class Checkpoints:
    """Scanners along one document, kept while the text before them stays the same.

    Args:
        language: An LSP language identifier, one of those that are watched.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._document = ""
        self._scanners: list[Scanner] = []

    def scanner_at(self, document: str, offset: int) -> Scanner:
        """Return a scanner that has read `document` up to `offset`.

        Costs what lies behind the last change.
        """
        self._drop_changed(document)
        text = document[:offset]
        index = bisect_left(self._scanners, offset, key=lambda scanner: scanner.position)
        scanner = self._scanners[index - 1].clone() if index else scanner_for(self._language)
        while (limit := scanner.position + _SPACING) < offset:
            if not scanner.skip(text, limit):
                scanner.read(text, limit)
                scanner.forget()
                if scanner.position < limit:
                    break  # one long token reaches the end
            self._keep(scanner)
        scanner.skip(text, offset)
        scanner.read(text)
        scanner.forget()
        return scanner

    def _keep(self, scanner: Scanner) -> None:
        if not self._scanners or self._scanners[-1].position < scanner.position:
            self._scanners.append(scanner.clone())

    def _drop_changed(self, document: str) -> None:
        """Forget what was read past the first difference, or touches it."""

        def is_changed(scanner: Scanner) -> bool:
            read = scanner.position + 1  # a token ends where the next character says so
            return len(document) < read or self._document[:read] != document[:read]

        del self._scanners[bisect_left(self._scanners, True, key=is_changed) :]
        self._document = document
