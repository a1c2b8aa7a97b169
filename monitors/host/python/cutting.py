"""Texts with a gap where a name is asked for, so that a parser sees what surrounds it."""

from dataclasses import replace
from keyword import iskeyword
from typing import NamedTuple

from ..analysers import Document

GAP = "()"
"""Stands for the name after a dot: else the parser takes the next line's first name for it."""
FALLBACK = "__getattr__"
"""What a class or a module has that makes names up."""
SPECIALS = ("__getattribute__", "__class__.__getattribute__", FALLBACK)
"""What is looked at to tell whether a receiver has more names than it shows."""

_OPENING = {")": "(", "]": "["}
_MOST_RECEIVER = 200


class Place(NamedTuple):
    """A document, and the offset of a name in it."""

    document: Document
    offset: int


def without_name(document: Document, offset: int, instead: str = "") -> Document:
    """Return the document with `instead` for the name that begins at `offset`, if one does."""
    text = document.text
    end = offset
    while end < len(text) and f"_{text[end]}".isidentifier():
        end += 1
    return replace(document, text=text[:offset] + instead + text[end:])


def with_specials(document: Document, offset: int) -> tuple[Place, tuple[Place, ...]]:
    """Return a gap for the name at `offset`, and where each of `SPECIALS` is written.

    `self.session.` becomes `self.session.(self.session.__getattribute__, ...)`, so that one
    reading of the text serves for all. Where the receiver cannot be repeated without doubt, each
    of them stands in a text of its own.
    """
    receiver = _receiver(document.text, max(0, offset - 1))
    if not receiver:
        texts = [without_name(document, offset, special) for special in SPECIALS]
        stops = [offset + len(special) for special in SPECIALS]
        gap = Place(without_name(document, offset, GAP), offset)
        return gap, tuple(Place(text, stop - 1) for text, stop in zip(texts, stops, strict=True))
    inside, stops = "", []
    for special in SPECIALS:
        inside += f"{', ' if inside else ''}{receiver}.{special}"
        stops.append(offset + len("(") + len(inside))
    text = without_name(document, offset, f"({inside})")
    return Place(text, offset), tuple(Place(text, stop - 1) for stop in stops)


def _receiver(text: str, stop: int) -> str:
    """Return names, calls and subscripts in a chain that ends at `stop`; "" if it is no such.

    What stands in brackets has no quotes, comments or lines of its own: these are not read here.
    """
    start = stop
    while True:
        link, start = start, _link_start(text, start)
        if start == link or stop - start > _MOST_RECEIVER:
            return ""
        if text[start - 1 : start] != ".":
            return text[start:stop]
        start -= 1


def _link_start(text: str, stop: int) -> int:
    """Return where a name with brackets behind it begins that ends at `stop`, or one of these."""
    start = stop
    while start and text[start - 1] in _OPENING:
        opening = _opening(text, start - 1)
        if opening is None:
            return stop
        start = opening
    name = start
    while name and (text[name - 1] == "_" or text[name - 1].isalnum()):
        name -= 1
    if not text[name:start].isidentifier():
        is_whole = name == start and text[start - 1 : start] not in ('"', "'", "}")
        return start if is_whole else stop
    return start if iskeyword(text[name:start]) and start < stop else name


def _opening(text: str, closing: int) -> int | None:
    """Return the offset of the bracket that the one at `closing` closes; None if not seen."""
    awaited: list[str] = []
    for offset in range(closing, max(-1, closing - _MOST_RECEIVER), -1):
        character = text[offset]
        if character in _OPENING:
            awaited.append(_OPENING[character])
        elif character in "([{":
            if awaited.pop() != character:
                return None
            if not awaited:
                return offset
        elif character in "\"'#\n\r}":
            return None
    return None
