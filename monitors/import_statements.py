"""The names in Python's import statements."""

from dataclasses import dataclass, replace

from monitors.tokens import Token, TokenKind
from monitors.types import Site, SiteKind


@dataclass(frozen=True, slots=True)
class ImportStatement:
    """An import statement as far as it is read.

    Attributes:
        expected: What a name would be that comes next; None where no site begins.
        has_names: Whether names out of `path` follow, and not modules.
        can_import: Whether the keyword `import` may still come, as after `from`.
        path: The module's path so far.
    """

    expected: SiteKind | None = SiteKind.MODULE
    has_names: bool = False
    can_import: bool = False
    path: str = ""

    def after(self, token: Token) -> "ImportStatement":
        """Return the statement with one token more."""
        text = token.text
        if token.kind is TokenKind.NAME:
            return self._after_name(text)
        if text == ",":
            return replace(self, expected=SiteKind.IMPORT) if self.has_names else ImportStatement()
        if text.startswith(".") and not self.has_names:
            return replace(self, expected=SiteKind.MODULE, path=self.path + text)
        return self if token.kind is TokenKind.OPEN else replace(self, expected=None)

    def _after_name(self, name: str) -> "ImportStatement":
        if name == "import" and self.can_import:
            return ImportStatement(SiteKind.IMPORT, has_names=True, path=self.path)
        path = self.path if self.has_names or name == "as" else self.path + name
        return replace(self, expected=None, path=path)

    def site(self, token: Token, *, is_ended: bool) -> Site | None:
        """Return the site of a name; None if it is no name that may be imported."""
        if self.expected is None or token.kind is not TokenKind.NAME:
            return None
        if token.text == "import" and self.can_import:
            return None
        return Site(self.expected, token.start, token.text, is_ended, receiver=self.path)

    def awaited(self, last: Token, text: str) -> Site | None:
        """Return the site at the end of `text`, if a name is to follow `last` right there."""
        is_path = last.text.startswith(".")
        if self.expected is None or text[last.stop :] != ("" if is_path else " "):
            return None
        return Site(self.expected, len(text), "", is_ended=False, receiver=self.path)
