"""The arguments of a call that is being written."""

from copy import copy
from dataclasses import dataclass

from monitors.tokens import Token, TokenKind
from monitors.types import Site, SiteKind


@dataclass(slots=True)
class Arguments:
    """What is known of them so far.

    Attributes:
        callee: What is called.
        start: Where the first one begins.
        statement: Where the statement begins, if the call stands within other brackets.
        separator: Where the one being read is separated from the one before.
        first: Its first token.
        num_tokens: How many tokens it has; one inside other brackets is not counted.
        num_positional: How many arguments without a name began.
        is_uncountable: Whether nobody can count them, as after `*values`.
        taken: Names of those that have one.
    """

    callee: str
    start: int
    separator: int
    statement: int | None = None
    first: Token | None = None
    num_tokens: int = 0
    num_positional: int = 0
    is_uncountable: bool = False
    taken: frozenset[str] = frozenset()

    def clone(self) -> "Arguments":
        """Return a copy."""
        return copy(self)

    def begin(self, separator: int) -> None:
        """Begin to read the next argument."""
        self.separator, self.first, self.num_tokens = separator, None, 0

    def add(self, token: Token) -> None:
        """Take a token of the argument."""
        self.num_tokens += 1
        if self.first is None:
            self.first = token

    @property
    def is_lone_name(self) -> bool:
        """Tell whether the argument is a single word so far."""
        first = self.first
        return self.num_tokens == 1 and first is not None and first.kind is TokenKind.NAME

    def count_positional(self, text: str) -> Site | None:
        """Count the argument as one without a name; returns the site that makes, if any."""
        self.num_positional += 1
        is_first = self.num_positional == 1
        if is_first or self.is_uncountable or self.taken or self.first is None:
            return None
        return Site(
            SiteKind.ARITY,
            self.separator,
            text[self.separator : self.first.stop],
            is_ended=True,
            receiver=self.callee,
            call=self.start,
            statement=self.statement,
            num_before=self.num_positional - 1,
        )

    def take_keyword(self) -> Site | None:
        """Take note that the argument has a name; returns the site that makes."""
        if self.first is None:
            return None
        name, taken = self.first, self.taken
        self.taken = taken | {name.text}
        return Site(
            SiteKind.KEYWORD,
            name.start,
            f"{name.text}=",
            is_ended=True,
            receiver=self.callee,
            taken=taken,
            call=self.start,
            statement=self.statement,
        )
