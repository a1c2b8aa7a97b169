"""What a position means, by Python's own encoders: slow, short, and no code of the server's."""

import re

from lsprotocol.types import Position

from lsp_server.encoding import PositionEncoding

ENCODERS = {
    PositionEncoding.UTF8: ("utf-8", 1),
    PositionEncoding.UTF16: ("utf-16-le", 2),
    PositionEncoding.UTF32: ("utf-32-le", 4),
}
# One to four bytes in UTF-8, one and two units in UTF-16; line ends of the protocol; and
# characters at which Python splits lines but the protocol does not.
ALPHABET = "ab é\u4e2d\U0001f600\ufeff\r\n\u2028\x0c\x85"


def oracle_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\r\n|\r|\n", text))]


def num_units(text: str, encoding: PositionEncoding) -> int:
    encoder, unit_bytes = ENCODERS[encoding]
    return len(text.encode(encoder)) // unit_bytes


def oracle_position(text: str, offset: int, encoding: PositionEncoding) -> Position:
    starts = oracle_starts(text)
    line = max(number for number, start in enumerate(starts) if start <= offset)
    return Position(line, num_units(text[starts[line] : offset], encoding))


def oracle_offset(text: str, position: Position, encoding: PositionEncoding) -> int:
    """The last place on the line that is not past `position`."""
    starts = [*oracle_starts(text)]
    if position.line >= len(starts):
        return len(text)
    rest = text[starts[position.line] :]
    line = re.split("\r\n|\r|\n", rest, maxsplit=1)[0]
    fitting = [
        column
        for column in range(len(line) + 1)
        if num_units(line[:column], encoding) <= position.character
    ]
    return starts[position.line] + max(fitting)


def is_inside_line_break(text: str, offset: int) -> bool:
    return text[offset - 1 : offset + 1] == "\r\n" and offset > 0
