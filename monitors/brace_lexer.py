"""TypeScript, JavaScript, Java, C and C++ as tokens, with the code in templates and JSX."""

import re
from functools import cache
from typing import Self

from monitors.tokens import CLOSER_OF, LexerMark, Token, TokenKind, is_open_splice

_KINDS = {
    "name": TokenKind.NAME,
    "number": TokenKind.NUMBER,
    "string": TokenKind.STRING,
    "regex": TokenKind.STRING,
    "comment": TokenKind.COMMENT,
    "directive": TokenKind.COMMENT,
    "newline": TokenKind.NEWLINE,
    "open": TokenKind.OPEN,
    "element": TokenKind.OPEN,
    "close": TokenKind.CLOSE,
    "sign": TokenKind.SIGN,
}
_COMMENT = r"//(?:\\\r?\n|[^\r\n])*|/\*(?s:.)*?(?:\*/|\Z)"
_STRING = r"'(?:\\(?s:.)|[^'\\\n])*'?|\"(?:\\(?s:.)|[^\"\\\n])*\"?"
_TEXT_BLOCK = r"\"\"\"(?s:\\.|.)*?(?:\"\"\"|\Z)"
_RAW_STRING = r"R\"(?P<mark>[^()\\\s]{0,16})\((?s:.)*?(?:\)(?P=mark)\"|\Z)"
_REGEX = (
    r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]?|[^/*\\\n\[])(?:\\.|\[(?:\\.|[^\]\\\n])*\]?|[^/\\\n\[])*/?\w*"
)
_SIGN = r"\.+|\?\.(?!\d)|->\*?|::|=>|[=!]==?|[+\-*/%&|^<>]=|\+\+|--|&&=?|\|\|=?|\?\?=?|[^\s\w]"
SCRIPTS = frozenset(("typescript", "typescriptreact", "javascript", "javascriptreact"))
_WITH_ELEMENTS = SCRIPTS - {"typescript"}
_IN_TEMPLATE = re.compile(r"(?:\\(?s:.)|\$(?!\{)|[^\\`$])+")
_IN_TAG = re.compile(
    r"""\s+ | [\w$-]+ | '[^']*'? | "[^"]*"? | /> | => | (?s:.)""",
    re.VERBOSE,
)
_IN_ELEMENT = re.compile(
    r"(?P<end></[\w.$:\s-]*>?)|(?P<element><>|<(?=[A-Za-z_$]))|(?P<text>[^<{]+)"
)
_NOT_IN_TAG = frozenset((",", "extends", ";", "(", ")"))
"""What shows that a tag is none: type parameters, or a comparison."""
_BEFORE_VALUES = frozenset(
    (
        *("return", "typeof", "case", "do", "else", "in", "instanceof", "new", "void", "delete"),
        *("throw", "yield", "await", "default", "extends", "of"),
    )
)
"""Words after which a slash begins a regular expression and `<` an element."""
_STATEMENTS = frozenset(
    ("return", "if", "for", "while", "switch", "break", "case", "throw", "try", "do")
)
_SCRIPT_STATEMENTS = _STATEMENTS | {"const", "let", "var", "export"}
"""Words that no round or square bracket may hold: on a new line they show one left open."""


