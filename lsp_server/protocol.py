"""JSON-RPC and the life cycle, to the letter of the specification.

pygls keeps the books of requests and knows the types of messages. It answers before
`initialize`, says nothing after `shutdown`, gives no answer to a request whose parameters are
wrong, exits with 0 in every case, and keeps the ids of both sides in one book, so that one
side's messages can be taken for answers to the other's. So messages come in here by another
door, `receive`, which decides all of that first. What comes before `initialize` is the business of
`lsp_server.opening`.
"""

import contextvars
import logging
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from cattrs import Converter, transform_error
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, JsonRpcInvalidRequest
from pygls.protocol import LanguageServerProtocol

from lsp_server.messages import (
    ErrorCode,
    Identifier,
    RefusedMessageError,
    error_response,
    is_identifier,
    parse_message,
)

logger = logging.getLogger(__name__)


class Stage(Enum):
    """Where a session is in its life, once `initialize` is answered."""

    RUNNING = "running"
    SHUT_DOWN = "after shutdown"
    EXITED = "after exit"


class WarmlineProtocol(LanguageServerProtocol):
    """Takes raw messages, refuses what is out of order, and hands the rest to handlers."""

    stage = Stage.RUNNING
    exit_code = 1  # what the specification wants where no shutdown came before the end

    def __init__(self, server: Any, converter: Converter) -> None:
        super().__init__(server, converter)
        self._unanswered: set[int | str] = set()  # requests of the client's
        self.on_lost_edit: Callable[[Any], None] = lambda _params: None
        """Called with the parameters of a `didChange` that cannot be read."""
        self.on_edit_taken_in: Callable[[float], None] = lambda _took_ms: None
        """Called after each message that was a `didChange`, with how long that took."""

    def _register_builtin_features(self) -> None:
        """Register nothing of pygls's own: `server.py` names every method that is answered."""

    def receive(self, body: bytes) -> None:
        """Handle one message. Requests that cannot be handled are answered with an error."""
        began_s = time.perf_counter()
        try:
            message = parse_message(body)
            self._require_unused_id(message)
        except RefusedMessageError as error:
            self._refuse(None, error.code, str(error))
            return
        if "method" in message:
            self._receive_call(message)
            if message["method"] == types.TEXT_DOCUMENT_DID_CHANGE:
                self.on_edit_taken_in(1e3 * (time.perf_counter() - began_s))
        else:
            self._receive_response(message)

    def shut_down(self, _params: None) -> None:
        """Cancel what is under way; from now on only `exit` counts."""
        self.stage = Stage.SHUT_DOWN
        self.exit_code = 0
        self.cancel_all()

    def cancel_all(self) -> None:
        """Give up every request that is not answered, in both directions."""
        for future in list(self._request_futures.values()):
            future.cancel()

    def _receive_call(self, message: dict[str, Any]) -> None:
        method = str(message["method"])
        if method == types.EXIT:
            self.stage = Stage.EXITED
            return
        try:
            self._check_stage(method)
            params = self._structure_params(method, message)
        except JsonRpcException as error:
            self._refuse_call(message, error)
            return
        context = contextvars.copy_context()
        if "id" in message:
            self._unanswered.add(message["id"])
            context.run(self._handle_request, message["id"], method, params)
        else:
            context.run(self._handle_notification, method, params)

    def _require_unused_id(self, message: dict[str, Any]) -> None:
        """Refuse a request of which nobody could tell which answer is its own.

        The refusal has no id either: it would be taken for the answer to the first request.
        """
        if "method" in message and message.get("id") in self._unanswered:
            raise RefusedMessageError(
                ErrorCode.INVALID_REQUEST,
                f"The id {message['id']!r} is in use by a request that is not answered yet.",
            )

    def _check_stage(self, method: str) -> None:
        if self.stage is Stage.RUNNING and method == types.INITIALIZE:
            raise JsonRpcInvalidRequest("initialize came a second time.")
        if self.stage is Stage.SHUT_DOWN:
            raise JsonRpcInvalidRequest(f"{method} came after shutdown; only exit may.")

    def _structure_params(self, method: str, message: dict[str, Any]) -> Any:
        """Return typed parameters where the specification knows the method, else plain JSON."""
        message_type = self.get_message_type(method)
        if message_type is None:
            return message.get("params")
        try:
            return self._converter.structure(message, message_type).params
        except Exception as error:
            problems = "; ".join(transform_error(error, path="message"))
            raise JsonRpcInvalidParams(f"{method}: {problems}.") from error

    def _send_response(
        self, msg_id: int | str, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        self._unanswered.discard(msg_id)
        super()._send_response(msg_id, result, error)

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        if is_identifier(msg_id) and msg_id in self._unanswered:
            super()._handle_cancel_notification(msg_id)

    def _receive_response(self, message: dict[str, Any]) -> None:
        identifier = message.get("id")
        if not isinstance(identifier, str) or identifier in self._unanswered:
            logger.warning("An answer is ignored: nothing was asked with its id.")
            return
        result_type = self._result_types.pop(identifier, None)
        future = self._request_futures.get(identifier)
        if future is not None and future.done():  # we gave up waiting
            del self._request_futures[identifier]
            return
        try:
            error, result = self._structure_response(message, result_type)
        except Exception as problem:  # noqa: BLE001 - cattrs raises groups of any error
            problems = "; ".join(transform_error(problem, path="message"))
            error, result = JsonRpcInvalidParams(problems).to_response_error(), None
        self._handle_response(identifier, result, error)

    def _structure_response(
        self, message: dict[str, Any], result_type: type[Any] | None
    ) -> tuple[types.ResponseError | None, Any]:
        if "error" in message:
            return self._converter.structure(message["error"], types.ResponseError), None
        if result_type is None:
            return None, message.get("result")
        return None, self._converter.structure(message, result_type).result

    def _refuse_call(self, message: dict[str, Any], error: JsonRpcException) -> None:
        if "id" in message:
            self._refuse(message["id"], error.code, error.message)
        else:
            logger.warning("A notification is ignored: %s", error.message)
            if message["method"] == types.TEXT_DOCUMENT_DID_CHANGE:
                self.on_lost_edit(message.get("params"))

    def _refuse(self, identifier: Identifier, code: int, reason: str) -> None:
        logger.warning("A message is refused: %s", reason)
        # Not pygls's own message type, which leaves the id out where it has to be null.
        self._send_data(error_response(identifier, code, reason))
