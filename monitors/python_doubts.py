"""Where what analysis says of Python is not to be believed, or is not all."""

import re
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePath

_UNDERSCORED = frozenset(
    f"__{word}__"
    for word in (
        "all annotations bases class code dict doc file func init init_subclass module mro name"
        " new path qualname self slots spec subclasses version weakref wrapped"
    ).split()
)
_OF_OBJECT = frozenset(dir(object)) | _UNDERSCORED
_OF_GENERATORS = frozenset(("send", "throw", "close"))
_OF_PURE_PATHS = frozenset(name for name in dir(PurePath) if not name.startswith("_"))
_OF_PATHS = frozenset(name for name in dir(Path) if not name.startswith("_"))
_FEWEST = 2
"""Names that a value must have, besides those that every object has, to be believed."""
_OPTIONAL = re.compile(r"[ \t]*(?:(?:try|except)\b|(?:if|elif|else)\b.*\bsys\.)")
"""Headers of blocks that expect modules to be missing."""


def member_doubt(names: AbstractSet[str]) -> str:
    """Say why these are not all the members of a value; nothing if they may be."""
    public = {name for name in names - _OF_OBJECT if not name.startswith("__")}
    if "__getattr__" in names:
        return "names are made up while the program runs"
    if len(public) < _FEWEST:
        return "analysis knows hardly a name here"
    if public >= _OF_GENERATORS and all(len(name) == 2 or "_" in name for name in public):
        return "analysis may have missed what is iterated over"
    return ""


def more_members(names: AbstractSet[str]) -> frozenset[str]:
    """Return names that analysis leaves out: methods of `Path` after `/`, special attributes."""
    return _UNDERSCORED | _OF_PATHS if names >= _OF_PURE_PATHS else _UNDERSCORED


def import_doubt(text: str, offset: int) -> str:
    """Say why the import at `offset` may name what is not there; nothing if it may not."""
    indentation = indentation_at(text, offset)
    if indentation:
        for line in reversed(text[:offset].split("\n")[:-1]):
            if line.strip() and len(line) - len(line.lstrip()) < indentation:
                return "the import may fail" if _OPTIONAL.match(line) else ""
    return ""
