"""What the text of a TypeScript document says by itself. Nothing here asks anything."""

import re

_NEAR_CHARACTERS = 4_000
_TYPE_PARAMETER = re.compile(
    r"[<,]\s*(?:const\s+|in\s+|out\s+)*([^\W\d][\w$]*)\s*(?=[,>=]|extends\b)"
)
_BEGINS_STATEMENT = re.compile(r"(?:^|[;{}\n])[ \t]*[\w$]+\.$")


def type_parameters(text: str, offset: int) -> frozenset[str]:
    """Return what may be a type parameter of a declaration that `offset` stands in.

    TypeScript reads such a declaration as a whole only when it is ended, which it rarely is.
    """
    return frozenset(_TYPE_PARAMETER.findall(text, max(offset - _NEAR_CHARACTERS, 0), offset))


def begins_statement(text: str, offset: int) -> bool:
    """Tell whether a statement begins with `name.` and `offset` stands behind it.

    There `name.property = ...` may follow, which gives a function a new member.
    """
    return bool(_BEGINS_STATEMENT.search(text, 0, offset))
