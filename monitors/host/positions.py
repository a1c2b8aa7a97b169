"""Positions as language servers count them."""

import re
from typing import Literal

Encoding = Literal["utf-8", "utf-16", "utf-32"]

_UNIT_BYTES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
_CODECS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_LINE_END = re.compile(r"\r\n|\n|\r")


def position_at(text: str, offset: int, encoding: Encoding) -> dict[str, int]:
    """Return an offset in code points as an LSP position: line and character, 0-based."""
    line, start = 0, 0
    for end in _LINE_END.finditer(text):
        if end.end() > offset:
            break
        line, start = line + 1, end.end()
    before = text[start:offset].encode(_CODECS[encoding], "surrogatepass")
    return {"line": line, "character": len(before) // _UNIT_BYTES[encoding]}
