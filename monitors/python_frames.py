"""What a reader of Python knows about each bracket that is open."""

from copy import copy
from dataclasses import dataclass
from enum import Enum

from monitors.arguments import Arguments


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
        may_be_assigned: Whether what is being read in it may be assigned to.
        holds_types: Whether what is being read in it is an annotation.
        num_lambdas: How many parameter lists of `lambda` are being read.
        arguments: Those of a call.
    """

    kind: FrameKind
    operand_start: int = 0
    may_be_assigned: bool = False
    holds_types: bool = False
    num_lambdas: int = 0
    arguments: Arguments | None = None

    def clone(self) -> "Frame":
        """Return a copy."""
        other = copy(self)
        other.arguments = self.arguments and self.arguments.clone()
        return other
