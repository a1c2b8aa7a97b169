"""The names in import and export statements of TypeScript and JavaScript."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitors.scanner import Scanner
from monitors.tokens import Token, TokenKind
from monitors.types import Site, SiteKind

_MODULE_AHEAD = re.compile(r"[^;{}'\"`]*\}\s*from\s*(['\"])[^'\"\n]*\1")


@dataclass(frozen=True, slots=True)
class ScriptImport:
    """An import or export as far as it is read.

    Its names stand before the module, so they are known as sites only once that is written. The
    module's path is none: it may lead to any kind of file, and through aliases of a bundler.

    Attributes:
        names: What is imported by name.
        is_name: Whether a name that comes next is one of them.
        is_list: Whether its braces are open.
        follows_type: Whether the last name may be the word `type` before the name.
    """

    names: tuple[Token, ...] = ()
    is_name: bool = False
    is_list: bool = False
    follows_type: bool = False

    def after(self, token: Token) -> "ScriptImport":
        """Return the statement with one token more."""
        text = token.text
        if token.kind is TokenKind.OPEN:
            return replace(self, is_name=text == "{", is_list=text == "{")
        if token.kind is TokenKind.CLOSE:
            return replace(self, is_name=False, is_list=False)
        if text == ",":
            return replace(self, is_name=self.is_list, follows_type=False)
        if token.kind is TokenKind.NAME and self.is_list:
            return self._with_name(token)
        return self

    def sites(self, token: Token, *, is_ended: bool) -> Iterator[Site]:
        """Return the sites that become known with `token`, the module in quotes."""
        path = token.text[1:].removesuffix(token.text[0])
        if is_ended or len(token.text) > len(path) + 1:
            for name in self.names:
                yield Site(SiteKind.IMPORT, name.start, name.text, is_ended=True, receiver=path)

    def _with_name(self, token: Token) -> "ScriptImport":
        if token.text == "as":
            return replace(self, is_name=False, follows_type=False)
        if self.follows_type:
            return replace(self, names=(*self.names[:-1], token), follows_type=False)
        if self.is_name:
            is_type = token.text == "type"
            return ScriptImport((*self.names, token), is_list=True, follows_type=is_type)
        return self


def module_ahead(after: str) -> str:
    """Return the rest of an import in whose braces the cursor stands; nothing if in none.

    Args:
        after: The document from the cursor on.
    """
    match = _MODULE_AHEAD.match(after)
    return match[0] if match else ""


def imported_ahead(scanner: Scanner, text: str, ahead: str) -> tuple[Site, ...]:
    """Return the names in `text` that the module in `ahead` makes known as sites.

    Args:
        scanner: Has read `text`; stays as it is.
        text: The document up to the end of what is written.
        ahead: What follows, up to the module.
    """
    end = len(text)
    found = scanner.clone().sites(text + ahead)
    return tuple(
        replace(
            site, name=site.name[: end - site.start], is_ended=site.start + len(site.name) < end
        )
        for site in found
        if site.kind is SiteKind.IMPORT and site.start < end and site.receiver in ahead
    )
