"""Base classes that TypeScript could not find. Nothing here asks anything.

TypeScript takes a class whose base is unknown for one without a base, and lists its own members
as if they were all.
"""

import re
from collections.abc import Iterable
from typing import Any

_CANNOT_FIND_MODULE = frozenset({2307, 2792, 7016})
_CANNOT_FIND_NAME = frozenset({2304, 2552})
_BASES = re.compile(r"\bextends\s+([^{>=?;]+)")
_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_LINE_END = re.compile(r"\r\n|\n|\r")
_DECIDING_LINE = re.compile(r"^.*\b(?:from|require|extends)\b.*$", re.MULTILINE)


def deciding_lines(text: str) -> str:
    """Return the lines on which it depends which bases are found; empty without any base."""
    return "\n".join(_DECIDING_LINE.findall(text)) if _BASES.search(text) else ""


def has_unknown_base(text: str, diagnostics: Iterable[dict[str, Any]]) -> bool:
    """Tell whether something in the text extends what a diagnostic says cannot be found."""
    bases = {name for bases in _BASES.findall(text) for name in _NAME.findall(bases)}
    lines = _LINE_END.split(text)
    return any(bases & _missing_names(lines, diagnostic) for diagnostic in diagnostics)


def _missing_names(lines: list[str], diagnostic: dict[str, Any]) -> set[str]:
    """Return the names that mean nothing by a diagnostic: those of an import, or on its line."""
    last = diagnostic["range"]["start"]["line"]
    if diagnostic.get("code") in _CANNOT_FIND_NAME:
        return set(_NAME.findall(lines[last]))
    if diagnostic.get("code") in _CANNOT_FIND_MODULE:
        before = "\n".join(lines[: last + 1])
        return set(_NAME.findall(before[max(before.rfind("import"), 0) :]))
    return set()
