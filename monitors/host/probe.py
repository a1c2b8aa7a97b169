"""A name that no program has, put where a name is asked for.

It keeps the text a whole one for the parser, whatever stands behind, and what a server says
about it tells whether it would take any name there.
"""

import re
from dataclasses import replace

from .analysers import Document

PROBE = "warmlineProbe"

_REST_OF_NAME = re.compile(r"[\w$]*")


def with_probe(document: Document, offset: int) -> Document:
    """Return the document with a made-up name at `offset`, in place of any that stands there."""
    rest = _REST_OF_NAME.match(document.text, offset)
    end = rest.end() if rest else offset
    return replace(document, text=document.text[:offset] + PROBE + document.text[end:])
