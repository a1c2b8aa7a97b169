"""The one place where the editor's positions become offsets in code points and back.

An editor counts a line in UTF-16 units, UTF-8 units or code points, as agreed at the start.
Everything behind this module counts code points.
"""

from collections.abc import Sequence

from lsprotocol.types import Position, PositionEncodingKind

from lsp_server.lines import LineIndex

_CODECS = {
    PositionEncodingKind.Utf8: ("utf-8", 1),
    PositionEncodingKind.Utf16: ("utf-16-le", 2),
}


def negotiate_encoding(
    offered: Sequence[PositionEncodingKind | str] | None,
) -> PositionEncodingKind:
    """Choose how positions are counted.

    UTF-32 where it is offered, because its units are Python's own and nothing has to be
    converted. Otherwise what the client prefers: UTF-8 and UTF-16 cost the same here, and the
    client knows which one is free on its side. UTF-16 where nothing is offered, as the
    specification demands.
    """
    known = [PositionEncodingKind(kind) for kind in offered or () if kind in _SUPPORTED]
    if PositionEncodingKind.Utf32 in known:
        return PositionEncodingKind.Utf32
    return known[0] if known else PositionEncodingKind.Utf16


_SUPPORTED = frozenset(kind.value for kind in PositionEncodingKind)


class PositionCodec:
    """Converts positions of one session, in the encoding agreed on."""

    def __init__(self, encoding: PositionEncodingKind) -> None:
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
