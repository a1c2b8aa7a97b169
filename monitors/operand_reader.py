"""What readers of all languages share: values, and the members behind them."""

from abc import ABC, abstractmethod
from copy import copy
from dataclasses import replace
from typing import Generic, Protocol, Self, TypeVar

from monitors.arguments import Arguments
from monitors.import_statements import ImportStatement
from monitors.receivers import receiver_text
from monitors.tokens import Token
from monitors.types import Site, SiteKind


class OpenBracket(Protocol):
    """What a reader knows about a bracket that is open."""

    arguments: Arguments | None

    def clone(self) -> Self:
        """Return a copy."""
        ...


F = TypeVar("F", bound=OpenBracket)


class OperandReader(ABC, Generic[F]):
    """Follows where a value ends and a member's name may begin.

    Args:
        outermost: Stands for what no bracket surrounds.
    """

    def __init__(self, outermost: F) -> None:
        self.sites: list[Site] = []
        self.frames: list[F] = [outermost]
        self._import: ImportStatement | None = None
        self._last: Token | None = None
        self._ends_operand = False  # whether a value ends with the last token
        self._is_member = False  # whether a member's name comes next
        self._operand_start = 0
        self._undecided: Site | None = None  # the next token says whether it is one

    def clone(self) -> Self:
        """Return a copy that goes on by itself, with the same sites in a list of its own."""
        other = copy(self)
        other.sites = self.sites.copy()
        other.frames = [frame.clone() for frame in self.frames]
        return other

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
            self._add(replace(site, is_ahead=self._may_be_defined()))

    @abstractmethod
    def _may_be_defined(self) -> bool:
        """Tell whether the statement may define the member that is being read."""

    def _add(self, site: Site | None) -> None:
        if site is not None:
            self.sites.append(site)

    def _read_member(self, text: str, token: Token, *, is_ended: bool) -> None:
        site = self._member(text, token.start, token.text, is_ended=is_ended)
        if self._may_be_defined():
            self._undecided = site
        else:
            self._add(site)
        self._is_member, self._ends_operand = False, True

    def _member(self, text: str, start: int, name: str, *, is_ended: bool) -> Site:
        receiver = receiver_text(text, self._operand_start, start)
        return Site(SiteKind.MEMBER, start, name, is_ended, receiver=receiver)

    def _begin_operand(self, token: Token) -> None:
        self._operand_start = token.start
        self._ends_operand, self._is_member = True, False

    def _leave_brackets(self, text: str, num_open: int) -> F | None:
        """Leave the brackets that are open no more. Returns the outermost of them."""
        if len(self.frames) <= num_open:
            return None
        self._end_argument(text)
        closed = self.frames[num_open]
        del self.frames[num_open:]
        return closed

    def _end_argument(self, text: str) -> None:
        arguments = self.frames[-1].arguments
        if arguments is not None and arguments.is_lone_name:
            self._count(text, arguments)

    def _count(self, text: str, arguments: Arguments) -> None:
        """Count an argument that has no name."""
        self._add(arguments.count_positional(text))
