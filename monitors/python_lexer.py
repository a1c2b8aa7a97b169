"""Python as tokens, with the code that stands in f-strings."""

import keyword
import re
from typing import Self

from monitors.tokens import CLOSER_OF, LexerMark, Token, TokenKind, is_open_splice

_KINDS = {
    "name": TokenKind.NAME,
    "number": TokenKind.NUMBER,
    "string": TokenKind.STRING,
    "comment": TokenKind.COMMENT,
    "newline": TokenKind.NEWLINE,
    "open": TokenKind.OPEN,
    "code_string": TokenKind.OPEN,
    "close": TokenKind.CLOSE,
    "sign": TokenKind.SIGN,
}
_CODE = re.compile(
    r"""(?:[ \t\f]|\\\r?\n)*(?:
      (?P<code_string>(?:[fFtT][rR]?|[rR][fFtT])(?P<opening>'''|\"\"\"|'|"))
    | (?P<string>(?:[rRuU]|[bB][rR]?|[rR][bB])?(?:
          (?P<quotes>'''|\"\"\")(?s:\\.|.)*?(?:(?P=quotes)|\Z)
        | '(?:\\(?s:.)|[^'\\\n])*'?
        | "(?:\\(?s:.)|[^"\\\n])*"? ))
    | (?P<name>[^\W\d][\w\u0080-\U0010ffff]*)
    | (?P<newline>\r?\n|\r)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<number>\.?\d\w*(?:\.\w*)?)
    | (?P<comment>\#[^\r\n]*)
    | (?P<sign>\.+|->|:=|[=!<>+\-*/%&|^@]=|(?://|\*\*|<<|>>)=?|[^\s\w])
    )""",
    re.VERBOSE,
)
"""Numbers are cut generously, so that `1.e` does not become another token with the next digit."""
_IN_STRING = {
    quotes: re.compile(
        r"(?:\\N\{[^}\n]*\}|\\(?s:[^{])|\{\{|\}\}|[^{}\\" + stops + "]" + alone + ")+"
    )
    for quotes, stops, alone in (
        ("'", r"\n'", ""),
        ('"', r'\n"', ""),
        ("'''", "'", "|'(?!'')"),
        ('"""', '"', '|"(?!"")'),
    )
}
_IN_SPECIFICATION = re.compile(r"[^{}\n'\"]+")
_STATEMENTS = frozenset(keyword.kwlist) - {
    *("False", "None", "True", "and", "as", "async", "await", "elif", "else", "for", "from"),
    *("if", "in", "is", "lambda", "not", "or", "yield"),
}
"""Keywords that no bracket may hold: on a new line they show that one was left open."""


class PythonLexer:
    """Cuts Python into tokens; brackets left open and strings cut short do not carry far.

    What is open lies in a stack: brackets as themselves, a string with code as its quotes, a
    replacement field in it as `$`, and the format that follows its colon as `:`.
    """

    def __init__(self, position: int = 0) -> None:
        self.position = position
        self._open: tuple[str, ...] = ()
        self._is_line_start = True

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        other = type(self)()
        other.reset(self.mark())
        return other

    def mark(self) -> LexerMark:
        """Return where it stands, for `reset`."""
        return self.position, self._open, self._is_line_start, False

    def reset(self, mark: LexerMark) -> None:
        """Go back to where it stood."""
        self.position, self._open, self._is_line_start, _ = mark

    def is_calm(self, before: Token | None, earlier: Token | None) -> bool:  # noqa: ARG002
        """Tell whether a statement is sure to begin behind the new line that was read last."""
        return not self._open

    def next(self, text: str) -> Token | None:
        """Return the token at or behind `position` and move on; None at the end."""
        top = self._open[-1] if self._open else ""
        if top in _IN_STRING:
            return self._string_token(text, top)
        if top == ":":
            return self._specification_token(text)
        return self._code_token(text, top)

    def _code_token(self, text: str, top: str) -> Token | None:
        match = _CODE.match(text, self.position)
        if match is None or match.lastgroup is None:
            return None
        group = match.lastgroup
        kind, found, start = _KINDS[group], match[group], match.start(group)
        if is_open_splice(text, start):
            return None
        if kind is TokenKind.NAME:
            if self._open and self._is_line_start and found in _STATEMENTS:
                self._open = ()
        elif kind is TokenKind.OPEN:
            self._open += (match["opening"] if group == "code_string" else found,)
        elif kind is TokenKind.CLOSE:
            self._close(found)
        elif kind is TokenKind.NEWLINE:
            self._end_line()
        elif top == "$" and found[0] == ":":
            self._open += (":",)
            kind, found = TokenKind.OPEN, ":"
        if kind is not TokenKind.COMMENT:
            self._is_line_start = kind is TokenKind.NEWLINE
        return self._token(kind, found, start)

    def _string_token(self, text: str, quotes: str) -> Token | None:
        if self.position >= len(text):
            return None
        if match := _IN_STRING[quotes].match(text, self.position):
            return self._token(TokenKind.TEXT, match[0], match.start())
        if text.startswith("{", self.position):
            self._open += ("$",)
            return self._token(TokenKind.OPEN, "{", self.position)
        if text.startswith("}", self.position):
            return self._token(TokenKind.TEXT, "}", self.position)
        self._open = self._open[:-1]
        if text.startswith(quotes, self.position):
            return self._token(TokenKind.CLOSE, quotes, self.position)
        return self._code_token(text, "")  # its line ended before it did

    def _specification_token(self, text: str) -> Token | None:
        if self.position >= len(text):
            return None
        if match := _IN_SPECIFICATION.match(text, self.position):
            return self._token(TokenKind.TEXT, match[0], match.start())
        sign = text[self.position]
        if sign == "{":
            self._open += ("$",)
            return self._token(TokenKind.OPEN, sign, self.position)
        if sign == "}":
            self._open = self._open[:-2]
            return self._token(TokenKind.CLOSE, sign, self.position)
        self._open = self._open[:-2]  # a quote or a new line: the string's own text decides
        return self.next(text)

    def _close(self, closer: str) -> None:
        """Drop what `closer` closes and what is open within; nothing, if it closes none."""
        for index in range(len(self._open) - 1, -1, -1):
            opener = self._open[index]
            if CLOSER_OF.get("{" if opener == "$" else opener) == closer:
                self._open = self._open[:index]
                return
            if opener == "$" or opener in _IN_STRING:
                return

    def _end_line(self) -> None:
        """Give up what a line cannot leave open: a string with code and one quote."""
        for index, opener in enumerate(self._open):
            if opener in ("'", '"'):
                self._open = self._open[:index]
                return

    def _token(self, kind: TokenKind, found: str, start: int) -> Token:
        self.position = start + len(found)
        return Token(kind, found, start, self.position, len(self._open))
