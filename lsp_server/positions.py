"""The one place where the editor's positions become offsets in code points and back.

An editor counts a line in UTF-16 units, UTF-8 units or code points, as agreed at the start.
Everything behind this module counts code points.
"""

from lsprotocol.types import Position

from lsp_server.encoding import PositionEncoding
from lsp_server.lines import LineIndex

_CODECS = {
    PositionEncoding.UTF8: ("utf-8", 1),
    PositionEncoding.UTF16: ("utf-16-le", 2),
}


class PositionCodec:
    """Converts positions of one session, in the encoding agreed on."""

    def __init__(self, encoding: PositionEncoding) -> None:
        self.encoding = encoding

    def offset(self, position: Position, text: str, lines: LineIndex) -> int:
        """Return the offset of `position`, in code points.

        A character past the end of its line means the end of the line, a line past the end of
        the text means the end of the text, and a position inside a character means the
        position before it.
        """
        if position.line >= len(lines):
            return len(text)
        start, stop = lines.start(position.line), lines.stop(position.line, text)
        # No character takes less than one unit, so the rest of a long line is never looked at.
        return start + self._column(text[start : min(stop, start + position.character)], position)

    def position(self, offset: int, text: str, lines: LineIndex) -> Position:
        """Return where `offset` is for the editor."""
        line = lines.line_at(offset)
        return Position(line=line, character=self._num_units(text[lines.start(line) : offset]))

    def _column(self, line: str, position: Position) -> int:
        if line.isascii() or self.encoding not in _CODECS:
            return len(line)
        codec, unit_bytes = _CODECS[self.encoding]
        # Cut inside a character, the bytes that are left of it are dropped: "ignore".
        cut = line.encode(codec)[: position.character * unit_bytes]
        return len(cut.decode(codec, "ignore"))

    def _num_units(self, text: str) -> int:
        if text.isascii() or self.encoding not in _CODECS:
            return len(text)
        codec, unit_bytes = _CODECS[self.encoding]
        return len(text.encode(codec)) // unit_bytes
