"""Where names begin in Python that is being written."""

import keyword
from typing import Self

from monitors.arguments import Arguments
from monitors.import_statements import ImportStatement
from monitors.operand_reader import OperandReader
from monitors.python_frames import Frame, FrameKind
from monitors.tokens import Token, TokenKind
from monitors.types import Site, SiteKind

_OPERATORS = frozenset(keyword.kwlist) - {"False", "None", "True"}
"""Words that are no values."""
_COMPOUND = frozenset(
    (
        *("if", "elif", "else", "for", "while", "try", "except", "finally", "with"),
        *("def", "class", "async", "match", "case"),
    )
)
"""Statements whose colon another statement may follow."""
_AFTER_TARGET = frozenset(("=", ",", ":", ")", "]", ";", "in", "\n", "\r\n", "\r"))
"""What may stand behind an attribute that is assigned to."""
_AFTER_MODULE = frozenset((".", "("))
"""What shows that a word in an annotation is no type itself."""
_NO_TYPES = ("Literal", "Annotated")
"""What holds values in its brackets, also within an annotation."""


class PythonReader(OperandReader[Frame]):
    """Finds sites in Python's tokens, one by one.

    An attribute that may be assigned to is a site only once it is known to be read: nobody may
    forbid what a statement defines.
    """

    def __init__(self) -> None:
        super().__init__(Frame(FrameKind.STATEMENT, may_be_assigned=True))
        self._first = ""  # the statement's first word
        self._statement_start = 0
        self._has_header = False  # whether a definition's brackets have begun

    def renewed(self, depth: int) -> Self:  # noqa: ARG002  Python has no brackets around blocks
        """Return a reader at the beginning of a statement, `depth` blocks deep."""
        return type(self)()

    def feed(self, text: str, token: Token, *, is_ended: bool) -> None:
        """Take the next token; `is_ended` is false for one that more text may change."""
        kind = token.kind
        closed = self._drop_closed(text, token)
        if kind is TokenKind.COMMENT or kind is TokenKind.TEXT:
            return
        if kind is TokenKind.NEWLINE and len(self.frames) > 1:
            return
        self._decide(token)
        if kind is TokenKind.NEWLINE:
            self._end_statement(token)
            return
        self._argue(text, token, is_ended=is_ended)
        self._follow_statement(token, is_ended=is_ended)
        if kind is TokenKind.NAME:
            self._name(text, token, is_ended=is_ended)
        elif kind is TokenKind.OPEN:
            self._open(text, token)
        elif kind is TokenKind.CLOSE:
            self._close(closed)
        elif kind is TokenKind.SIGN:
            self._sign(token)
        else:
            self._begin_operand(token)
        self._last = token

    # Statements

    def _follow_statement(self, token: Token, *, is_ended: bool) -> None:
        if not self._first:
            self._first, self._statement_start = token.text, token.start
            if token.text in ("import", "from"):
                self._import = ImportStatement(can_import=token.text == "from")
        elif self._import is not None:
            self._add(self._import.site(token, is_ended=is_ended))
            self._import = self._import.after(token)
        elif self._first == "async" and token.kind is TokenKind.NAME:
            self._first = token.text  # which says more
        elif self._first == "case" and token.text == "if":
            self._first = "if"  # what follows a guard is no pattern

    def _end_statement(self, token: Token) -> None:
        del self.frames[1:]
        self.frames[0] = Frame(FrameKind.STATEMENT, may_be_assigned=True)
        self._first, self._import, self._last = "", None, token
        self._ends_operand = self._is_member = self._has_header = False

    # Values

    def _name(self, text: str, token: Token, *, is_ended: bool) -> None:
        if self._is_member:
            self._read_member(text, token, is_ended=is_ended)
        elif token.text in _OPERATORS:
            self._operator_word(token.text)
        else:
            if self._ends_operand:  # two values in a row, as after `match`
                self.frames[-1].may_be_assigned = False
            self._begin_operand(token)
            if self.frames[-1].holds_types:
                self._undecided = Site(SiteKind.TYPE, token.start, token.text, is_ended)

    def _operator_word(self, word: str) -> None:
        frame = self.frames[-1]
        frame.may_be_assigned = word in ("for", "as")
        frame.num_lambdas += word == "lambda"
        self._ends_operand = self._is_member = False

    def _may_be_defined(self) -> bool:
        return self.frames[-1].may_be_assigned

    def _decide(self, token: Token) -> None:
        """Make the name before `token` a site, unless the two say that it is none."""
        site, self._undecided = self._undecided, None
        if site is not None:
            is_type = site.kind is SiteKind.TYPE
            if token.text not in (_AFTER_MODULE if is_type else _AFTER_TARGET):
                self._add(site)

    # Signs and brackets

    def _sign(self, token: Token) -> None:
        sign, frame = token.text, self.frames[-1]
        if sign.startswith("."):
            self._is_member = sign == "." and self._ends_operand and self._import is None
            self._ends_operand = sign == "..."
            return
        was_operand, self._ends_operand, self._is_member = self._ends_operand, False, False
        if sign == ";" and frame.kind is FrameKind.STATEMENT:
            self._end_statement(token)
        elif sign == ":":
            self._colon(token, frame)
        elif sign != "," and (sign != "*" or was_operand):
            frame.may_be_assigned = False
        self._follow_annotation(sign, frame)

    def _follow_annotation(self, sign: str, frame: Frame) -> None:
        if sign == "->":
            frame.holds_types = self._first == "def"
        elif sign == "=" or (sign == "," and frame.kind is FrameKind.HEADER):
            frame.holds_types = False

    def _colon(self, token: Token, frame: Frame) -> None:
        if frame.num_lambdas:
            frame.num_lambdas -= 1
        elif frame.kind is FrameKind.HEADER:
            frame.holds_types = self._first == "def"
        elif frame.kind is FrameKind.STATEMENT:
            if self._first in _COMPOUND:
                self._end_statement(token)
            else:
                frame.holds_types, frame.may_be_assigned = frame.may_be_assigned, False

    def _open(self, text: str, token: Token) -> None:
        frame = Frame(self._kind_of(token), token.start)
        if self._ends_operand and token.text in ("(", "["):
            frame.operand_start = self._operand_start
        if frame.kind is FrameKind.GROUP:
            frame.may_be_assigned = self.frames[-1].may_be_assigned
        elif frame.kind is FrameKind.CALL:
            callee = text[self._operand_start : token.start]
            statement = self._statement_start if len(self.frames) > 1 else None
            frame.arguments = Arguments(callee, token.stop, token.stop, statement)
        if frame.kind in (FrameKind.GROUP, FrameKind.SUBSCRIPT):
            before = text[frame.operand_start : token.start]
            frame.holds_types = self.frames[-1].holds_types and not before.endswith(_NO_TYPES)
        self.frames.append(frame)
        self._ends_operand = self._is_member = False

    def _kind_of(self, token: Token) -> FrameKind:
        if token.text not in ("(", "["):
            return FrameKind.OTHER
        if token.text == "[":
            return FrameKind.SUBSCRIPT if self._ends_operand else FrameKind.GROUP
        if self._first in ("def", "class") and len(self.frames) == 1 and not self._has_header:
            self._has_header = True
            return FrameKind.HEADER
        is_value = self._ends_operand and not self._is_pattern(token)
        return FrameKind.CALL if is_value else FrameKind.GROUP

    def _is_pattern(self, token: Token) -> bool:
        """Tell whether a bracket after a name belongs to `match` or `case`, as far as one can."""
        if self._last is not None and self._last.start == self._statement_start:
            return self._first in ("match", "case") and self._last.stop < token.start
        return self._first == "case"

    def _close(self, closed: Frame | None) -> None:
        if closed is not None:
            self._operand_start = closed.operand_start
        self._ends_operand, self._is_member = True, False

    def _drop_closed(self, text: str, token: Token) -> Frame | None:
        closed = self._leave_brackets(text, token.depth + (token.kind is not TokenKind.OPEN))
        if closed is not None and token.kind is TokenKind.NAME:
            self._end_statement(token)  # another one begins, though a bracket was left open
        return closed

    # Arguments

    def _argue(self, text: str, token: Token, *, is_ended: bool) -> None:
        """Follow the arguments of a call: which have names, and how many have none."""
        frame = self.frames[-1]
        arguments = frame.arguments
        if arguments is None:
            return
        if token.text == "," and not frame.num_lambdas:
            self._end_argument(text)
            arguments.begin(token.start)
            return
        was_name = arguments.is_lone_name
        arguments.add(token)
        if was_name and token.text == "=":
            self._add(arguments.take_keyword() if is_ended else None)
        elif was_name:
            self._add(arguments.count_positional(text))
        elif arguments.num_tokens == 1 and token.text in ("*", "**"):
            arguments.is_uncountable = True
        elif arguments.num_tokens == 1 and token.kind is not TokenKind.NAME:
            self._add(arguments.count_positional(text))