class BraceLexer:
    """Cuts languages with braces into tokens; brackets left open do not carry far.

    What is open lies in a stack: brackets as themselves, a template as its quote and a value in
    it as `${`, the tag of an element as `<` and what the element holds as `>`.

    Args:
        language: An LSP language identifier.
    """

    def __init__(self, language: str) -> None:
        self.position = 0
        self._language = language
        self._is_script = language in SCRIPTS
        self._statements = _SCRIPT_STATEMENTS if self._is_script else _STATEMENTS
        self._open: tuple[str, ...] = ()
        self._begins_value = True  # a slash would begin a regular expression
        self._is_line_start = True

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        other = type(self)(self._language)
        other.reset(self.mark())
        return other

    def mark(self) -> LexerMark:
        """Return where it stands, for `reset`."""
        return self.position, self._open, self._begins_value, self._is_line_start

    def reset(self, mark: LexerMark) -> None:
        """Go back to where it stood."""
        self.position, self._open, self._begins_value, self._is_line_start = mark

    def is_calm(self, before: Token | None, earlier: Token | None) -> bool:
        """Tell whether a statement is sure to begin behind the new line that was read last."""
        if before is None or earlier is None:
            return False
        is_end = before.text == ";" or (before.text == "{" and earlier.text == ")")
        return is_end and all(opener == "{" for opener in self._open)

    def next(self, text: str) -> Token | None:
        """Return the token at or behind `position` and move on; None at the end."""
        top = self._open[-1] if self._open else ""
        if self.position >= len(text):
            return None
        if top == "`":
            return self._template_token(text)
        if top == "<":
            return self._tag_token(text)
        if top == ">":
            return self._element_token(text)
        return self._code_token(text)

    def _code_token(self, text: str) -> Token | None:
        match = _code_pattern(self._language, self._begins_value).match(text, self.position)
        if match is None or match.lastgroup is None:
            return None
        group = match.lastgroup
        kind, found = _KINDS[group], match[group]
        if is_open_splice(text, match.start(group)):
            return None
        if kind is TokenKind.NAME:
            self._begins_value = found in _BEFORE_VALUES
            if self._is_line_start and found in self._statements:
                self._leave_brackets()
        elif kind is TokenKind.OPEN:
            self._open += (">" if found == "<>" else found,)
            self._begins_value = True
        elif kind is TokenKind.CLOSE:
            self._close(found)
            self._begins_value = found == "}"
        elif kind is TokenKind.SIGN:
            self._begins_value = found not in ("++", "--")
        elif kind is not TokenKind.COMMENT and kind is not TokenKind.NEWLINE:
            self._begins_value = False
        if kind is not TokenKind.COMMENT:
            self._is_line_start = kind is TokenKind.NEWLINE
        return self._token(kind, found, match.start(group))

    def _template_token(self, text: str) -> Token:
        if match := _IN_TEMPLATE.match(text, self.position):
            return self._token(TokenKind.TEXT, match[0], match.start())
        if text.startswith("${", self.position):
            return self._opened("${", "${")
        if text.startswith("`", self.position):
            return self._closed("`")
        return self._token(TokenKind.TEXT, text[self.position], self.position)

    def _tag_token(self, text: str) -> Token | None:
        match = _IN_TAG.match(text, self.position)
        if match is None:
            return None
        found = match[0]
        if found == "/>":
            return self._closed(found)
        if found == "{":
            return self._opened(found, "{")
        if found in _NOT_IN_TAG:
            self._open = self._open[:-1]
            self._begins_value = True
            return self._token(TokenKind.SIGN, found, self.position)
        if found == ">":
            self._open = (*self._open[:-1], ">")
        return self._token(TokenKind.TEXT, found, self.position)

    def _element_token(self, text: str) -> Token:
        match = _IN_ELEMENT.match(text, self.position)
        found = match[0] if match else text[self.position]
        if found == "{":
            return self._opened(found, "{")
        if match and match["element"]:
            return self._opened(found, ">" if found == "<>" else "<")
        if match and match["end"] and found.endswith(">"):
            return self._closed(found)
        return self._token(TokenKind.TEXT, found, self.position)

    def _opened(self, found: str, opener: str) -> Token:
        self._open += (opener,)
        self._begins_value = True
        return self._token(TokenKind.OPEN, found, self.position)

    def _closed(self, found: str) -> Token:
        self._open = self._open[:-1]
        self._begins_value = False
        return self._token(TokenKind.CLOSE, found, self.position)

    def _leave_brackets(self) -> None:
        """Give up the round and square brackets around a statement."""
        while self._open and self._open[-1] in ("(", "["):
            self._open = self._open[:-1]

    def _close(self, closer: str) -> None:
        """Drop what `closer` closes and what is open within; nothing, if it closes none."""
        for index in range(len(self._open) - 1, -1, -1):
            opener = self._open[index]
            if CLOSER_OF.get("{" if opener == "${" else opener) == closer:
                self._open = self._open[:index]
                return
            if opener in ("${", "`", "<", ">"):
                return
            if opener == "{" and closer != "}":
                return  # a stray bracket ends no block

    def _token(self, kind: TokenKind, found: str, start: int) -> Token:
        self.position = start + len(found)
        return Token(kind, found, start, self.position, len(self._open))


@cache
def _code_pattern(language: str, begins_value: bool) -> re.Pattern[str]:  # noqa: FBT001
    """Return the pattern of all tokens that are code; `begins_value` decides on slashes."""
    is_script = language in SCRIPTS
    groups = [f"(?P<comment>{_COMMENT})", r"(?P<newline>\r?\n|\r)"]
    strings = [_STRING]
    if language == "java":
        strings.insert(0, _TEXT_BLOCK)
    elif not is_script:
        groups.append(r"(?P<directive>\#(?:\\\r?\n|[^\r\n])*)")
        strings[:0] = [rf"(?:u8|[LuU])?(?:{_RAW_STRING})", rf"(?:u8|[LuU])(?:{_STRING})"]
    groups.append(f"(?P<string>{'|'.join(strings)})")
    groups.append(r"(?P<name>[^\W\d][\w$\u0080-\U0010ffff]*|[#$@][\w$\u0080-\U0010ffff]+|\$)")
    groups.append(
        r"(?P<number>\.?\d[\w']*(?:\.\w*)?)" if not is_script else r"(?P<number>\.?\d\w*(?:\.\w*)?)"
    )
    opener = r"[(\[{`]" if is_script else r"[(\[{]"
    groups += [f"(?P<open>{opener})", r"(?P<close>[)\]}])"]
    if is_script and begins_value:
        groups.append(f"(?P<regex>{_REGEX})")
        if language in _WITH_ELEMENTS:
            groups.append(r"(?P<element><>|<(?=[A-Za-z_$]))")
    groups.append(f"(?P<sign>{_SIGN})")
    return re.compile(r"[ \t\f]*(?:\\\r?\n[ \t]*)*(?:" + "|".join(groups) + ")")
