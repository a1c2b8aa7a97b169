"""Frames on pipes: four bytes of length, most significant first, then a msgpack map."""

import asyncio
import struct
from typing import Any

import msgpack

MAX_FRAME_BYTES = 64 * 2**20
_LENGTH = struct.Struct(">I")


class FrameError(Exception):
    """What came is no frame; nothing after it can be understood."""


async def read_frame(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """Return the next map, or None where the stream ends.

    Raises:
        FrameError: If it is too long, cut off, or no map.
    """
    try:
        head = await reader.readexactly(_LENGTH.size)
        (length_bytes,) = _LENGTH.unpack(head)
        if length_bytes > MAX_FRAME_BYTES:
            raise FrameError(f"A frame of {length_bytes} bytes came; at most {MAX_FRAME_BYTES}.")
        body = await reader.readexactly(length_bytes)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise FrameError("The stream ended within a frame.") from error
        return None
    return _unpack(body)


def pack_frame(message: dict[str, Any]) -> bytes:
    """Return `message` as one frame.

    Raises:
        FrameError: If it is too long to be sent.
    """
    # A document may hold half a surrogate pair; better mangled than no answer.
    body: bytes = msgpack.packb(message, unicode_errors="surrogatepass")
    if len(body) > MAX_FRAME_BYTES:
        raise FrameError(f"A frame of {len(body)} bytes was to be sent; at most {MAX_FRAME_BYTES}.")
    return _LENGTH.pack(len(body)) + body


def _unpack(body: bytes) -> dict[str, Any]:
    try:
        message = msgpack.unpackb(body, unicode_errors="surrogatepass")
    except ValueError as error:
        raise FrameError(f"A frame of {len(body)} bytes came that is not msgpack.") from error
    if not isinstance(message, dict):
        raise FrameError(f"A frame came that holds a {type(message).__name__}, not a map.")
    return message
