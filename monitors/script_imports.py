"""The names in import and export statements of TypeScript and JavaScript."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from monitors.tokens import Token, TokenKind
from monitors.types import Site, SiteKind

_SEGMENT = re.compile(r"[^/]+")


@dataclass(frozen=True, slots=True)
class ScriptImport:
    """An import or export as far as it is read.

    Its names stand before the module, so they are known as sites only once that is written.

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
        is_closed = is_ended or len(token.text) > len(path) + 1
        if is_closed:
            for name in self.names:
                yield Site(SiteKind.IMPORT, name.start, name.text, is_ended=True, receiver=path)
        yield from module_sites(path, token.start + 1, is_closed=is_closed)

    def _with_name(self, token: Token) -> "ScriptImport":
        if token.text == "as":
            return replace(self, is_name=False, follows_type=False)
        if self.follows_type:
            return replace(self, names=(*self.names[:-1], token), follows_type=False)
        if self.is_name:
            is_type = token.text == "type"
            return ScriptImport((*self.names, token), is_list=True, follows_type=is_type)
        return self


def module_sites(path: str, start: int, *, is_closed: bool) -> Iterator[Site]:
    """Return the sites of a module's path: the package, or each part of a relative one.

    Args:
        path: As far as it is written, without quotes.
        start: Where it begins.
        is_closed: Whether it is all there.
    """
    if not path.startswith("."):
        count = 2 if path.startswith("@") else 1
        package = "/".join(path.split("/")[:count])
        is_ended = is_closed or path.count("/") >= count
        yield Site(SiteKind.MODULE, start, package, is_ended)
        return
    for match in _SEGMENT.finditer(path):
        if match[0] not in (".", ".."):
            is_ended = is_closed or match.end() < len(path)
            before = path[: match.start()]
            yield Site(SiteKind.MODULE, start + match.start(), match[0], is_ended, before)
    if path.endswith("/") and not is_closed:
        yield Site(SiteKind.MODULE, start + len(path), "", is_ended=False, receiver=path)
