"""What the finders of names have in common."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a file.

    Attributes:
        sort: What it is: a member that is read, a name that is imported, an argument's name, a name
            behind `::`.
        name: As it is written.
        line: 0-based; lines end in line feeds and in nothing else.
        column: Of its first character, 0-based, in code points.
    """

    sort: str
    name: str
    line: int
    column: int
