"""Frames: what one WebSocket message holds, always one msgpack map."""

from dataclasses import dataclass
from typing import Any

import msgpack

from engine.errors import WireError
from engine.protocol.codec import to_wire, union_from_wire

MAX_FRAME_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Request:
    """Wants an answer. `id` is unused by any other request in flight on the connection."""

    id: int
    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Notification:
    """Wants no answer."""

    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One more part of the answer to request `id`; a `Reply` or a `Failure` ends it."""

    id: int
    event: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to request `id`."""

    id: int
    result: Any


@dataclass(frozen=True, slots=True)
class Failure:
    """Why request `id` has no answer. `kind` is the name of a class in `engine.errors`."""

    id: int
    kind: str
    message: str


Frame = Request | Notification | StreamEvent | Reply | Failure


def encode_frame(frame: Frame) -> bytes:
    """Return the frame as bytes.

    Raises:
        WireError: If it is larger than `MAX_FRAME_BYTES` or msgpack cannot carry a value.
    """
    try:
        data: bytes = msgpack.packb(to_wire(Frame, frame), use_bin_type=True)
    except (OverflowError, TypeError, ValueError) as error:
        raise WireError(f"A {type(frame).__name__} cannot be sent: {error}.") from error
    if len(data) > MAX_FRAME_BYTES:
        raise WireError(
            f"A {type(frame).__name__} of {len(data)} bytes cannot be sent; a frame may have "
            f"{MAX_FRAME_BYTES}."
        )
    return data


def decode_frame(data: bytes | str) -> Frame:
    """Read one WebSocket message.

    Raises:
        WireError: If it is not exactly one frame.
    """
    if isinstance(data, str):
        raise WireError("A text message came; frames are binary.")
    try:
        value = msgpack.unpackb(data, raw=False, strict_map_key=True)
    except (ValueError, msgpack.UnpackException) as error:
        reason = str(error) or type(error).__name__
        raise WireError(f"A message of {len(data)} bytes is not msgpack: {reason}.") from error
    frame: Frame = union_from_wire(Frame, value, "frame")
    return frame
