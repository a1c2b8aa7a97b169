"""What a reader of languages with braces knows about each bracket that is open."""

from copy import copy
from dataclasses import dataclass

from monitors.arguments import Arguments


@dataclass(slots=True)
class BraceFrame:
    """One open bracket; the document is the outermost.

    Attributes:
        is_block: Whether statements may stand in it.
        operand_start: Where the expression begins that it is a part of, or begins itself.
        has_statement: Whether a statement in it has begun.
        can_define: Whether nothing says yet that the value being read is not assigned to.
        arguments: Those of a call.
    """

    is_block: bool
    operand_start: int = 0
    has_statement: bool = False
    can_define: bool = False
    arguments: Arguments | None = None

    def clone(self) -> "BraceFrame":
        """Return a copy."""
        other = copy(self)
        other.arguments = self.arguments and self.arguments.clone()
        return other
