"""Whether a type has only the names it shows, judged by what ty says about an invented one."""

import re
from collections.abc import Iterable

from .cutting import INVENTED

_QUOTED = re.compile(r"`([^`]*)`")
_UNKNOWN = re.compile(r"(?:Unknown|Any|Never|Divergent|@?Todo\b.*|<super\b.*)$")


def doubt(messages: Iterable[str]) -> str:
    """Return why a receiver may have more names than are known; nothing if it cannot.

    ty complains of an invented name only where it knows all names: not for `Any`, not for a
    class with a base it cannot find, not where names are made up by `__getattr__`.

    Args:
        messages: ty's diagnostics of a document in which the receiver has an invented name.
    """
    types: list[str] | None = None
    for message in messages:
        if INVENTED in message:
            types = [each for each in _QUOTED.findall(message) if each != INVENTED] or types or []
    if types is None:
        return "any name may be there"
    for alternative in _alternatives(types[-1] if types else "Unknown"):
        if _UNKNOWN.match(alternative):
            return f"a part of the type is not known ({alternative})"
    return ""


def _alternatives(type_name: str) -> list[str]:
    """Split a union at its top: `list[int | str] | None` has two."""
    parts, depth = [""], 0
    for character in type_name:
        depth += (character in "([{") - (character in ")]}")
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
