"""The sites of a text that grows, found without reading any of it twice."""

from typing import Self

from monitors.tokens import Lexer, LexerMark, Reader, Token, TokenKind
from monitors.types import Site


class Scanner:
    """Reads a text up to its last token that more text cannot change."""

    def __init__(self, lexer: Lexer, reader: Reader) -> None:
        self._lexer = lexer
        self._reader = reader

    @property
    def position(self) -> int:
        """Offset behind the last token that was read."""
        return self._lexer.position

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        return type(self)(self._lexer.clone(), self._reader.clone())

    def forget(self) -> None:
        """Drop the sites found so far."""
        self._reader.sites.clear()

    def read(self, text: str, limit: int | None = None) -> Token | None:
        """Read on, to the end or past `limit`. Returns the last token, if it was left unread.

        Args:
            text: All of it; it begins with what was read before.
            limit: Offset at which to stop early.
        """
        lexer, feed, end = self._lexer, self._reader.feed, len(text)
        limit = end if limit is None else limit
        while lexer.position < limit:
            mark = lexer.mark()
            token = lexer.next(text)
            if token is None:
                return None
            if token.stop == end:
                lexer.reset(mark)
                return token
            feed(text, token, is_ended=True)
        return None

    def skip(self, text: str, limit: int) -> bool:
        """Go on to the last place before `limit` where a statement begins, without reading.

        Costs half of reading. Returns whether there is such a place.
        """
        lexer, start = self._lexer, self._lexer.mark()
        calm: tuple[LexerMark, int] | None = None
        before: Token | None = None
        earlier: Token | None = None
        while lexer.position < limit:
            token = lexer.next(text)
            if token is None or token.stop == len(text):
                break
            if token.kind is TokenKind.NEWLINE and lexer.is_calm(before, earlier):
                calm = lexer.mark(), token.depth
            elif token.kind is not TokenKind.COMMENT:
                before, earlier = token, before
        lexer.reset(calm[0] if calm else start)
        if calm:
            self._reader = self._reader.renewed(calm[1])
        return calm is not None

    def sites(self, text: str) -> tuple[Site, ...]:
        """Read on to the end and return all sites since `forget`, in order."""
        last = self.read(text)
        reader = self._reader.clone()
        if last is not None:
            reader.feed(text, last, is_ended=False)
        reader.finish(text)
        return tuple(sorted(reader.sites, key=lambda site: site.start))
