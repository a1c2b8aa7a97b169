"""Where names begin in Python that is being written."""

import keyword
from typing import Self

from monitors.python_frames import Frame, FrameKind
from monitors.python_imports import ImportStatement
from monitors.tokens import Token, TokenKind
from monitors.types import Site, SiteKind

_OPERATORS = frozenset(keyword.kwlist) - {"False", "None", "True"}
"""Words that are no values."""
_COMPOUND = frozenset(
    "if elif else for while try except finally with def class async match case".split()
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
        self._frames = [Frame(FrameKind.STATEMENT, may_be_assigned=True)]
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
        other = type(self)()
        other.sites = self.sites.copy()
        other._frames = [frame.clone() for frame in self._frames]
        other._first, other._import, other._last = self._first, self._import, self._last
        other._statement_start, other._has_header = self._statement_start, self._has_header
        other._ends_operand, other._is_member = self._ends_operand, self._is_member
        other._operand_start, other._undecided = self._operand_start, self._undecided
        return other

    def feed(self, text: str, token: Token, *, is_ended: bool) -> None:
        """Take the next token; `is_ended` is false for one that more text may change."""
        kind = token.kind
        closed = self._drop_closed(text, token)
        if kind is TokenKind.COMMENT or kind is TokenKind.TEXT:
            return
        if kind is TokenKind.NEWLINE and len(self._frames) > 1:
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
        """Add the site at the text's end, where a name is about to begin."""
        if self._last is None:
            return
        if self._import is not None:
            awaited = self._import.awaited(self._last, text)
            if awaited is not None:
                self.sites.append(awaited)
        elif self._is_member and self._last.stop == len(text) and not self._frames[-1].may_be_assigned:
            self.sites.append(self._member(text, len(text), "", is_ended=False))

    # Statements

    def _follow_statement(self, token: Token, *, is_ended: bool) -> None:
        if not self._first:
            self._first, self._statement_start = token.text, token.start
            if token.text in ("import", "from"):
                self._import = ImportStatement(can_import=token.text == "from")
        elif self._import is not None:
            site = self._import.site(token, is_ended=is_ended)
            if site is not None:
                self.sites.append(site)
            self._import = self._import.after(token)
        elif self._first == "async" and token.kind is TokenKind.NAME:
            self._first = token.text  # which says more
        elif self._first == "case" and token.text == "if":
            self._first = "if"  # what follows a guard is no pattern

    def _end_statement(self, token: Token) -> None:
        del self._frames[1:]
        self._frames[0] = Frame(FrameKind.STATEMENT, may_be_assigned=True)
        self._first, self._import, self._last = "", None, token
        self._ends_operand = self._is_member = self._has_header = False

    # Values

    def _name(self, text: str, token: Token, *, is_ended: bool) -> None:
        if self._is_member:
            site = self._member(text, token.start, token.text, is_ended=is_ended)
            if self._frames[-1].may_be_assigned:
                self._undecided = site if is_ended else None
            else:
                self.sites.append(site)
            self._is_member, self._ends_operand = False, True
        elif token.text in _OPERATORS:
            self._operator_word(token.text)
        else:
            if self._ends_operand:  # two values in a row, as after `match`
                self._frames[-1].may_be_assigned = False
            self._operand(token)

    def _operator_word(self, word: str) -> None:
        frame = self._frames[-1]
        frame.may_be_assigned = word in ("for", "as")
        frame.num_lambdas += word == "lambda"
        self._ends_operand = self._is_member = False

    def _operand(self, token: Token) -> None:
        self._operand_start = token.start
        self._ends_operand, self._is_member = True, False

    def _member(self, text: str, start: int, name: str, *, is_ended: bool) -> Site:
        written = text[self._operand_start : start]
        receiver = "".join(written.split()).removesuffix(".")
        return Site(SiteKind.MEMBER, start, name, is_ended, receiver=receiver)

    def _decide(self, token: Token) -> None:
        """Make the attribute before `token` a site, unless the two may be an assignment."""
        site, self._undecided = self._undecided, None
        if site is not None and token.text not in _AFTER_TARGET:
            self.sites.append(site)

    # Signs and brackets

    def _sign(self, token: Token) -> None:
        sign, frame = token.text, self._frames[-1]
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
        frame = Frame(self._kind_of(token), token.start, token.stop, separator=token.stop)
        if self._ends_operand and token.text in ("(", "["):
            frame.operand_start = self._operand_start
            frame.callee = text[self._operand_start : token.start]
        if frame.kind is FrameKind.GROUP:
            frame.may_be_assigned = self._frames[-1].may_be_assigned
        self._frames.append(frame)
        self._ends_operand = self._is_member = False

    def _kind_of(self, token: Token) -> FrameKind:
        if token.text not in ("(", "["):
            return FrameKind.OTHER
        if token.text == "[":
            return FrameKind.SUBSCRIPT if self._ends_operand else FrameKind.GROUP
        if self._first in ("def", "class") and len(self._frames) == 1 and not self._has_header:
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
        if len(self._frames) <= num_open:
            return None
        self._end_argument(text)
        closed = self._frames[num_open]
        del self._frames[num_open:]
        if token.kind is TokenKind.NAME:  # a statement begins, though a bracket was left open
            self._end_statement(token)
        return closed

    # Arguments

    def _argue(self, text: str, token: Token, *, is_ended: bool) -> None:
        """Follow the arguments of a call: which have names, and how many have none."""
        frame = self._frames[-1]
        if frame.kind is not FrameKind.CALL:
            return
        if token.text == "," and not frame.num_lambdas:
            self._end_argument(text)
            frame.begin_argument(token.start)
            return
        frame.num_tokens += 1
        if frame.num_tokens == 1:
            frame.first = token
            if token.text in ("*", "**"):
                frame.is_open_ended = True
            elif token.kind is not TokenKind.NAME:
                self._positional(text, frame, token)
        elif frame.num_tokens == 2 and frame.first and frame.first.kind is TokenKind.NAME:
            if token.text != "=":
                self._positional(text, frame, frame.first)
            elif is_ended:
                self._keyword(frame, frame.first)

    def _end_argument(self, text: str) -> None:
        frame = self._frames[-1]
        if frame.kind is FrameKind.CALL and frame.num_tokens == 1 and frame.first:
            if frame.first.kind is TokenKind.NAME:
                self._positional(text, frame, frame.first)

    def _positional(self, text: str, frame: Frame, first: Token) -> None:
        if frame.num_positional and not frame.is_open_ended and not frame.taken:
            name = text[frame.separator : first.stop]
            self.sites.append(
                Site(
                    SiteKind.ARITY,
                    frame.separator,
                    name,
                    is_ended=True,
                    receiver=frame.callee,
                    call=frame.start,
                    num_before=frame.num_positional,
                )
            )
        frame.num_positional += 1

    def _keyword(self, frame: Frame, name: Token) -> None:
        self.sites.append(
            Site(
                SiteKind.KEYWORD,
                name.start,
                f"{name.text}=",
                is_ended=True,
                receiver=frame.callee,
                taken=frame.taken,
                call=frame.start,
            )
        )
        frame.taken |= {name.text}
