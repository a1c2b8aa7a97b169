"""What TypeScript's hovers say about a name. Nothing here asks anything."""

import re
from typing import Any

from .completion_items import ItemKind, Listed

_EXTENSIBLE = re.compile(r"^function |\bexports\b|^[^\n]*: \{|\bglobalThis\b")
"""A function, a module's exports, a value of a type without a name, the global object."""

_CLASS = re.compile(r"(?:\(alias\) )?(?:abstract )?class ")


def hover_text(hover: Any) -> str:
    """Return what a hover shows, as plain text; nothing if there is none."""
    contents = (hover or {}).get("contents") or ""
    return str(contents.get("value", "")) if isinstance(contents, dict) else str(contents)


def is_unresolved(hover: Any) -> bool:
    """Tell whether a name means nothing: there is no hover, or it is of type `any`."""
    text = hover_text(hover)
    return not text or text.rstrip("`\n ").endswith("any")


def is_class(hover: Any) -> bool:
    """Tell whether a name is that of a class."""
    return bool(_CLASS.match(hover_text(hover)))


def may_be_extended(receiver: Any, listed: Listed) -> bool:
    """Tell whether a JavaScript program may give a value members that are not listed.

    It does so with object literals, functions and exports, and is right to. Where there is no
    hover, as on the result of a call, a value with methods is taken for one of a class.

    Args:
        receiver: The hover on the value before the dot.
        listed: Its members.
    """
    text = hover_text(receiver)
    if not text:
        return ItemKind.METHOD not in listed.kinds()
    return bool(_EXTENSIBLE.search(text))
