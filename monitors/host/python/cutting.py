"""Texts with a gap where a name is asked for, so that a parser sees what surrounds it."""

from dataclasses import replace

from ..analysers import Document

GAP = "()"
"""Stands for the name after a dot: else the parser takes the next line's first name for it."""
INVENTED = "warmline_invented_name"
"""A name that nobody has."""


def without_name(document: Document, offset: int, instead: str = "") -> Document:
    """Return the document with `instead` for the name that begins at `offset`, if one does."""
    text = document.text
    end = offset
    while end < len(text) and f"_{text[end]}".isidentifier():
        end += 1
    return replace(document, text=text[:offset] + instead + text[end:])
