"""Frames on pipes: what goes in comes out, and nonsense is told from the end."""

import asyncio
import struct
from typing import Any

import pytest

from monitors.host.frames import MAX_FRAME_BYTES, FrameError, pack_frame, read_frame


async def read_all(stream: bytes) -> list[dict[str, Any]]:
    reader = asyncio.StreamReader()
    reader.feed_data(stream)
    reader.feed_eof()
    messages = []
    while (message := await read_frame(reader)) is not None:
        messages.append(message)
    return messages


async def test_messages_come_out_as_they_went_in() -> None:
    messages = [{"id": 1, "text": "größe 😀"}, {}, {"names": ["a"] * 1000, "half": "\ud83d"}]
    assert await read_all(b"".join(map(pack_frame, messages))) == messages


@pytest.mark.parametrize(
    "stream",
    [
        b"Traceback (most recent call last):\n",
        struct.pack(">I", MAX_FRAME_BYTES + 1),
        pack_frame({"id": 1})[:-1],
        b"\0\0",
        struct.pack(">I", 1) + b"\xc1",
        struct.pack(">I", 1) + b"\x05",
    ],
)
async def test_nonsense_is_an_error(stream: bytes) -> None:
    with pytest.raises(FrameError):
        await read_all(stream)


def test_what_is_too_long_is_not_sent() -> None:
    with pytest.raises(FrameError):
        pack_frame({"text": "x" * MAX_FRAME_BYTES})
