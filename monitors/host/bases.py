"""Base classes that TypeScript could not find. Nothing here asks anything.

TypeScript takes a class whose base is unknown for one without a base, and lists its own members
as if they were all.
"""

import re
from collections.abc import Iterable
from typing import Any

_CANNOT_FIND_MODULE = frozenset({2307, 2792, 7016})
_CANNOT_FIND_NAME = frozenset({2304, 2552})
_HEAD = re.compile(r"\b(?:class|interface)\b[^{};]*")
_BASES = re.compile(r"\bextends\s+([^{;]+)")
_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_LINE_END = re.compile(r"\r\n|\n|\r")
_DECIDING_LINE = re.compile(r"^.*\b(?:from|require|extends)\b.*$", re.MULTILINE)


def deciding_lines(text: str) -> str:
    """Return the lines on which it depends which bases are found; empty without any base."""
    return "\n".join(_DECIDING_LINE.findall(text)) if _base_names(text) else ""


def has_unknown_base(text: str, diagnostics: Iterable[dict[str, Any]]) -> bool:
    """Tell whether something in the text extends what a diagnostic says cannot be found."""
    bases = _base_names(text)
    lines = _LINE_END.split(text)
    return any(bases & _missing_names(lines, diagnostic) for diagnostic in diagnostics)


def _base_names(text: str) -> set[str]:
    """Return the names behind `extends` where classes and interfaces begin."""
    bases = [base for head in _HEAD.findall(text) for base in _BASES.findall(head)]
    return {name for base in bases for name in _NAME.findall(base)}


def _missing_names(lines: list[str], diagnostic: dict[str, Any]) -> set[str]:
    """Return the names that mean nothing by a diagnostic: its own, or those of an import."""
    start, end = diagnostic["range"]["start"], diagnostic["range"]["end"]
    if diagnostic.get("code") in _CANNOT_FIND_NAME:
        line = lines[start["line"]].encode("utf-16-le")
        return {line[2 * start["character"] : 2 * end["character"]].decode("utf-16-le", "replace")}
    if diagnostic.get("code") in _CANNOT_FIND_MODULE:
        before = "\n".join(lines[: start["line"] + 1])
        return set(_NAME.findall(before[max(before.rfind("import"), 0) :]))
    return set()
