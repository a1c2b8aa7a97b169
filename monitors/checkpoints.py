"""Where a document was read to, so that the next watch begins near its cursor."""

from bisect import bisect_left
from collections.abc import Iterator

from monitors.languages import scanner_for
from monitors.scanner import Scanner

_SPACING = 2_000
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
        scanner = self._nearest(offset)
        while self._go_on(scanner, text):
            pass
        scanner.skip(text, offset)
        scanner.read(text)
        scanner.forget()
        return scanner

    def reading(self, document: str, offset: int) -> Iterator[None]:
        """Read `document` up to near `offset`, from one checkpoint to the next in each step.

        Ends early if another document is read meanwhile.
        """
        self._drop_changed(document)
        text = document[:offset]
        scanner = self._nearest(offset)
        while self._document is document and self._go_on(scanner, text):
            yield

    def _nearest(self, offset: int) -> Scanner:
        """Return a scanner that has read as far as is known, but not past `offset`."""
        index = bisect_left(self._scanners, offset, key=lambda scanner: scanner.position)
        return self._scanners[index - 1].clone() if index else scanner_for(self._language)

    def _go_on(self, scanner: Scanner, text: str) -> bool:
        """Read on to the next checkpoint; False where there is none before the end of `text`."""
        limit = scanner.position + _SPACING
        if limit >= len(text):
            return False
        if not scanner.skip(text, limit):
            scanner.read(text, limit)
            scanner.forget()
            if scanner.position < limit:
                return False  # one long token reaches the end
        self._keep(scanner)
        return True

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
