"""JSON-RPC messages as plain JSON, which is all that is known before `initialize` is answered."""

import json
from enum import IntEnum
from typing import Any

VERSION = "2.0"

Identifier = int | str | None


class ErrorCode(IntEnum):
    """Why a message is refused: codes of JSON-RPC and of the protocol."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    INVALID_PARAMS = -32602
    SERVER_NOT_INITIALIZED = -32002


class RefusedMessageError(Exception):
    """A message breaks the rules; the text says which."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse_message(body: bytes) -> dict[str, Any]:
    """Return one message as JSON-RPC wants it.

    Raises:
        RefusedMessageError: If it is something else.
    """
    try:
        # Decoded here, since JSON's reader would also guess at encodings that the protocol has not.
        message = json.loads(body.decode("utf-8-sig", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise RefusedMessageError(
            ErrorCode.PARSE_ERROR, f"The message is not JSON: {error}."
        ) from error
    if not isinstance(message, dict) or message.get("jsonrpc") != VERSION:
        raise RefusedMessageError(ErrorCode.INVALID_REQUEST, "The message is not JSON-RPC 2.0.")
    if not (is_identifier(message.get("id", "")) or is_response(message)):
        raise RefusedMessageError(
            ErrorCode.INVALID_REQUEST, "The id is neither a whole number nor a string."
        )
    return message


def is_identifier(value: Any) -> bool:
    """Tell whether something may be a request's id; null may not, though it may be an answer's."""
    return isinstance(value, int | str) and not isinstance(value, bool)


def is_response(message: dict[str, Any]) -> bool:
    """Tell whether a message is an answer. However wrong it is, answers are not answered."""
    return "method" not in message and ("result" in message or "error" in message)


def response(identifier: Identifier, result: Any) -> dict[str, Any]:
    """Return the answer to a request."""
    return {"jsonrpc": VERSION, "id": identifier, "result": result}


def error_response(identifier: Identifier, code: int, message: str) -> dict[str, Any]:
    """Return the refusal of a request; without an id where the message had none to be read."""
    return {"jsonrpc": VERSION, "id": identifier, "error": {"code": code, "message": message}}


def frame(message: dict[str, Any]) -> bytes:
    """Return a message as it goes over the wire."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
