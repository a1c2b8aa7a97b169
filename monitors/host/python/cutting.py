"""Texts with a gap where a name is asked for, so that a parser sees what surrounds it."""

import re
from dataclasses import replace

from ..analysers import Document

GAP = "()"
"""Stands for the name after a dot: else the parser takes the next line's first name for it."""
INVENTED = "warmline_invented_name"
"""A name that nobody has."""
_CHAIN = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*$")
_MOST_RECEIVER = 200


def without_name(document: Document, offset: int, instead: str = "") -> Document:
    """Return the document with `instead` for the name that begins at `offset`, if one does."""
    text = document.text
    end = offset
    while end < len(text) and f"_{text[end]}".isidentifier():
        end += 1
    return replace(document, text=text[:offset] + instead + text[end:])


def with_invented_name(document: Document, offset: int) -> Document | None:
    """Return the document with a gap for the name at `offset`, and an invented one within it.

    `self.session.` becomes `self.session.(self.session.invented)`, so that one reading of the
    text serves to list the names and to see whether others are complained of. None where the
    receiver is no chain of names, and cannot be repeated without doubt.
    """
    dot = offset - 1
    start = max(0, dot - _MOST_RECEIVER)
    chain = _CHAIN.search(document.text[start:dot])
    if chain is None or document.text[start + chain.start() - 1 : start + chain.start()] in _LINKS:
        return None
    return without_name(document, offset, f"({chain[0]}.{INVENTED})")


_LINKS = (".", ")", "]", "}", '"', "'")
"""Before a chain of names, these make it a part of something longer."""
