"""How an editor counts the characters of a line, as agreed in `initialize`."""

from collections.abc import Sequence
from enum import StrEnum


class PositionEncoding(StrEnum):
    """Units of positions, by the protocol's names."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


def negotiate_encoding(offered: Sequence[str]) -> PositionEncoding:
    """Choose how positions are counted.

    UTF-32 where it is offered, because its units are Python's own and nothing has to be
    converted. Otherwise what the client prefers: UTF-8 and UTF-16 cost the same here, and the
    client knows which one is free on its side. UTF-16 where nothing is offered, as the
    specification demands.
    """
    known = [PositionEncoding(kind) for kind in offered if kind in set(PositionEncoding)]
    if PositionEncoding.UTF32 in known:
        return PositionEncoding.UTF32
    return known[0] if known else PositionEncoding.UTF16
