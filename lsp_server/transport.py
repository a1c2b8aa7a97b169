"""Messages in and out of a process: framing, standard streams."""

import asyncio
import logging
import os
import re
import threading
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO, Protocol

logger = logging.getLogger(__name__)

# At the end of a line rather than on a line of its own: after a message whose stated length
# was too short, its remains stand in front of the next header.
_CONTENT_LENGTH = re.compile(rb"content-length:\s*(\d{1,10})\s*$", re.IGNORECASE)

_MAX_BODY_BYTES = 1 << 28
"""More than any document an editor shows. A longer message is a mistake, for the rest of which
the server would wait for ever."""

_CHUNK_BYTES = 1 << 16


class MessageWriter(Protocol):
    """Where messages go. Writing never waits for the reader."""

    def write(self, data: bytes, /) -> None:
        """Write all of `data`."""
        ...

    def close(self) -> None:
        """Write nothing more."""
        ...


async def read_messages(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield message bodies until the stream ends. What is no message is skipped."""
    num_bytes: int | None = None
    while line := await _read_line(stream):
        if found := _CONTENT_LENGTH.search(line):
            num_bytes = _believable(int(found.group(1)))
        elif not line.strip() and num_bytes is not None:
            try:
                body = await stream.readexactly(num_bytes)
            except asyncio.IncompleteReadError:
                logger.warning("The client left in the middle of a message.")
                return
            num_bytes = None
            yield body


def _believable(num_bytes: int) -> int | None:
    """Return a message's stated length, or None where no message is so long."""
    if num_bytes <= _MAX_BODY_BYTES:
        return num_bytes
    logger.warning("A message of %d bytes is announced; that is skipped.", num_bytes)
    return None


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    while True:
        try:
            return await stream.readline()
        except ValueError:  # longer than any header; the stream has dropped it
            logger.warning("A header line without an end was skipped.")


def feed_in_background(source: BinaryIO, stream: asyncio.StreamReader) -> None:
    """Copy a blocking file into a stream of the running event loop, from a thread.

    Reading standard input with asyncio itself works only for pipes, and not on Windows. The
    thread ends with the file; it is a daemon because nothing else can end a blocked read.
    """
    loop = asyncio.get_running_loop()

    def feed() -> None:
        try:
            while chunk := os.read(source.fileno(), _CHUNK_BYTES):
                loop.call_soon_threadsafe(stream.feed_data, chunk)
            loop.call_soon_threadsafe(stream.feed_eof)
        except RuntimeError:  # the loop is closed: the server has left before its client
            return

    threading.Thread(target=feed, name="standard-input", daemon=True).start()


class StandardOutput:
    """Writes messages to a blocking file."""

    def __init__(self, file: BinaryIO, on_lost: Callable[[], None]) -> None:
        self._file = file
        self._on_lost = on_lost

    def write(self, data: bytes) -> None:
        """Write all of `data`; when nobody reads any more, say so and drop it."""
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            logger.warning("The client no longer reads what the server writes: %s.", error)
            self._on_lost()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def take_standard_output() -> BinaryIO:
    """Return standard output for messages alone; whatever else prints goes to standard error."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return messages
