"""Everything up to the answer to `initialize`.

Importing the protocol's types takes longer than all else that a start is made of, and nothing
in the first answer needs them. So this part reads plain JSON, and the server proper is
imported while the editor works on the answer.
"""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from lsp_server.capabilities import (
    ClientFeatures,
    object_in,
    offers_completion_list,
    read_client_features,
    server_capabilities,
)
from lsp_server.encoding import PositionEncoding, negotiate_encoding
from lsp_server.messages import (
    ErrorCode,
    Identifier,
    RefusedMessageError,
    error_response,
    frame,
    parse_message,
    response,
)
from lsp_server.settings import read_settings, section_of
from lsp_server.transport import MessageWriter
from lsp_server.workspace import Workspace, read_workspace

logger = logging.getLogger(__name__)

SERVER_NAME = "warmline"
_INITIALIZE, _EXIT = "initialize", "exit"


@dataclass(frozen=True, slots=True)
class Opening:
    """What `initialize` has settled."""

    client: ClientFeatures
    encoding: PositionEncoding
    initial_settings: Any  # as the editor sent them
    has_completion_list: bool
    workspace: Workspace


async def answer_initialize(
    messages: AsyncIterator[bytes], writer: MessageWriter, version: str
) -> Opening | None:
    """Refuse whatever comes before `initialize`, and answer that.

    Returns:
        What was settled; None where the client leaves before.
    """
    async for body in messages:
        try:
            message = parse_message(body)
        except RefusedMessageError as error:
            _refuse(writer, None, error)
            continue
        if message.get("method") == _EXIT:
            return None
        if opening := _opening_from(message, writer, version):
            return opening
    return None


def read_opening(params: Any) -> Opening:
    """Read the parameters of `initialize`.

    Raises:
        RefusedMessageError: If a part that is looked at has the wrong form.
    """
    if not isinstance(params, Mapping) or not isinstance(params.get("capabilities"), Mapping):
        raise RefusedMessageError(
            ErrorCode.INVALID_PARAMS, "initialize: capabilities are missing, or no object."
        )
    client_name = str(object_in(params, "clientInfo").get("name", ""))
    client = read_client_features(params["capabilities"], client_name)
    sent = params.get("initializationOptions")
    settings, _ = read_settings(section_of(sent))  # what is wrong in them is reported later
    return Opening(
        client=client,
        encoding=negotiate_encoding(client.position_encodings),
        initial_settings=sent,
        has_completion_list=offers_completion_list(client, settings.editor),
        workspace=read_workspace(params),
    )


def _opening_from(message: dict[str, Any], writer: MessageWriter, version: str) -> Opening | None:
    """Answer one message; None where it was no proper `initialize`."""
    method, identifier = message.get("method"), message.get("id")
    if identifier is None or method is None:
        logger.warning("Before initialize, %s is ignored.", method or "a response")
        return None
    try:
        _require_initialize(method)
        opening = read_opening(message.get("params"))
    except RefusedMessageError as error:
        _refuse(writer, identifier, error)
        return None
    capabilities = server_capabilities(
        opening.encoding, with_completion_list=opening.has_completion_list
    )
    server_info = {"name": SERVER_NAME, "version": version}
    result = {"capabilities": capabilities, "serverInfo": server_info}
    writer.write(frame(response(identifier, result)))
    return opening


def _require_initialize(method: str) -> None:
    if method != _INITIALIZE:
        raise RefusedMessageError(
            ErrorCode.SERVER_NOT_INITIALIZED, f"{method} came before initialize."
        )


def _refuse(writer: MessageWriter, identifier: Identifier, error: RefusedMessageError) -> None:
    logger.warning("A message is refused: %s", error)
    writer.write(frame(error_response(identifier, error.code, str(error))))
