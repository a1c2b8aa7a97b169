"""Where what analysis says of Python is not to be believed, or is not all."""

import re
from collections.abc import Set as AbstractSet

from monitors.types import Site, SiteKind

SPECIAL_MEMBERS = frozenset(
    (
        *("__all__", "__annotations__", "__bases__", "__class__", "__code__", "__dict__"),
        *("__doc__", "__file__", "__func__", "__init__", "__module__", "__mro__", "__name__"),
        *("__path__", "__qualname__", "__self__", "__slots__", "__spec__", "__subclasses__"),
        *("__version__", "__weakref__", "__wrapped__"),
    )
)
"""Attributes of classes, functions and modules that analysers leave out here and there."""
_OF_OBJECT = frozenset(dir(object)) | SPECIAL_MEMBERS
_OPTIONAL = re.compile(r"[ \t]*(?:(?:try|except)\b|(?:if|elif|else)\b.*\bsys\.)")
"""Headers of blocks that expect modules to be missing."""
_CLASS = re.compile(r"^([ \t]*)class\b", re.MULTILINE)


def member_doubt(names: AbstractSet[str]) -> str:
    """Say why these are not all the members of a value; nothing if they may be."""
    return "" if names - _OF_OBJECT else "analysis knows no more than of any object"


def import_doubt(site: Site, text: str) -> str:
    """Say why an import may name what is not there; nothing if it may not.

    A module that is imported within a block is often one that may be missing.
    """
    indentation = _indentation(text, site.start)
    if not indentation:
        return ""
    if site.kind is SiteKind.MODULE and not site.receiver:
        return "the module may be missing"
    for line in reversed(text[: site.start].split("\n")[:-1]):
        if line.strip() and len(line) - len(line.lstrip()) < indentation:
            return "the import may fail" if _OPTIONAL.match(line) else ""
    return ""


def class_around(text: str, offset: int) -> tuple[int, int]:
    """Return the range of the class that holds `offset`; all of `text` if none does."""
    indentation = _indentation(text, offset)
    start = None
    for match in _CLASS.finditer(text, 0, offset):
        if len(match[1]) < indentation:
            start = match
    if start is None:
        return 0, len(text)
    outside = re.compile(rf"^[ \t]{{0,{len(start[1])}}}[^\s#)\]}}]", re.MULTILINE)
    end = outside.search(text, offset)
    return start.start(), end.start() if end else len(text)


def _indentation(text: str, offset: int) -> int:
    line = text[text.rfind("\n", 0, offset) + 1 :]
    return len(line) - len(line.lstrip(" \t"))
