"""What lexers hand to readers: text as names, signs, strings and brackets."""

import re
from enum import Enum
from typing import NamedTuple, Protocol, Self

from monitors.types import Site

CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
_OPEN_SPLICE = re.compile(r"(?:\\(?:\r?\n|\r?\Z)[ \t\f]*)+\Z")


class TokenKind(Enum):
    """What a token is."""

    NAME = "name"
    NUMBER = "number"
    STRING = "string"  # a whole one, with its quotes, in which no code stands
    OPEN = "open"  # a bracket, or the beginning of a string in which code may stand
    CLOSE = "close"  # the end of what an `OPEN` began
    SIGN = "sign"
    NEWLINE = "newline"
    COMMENT = "comment"
    TEXT = "text"  # what is not code, within strings with code and within JSX


class Token(NamedTuple):
    """A piece of text, [start, stop) in code points of the document.

    `depth` counts what is open behind it. A reader whose own count is greater has to drop the
    innermost: that is how brackets that are closed, or given up as broken, become known.
    """

    kind: TokenKind
    text: str
    start: int
    stop: int
    depth: int


LexerMark = tuple[int, tuple[str, ...], bool, bool]
"""A lexer's position, what is open there, and whether what comes next begins something."""


class Lexer(Protocol):
    """Cuts a growing text into tokens.

    Only the last token of a text may look different once the text is longer, and only if it
    touches the text's end.
    """

    position: int

    def next(self, text: str) -> Token | None:
        """Return the token at or behind `position` and move on; None at the end."""
        ...

    def is_calm(self, before: Token | None, earlier: Token | None) -> bool:
        """Tell whether a statement is sure to begin behind the new line that was read last.

        Args:
            before: What stands before that line's end.
            earlier: What stands before that.
        """
        ...

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        ...

    def mark(self) -> LexerMark:
        """Return where it stands, for `reset`."""
        ...

    def reset(self, mark: LexerMark) -> None:
        """Go back to where it stood."""
        ...


class Reader(Protocol):
    """Finds sites in the tokens of a growing text."""

    sites: list[Site]

    def feed(self, text: str, token: Token, *, is_ended: bool) -> None:
        """Take the next token; `is_ended` is false for one that more text may change."""
        ...

    def finish(self, text: str) -> None:
        """Add the site at the text's end, where a name begins or may turn out to be one."""
        ...

    def renewed(self, depth: int) -> Self:
        """Return a reader at the beginning of a statement, `depth` blocks deep."""
        ...

    def clone(self) -> Self:
        """Return a copy that goes on by itself, with the same sites in a list of its own."""
        ...


def is_open_splice(text: str, start: int) -> bool:
    """Tell whether `text` ends from `start` on with lines that a backslash joins to the next.

    What comes next decides whether the backslash is one more sign or none at all.
    """
    return text.startswith("\\", start) and _OPEN_SPLICE.match(text, start) is not None
