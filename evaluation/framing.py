"""Messages as language servers frame them on a byte stream."""

import asyncio
import json
from typing import Any

from evaluation.errors import BrokenFrameError

Json = Any
"""What `json.loads` may return."""

MAX_MESSAGE_BYTES = 64 * 1024 * 1024


def frame(message: dict[str, Json]) -> bytes:
    """Return `message` as it goes over the wire, header and all."""
    content = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(content), content)


async def read_message(stream: asyncio.StreamReader) -> dict[str, Json] | None:
    """Read one message; None at the end of the stream.

    Raises:
        BrokenFrameError: If header or content are not what the protocol says.
    """
    length = await _read_content_length(stream)
    if length is None:
        return None
    try:
        message = json.loads(await stream.readexactly(length))
    except (asyncio.IncompleteReadError, ValueError) as error:
        raise BrokenFrameError(f"the server sent a broken message: {error}") from error
    if not isinstance(message, dict):
        raise BrokenFrameError(f"the server sent {type(message).__name__} instead of an object")
    return message


async def _read_content_length(stream: asyncio.StreamReader) -> int | None:
    """Read the header; None when the stream ends before one begins."""
    length: int | None = None
    line = await stream.readline()
    if not line:
        return None
    while line != b"\r\n":
        name, colon, value = line.decode("ascii", errors="replace").partition(":")
        if not colon:
            raise BrokenFrameError(
                f"the server sent {line[:80]!r} where a header belongs; something in it prints"
                " to standard output"
            )
        if name.lower() == "content-length" and value.strip().isdecimal():
            length = int(value)
        line = await stream.readline()
    if length is None or length > MAX_MESSAGE_BYTES:
        raise BrokenFrameError(
            f"the server sent a message with Content-Length {length}; wanted a number of at"
            f" most {MAX_MESSAGE_BYTES}"
        )
    return length
