"""Where names begin in Python that is being written."""

import keyword
from copy import copy
from dataclasses import replace
from typing import Self

from monitors.arguments import Arguments
from monitors.import_statements import ImportStatement
from monitors.python_frames import Frame, FrameKind
from monitors.receivers import receiver_text
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


class PythonReader:
    """Finds sites in Python's tokens, one by one.

    An attribute that may be assigned to is a site only once it is known to be read: nobody may
    forbid what a statement defines.
    """

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.frames = [Frame(FrameKind.STATEMENT, may_be_assigned=True)]
        self._first = ""  # the statement's first word
        self._statement_start = 0
        self._has_header = False  # whether a definition's brackets have begun
        self._import: ImportStatement | None = None
        self._last: Token | None = None
        self._ends_operand = False  # whether a value ends with the last token
        self._is_member = False  # whether the last token is the dot behind a value
        self._operand_start = 0
        self._undecided: Site | None = None  # an attribute that may be assigned to

    def clone(self) -> Self:
        """Return a copy that goes on by itself, with the same sites in a list of its own."""
        other = copy(self)
        other.sites = self.sites.copy()
        other.frames = [frame.clone() for frame in self.frames]
        return other

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
            self._operand(token)
        self._last = token

    def finish(self, text: str) -> None:
        """Add the site at the text's end, where a name begins or may turn out to be one."""
        if self._last is None:
            return
        if self._import is not None:
            self._add(self._import.awaited(self._last, text))
        elif self._undecided is not None:
            self._add(replace(self._undecided, name="", is_ended=False, is_ahead=True))
        elif self._is_member and self._last.stop == len(text):
            site = self._member(text, len(text), "", is_ended=False)
            self._add(replace(site, is_ahead=self.frames[-1].may_be_assigned))

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
            site = self._member(text, token.start, token.text, is_ended=is_ended)
            if self.frames[-1].may_be_assigned:
                self._undecided = site
            else:
                self.sites.append(site)
            self._is_member, self._ends_operand = False, True
        elif token.text in _OPERATORS:
            self._operator_word(token.text)
        else:
            if self._ends_operand:  # two values in a row, as after `match`
                self.frames[-1].may_be_assigned = False
            self._operand(token)

    def _operator_word(self, word: str) -> None:
        frame = self.frames[-1]
        frame.may_be_assigned = word in ("for", "as")
        frame.num_lambdas += word == "lambda"
        self._ends_operand = self._is_member = False

    def _operand(self, token: Token) -> None:
        self._operand_start = token.start
        self._ends_operand, self._is_member = True, False

    def _member(self, text: str, start: int, name: str, *, is_ended: bool) -> Site:
        receiver = receiver_text(text, self._operand_start, start)
        return Site(SiteKind.MEMBER, start, name, is_ended, receiver=receiver)

    def _decide(self, token: Token) -> None:
        """Make the attribute before `token` a site, unless the two may be an assignment."""
        site, self._undecided = self._undecided, None
        if site is not None and token.text not in _AFTER_TARGET:
            self.sites.append(site)

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

    def _colon(self, token: Token, frame: Frame) -> None:
        if frame.num_lambdas:
            frame.num_lambdas -= 1
        elif frame.kind is FrameKind.STATEMENT:
            if self._first in _COMPOUND:
                self._end_statement(token)
            else:
                frame.may_be_assigned = False  # an annotation follows

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
        """Leave the brackets that are open no more. Returns the outermost of them."""
        num_open = token.depth + (token.kind is not TokenKind.OPEN)
        if len(self.frames) <= num_open:
            return None
        self._end_argument(text)
        closed = self.frames[num_open]
        del self.frames[num_open:]
        if token.kind is TokenKind.NAME:  # a statement begins, though a bracket was left open
            self._end_statement(token)
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

    def _end_argument(self, text: str) -> None:
        arguments = self.frames[-1].arguments
        if arguments is not None and arguments.is_lone_name:
            self._add(arguments.count_positional(text))

    def _add(self, site: Site | None) -> None:
        if site is not None:
            self.sites.append(site)
