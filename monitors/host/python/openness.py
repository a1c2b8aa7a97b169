"""Whether a receiver has only the names it shows, judged by the types of what every object has.

A checker complains of an unknown name only where it knows all of them, but to hear that it must
check the whole document. The type of `__getattribute__`, which takes a moment, tells the same:
it is that of every object, unless the class defines it anew or has a base that was not found,
which shows as `(...) & Unknown`. The class of the receiver is looked at too, for that of a
class may be one that was not found. `__getattr__` is a member, or has a type, where names are
made up.
"""

import re
from typing import Any

_OF_OBJECT = re.compile(
    r"(?:bound method .*\.|def )__getattribute__\((?:self, )?name: str, /\) -> Any", re.DOTALL
)
_SPACE_IN_BRACKETS = re.compile(r"(?<=\()\s+|\s+(?=\))")
_UNKNOWN = "Unknown"


def shown_type(hover: Any) -> str:
    """Return how ty writes the type of what was pointed at; "" if it says nothing.

    Args:
        hover: Its answer to `textDocument/hover`, in plain text.
    """
    contents = (hover or {}).get("contents") or ""
    shown = contents["value"] if isinstance(contents, dict) else str(contents)
    joined = " ".join(shown.partition("\n---")[0].split())
    return _SPACE_IN_BRACKETS.sub("", joined)


def doubt(of_receiver: str, of_class: str, of_fallback: str, *, has_fallback: bool) -> str:
    """Return why a receiver may have more names than are known; nothing if it cannot.

    Args:
        of_receiver: The type of the receiver's `__getattribute__`.
        of_class: The type of the same of the receiver's class.
        of_fallback: The type of the receiver's `__getattr__`.
        has_fallback: Whether it has such a member, of whatever type.
    """
    if has_fallback or of_fallback != _UNKNOWN:
        return "any name may be there"
    for type_name in (of_receiver, of_class):
        for alternative in _alternatives(type_name):
            if not _OF_OBJECT.fullmatch(alternative):
                return "a part of the type is not known"
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
    return [_without_brackets(part.strip()) for part in parts]


def _without_brackets(part: str) -> str:
    return part[1:-1] if part.startswith("(") and part.endswith(")") else part
