"""Renaming what the next line uses."""

import builtins
import keyword
import random
import re

from evaluation.fidelity.cases.drafts import Draft, Spot, prefix_draft
from evaluation.fidelity.cases.package_code import NAME

_FEWEST_USES = 3
"""Of the name before the cursor."""
_SHORTEST_NAME = 4
_LENGTH_DIFFERENCE = 4  # characters between the old and the new name
_DEFINING_WORDS = (
    "as|class|const|def|enum|fn|for|function|interface|let|mut|static|struct|trait|type|var"
)
_DEFINED = rf"\b(?:{_DEFINING_WORDS})\s+{{name}}\b|\b{{name}}\s*(?::(?![:=])|=(?!=))"
"""A name behind such a word, or before a colon or an equals sign."""
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_TYPESCRIPT_WORDS = """
    abstract async await bigint boolean break case catch class const constructor continue default
    delete else enum export extends false finally from function implements import instanceof
    interface keyof namespace never null number object override private protected public readonly
    return satisfies static string super switch symbol this throw true type typeof undefined
    unknown void while with yield
"""
_RUST_WORDS = """
    async await break const continue crate else enum extern false impl loop match move return self
    Self static struct super trait true type union unsafe where while
"""
_RESERVED = {
    "python": frozenset([*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "self"]),
    "typescript": frozenset(_TYPESCRIPT_WORDS.split()),
    "rust": frozenset(_RUST_WORDS.split()),
}


def rename(spot: Spot, generator: random.Random) -> Draft | None:
    """Rename, everywhere before the cursor, a name that the target uses.

    The document had another name of the package in its place, of the same style and about the
    same length, which this file does not use otherwise.
    """
    front = spot.front()
    if front is None:
        return None
    context = "".join(spot.file.lines[front : spot.line])
    names = _renamable(context, spot)
    generator.shuffle(names)
    for name in names:
        old_name = _another_name(name, spot, generator)
        if old_name is not None:
            before = re.sub(rf"\b{name}\b", old_name, context)
            return prefix_draft([before], [context], spot.target)
    return None


def _renamable(context: str, spot: Spot) -> list[str]:
    """Return the names of the target that the context gives and uses often enough, sorted."""
    names = set(NAME.findall(_STRING.sub("", spot.target))) - _RESERVED[spot.file.language]
    return sorted(name for name in names if _is_renamable(name, context))


def _is_renamable(name: str, context: str) -> bool:
    if len(name) < _SHORTEST_NAME or not re.search(_DEFINED.format(name=name), context):
        return False
    return len(re.findall(rf"\b{name}\b", context)) >= _FEWEST_USES


def _another_name(name: str, spot: Spot, generator: random.Random) -> str | None:
    taken = _RESERVED[spot.file.language].union(NAME.findall("".join(spot.file.lines)))
    fitting = [
        other
        for other in spot.package.common_names
        if abs(len(other) - len(name)) <= _LENGTH_DIFFERENCE
        and _style(other) == _style(name)
        and other not in taken
    ]
    return generator.choice(fitting) if fitting else None


def _style(name: str) -> tuple[bool, bool, bool, bool]:
    """Return what two names have in common that could stand in one place."""
    return (
        name.startswith("_"),
        "_" in name.strip("_"),
        name.isupper(),
        name.strip("_")[:1].isupper(),
    )
