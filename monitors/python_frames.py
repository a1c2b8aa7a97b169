"""What a reader of Python knows about each bracket that is open."""

from copy import copy
from dataclasses import dataclass
from enum import Enum

from monitors.tokens import Token


class FrameKind(Enum):
    """What a bracket holds; the statement itself is the outermost."""

    STATEMENT = "statement"
    CALL = "call"
    HEADER = "header"  # of a definition: parameters, or the bases of a class
    SUBSCRIPT = "subscript"
    GROUP = "group"  # a tuple, a list, or an expression in brackets
    OTHER = "other"  # a dictionary, a string with code and its fields


@dataclass(slots=True)
class Frame:
    """One open bracket.

    Attributes:
        kind: What it holds.
        operand_start: Where the expression begins that it is a part of, or begins itself.
        start: Behind the bracket.
        callee: What is called.
        may_be_assigned: Whether what is being read in it may be assigned to.
        separator: Where the argument being read is separated from the one before.
        first: The argument's first token.
        num_tokens: How many tokens it has; one inside other brackets is not counted.
        num_positional: How many arguments without a name began in it.
        is_open_ended: Whether nobody can count the arguments, as after `*values`.
        taken: Names of keyword arguments.
        num_lambdas: How many parameter lists of `lambda` are being read.
    """

    kind: FrameKind
    operand_start: int = 0
    start: int = 0
    callee: str = ""
    may_be_assigned: bool = False
    separator: int = 0
    first: Token | None = None
    num_tokens: int = 0
    num_positional: int = 0
    is_open_ended: bool = False
    taken: frozenset[str] = frozenset()
    num_lambdas: int = 0

    def clone(self) -> "Frame":
        """Return a copy."""
        return copy(self)

    def begin_argument(self, separator: int) -> None:
        """Begin to read the next argument."""
        self.separator = separator
        self.first = None
        self.num_tokens = 0
