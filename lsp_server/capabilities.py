"""What the client can do, and what the server says it can do. Plain JSON on both sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lsp_server.encoding import PositionEncoding
from lsp_server.messages import ErrorCode, RefusedMessageError
from lsp_server.settings import EditorSettings

TRIGGER_CHARACTERS = (".", "(", "[", "{", ",", "=", ":")
"""After these an editor asks for its completion list anew."""

_INCREMENTAL = 2  # TextDocumentSyncKind: changes come as ranges and their new text


@dataclass(frozen=True, slots=True)
class ClientFeatures:
    """What of the client's capabilities makes a difference here."""

    position_encodings: tuple[str, ...] = ()  # what it offers, its favourite first
    has_inline_completion: bool = False  # suggestions can be shown inline
    has_progress: bool = False  # the server may ask for a progress display
    has_configuration: bool = False  # the server may ask for settings
    has_configuration_registration: bool = False
    """Whether the client tells of changed settings only to servers that registered."""
    waits_for_pauses: bool = False  # before it asks for a suggestion


_WAITING_CLIENTS = ("Visual Studio Code", "VSCodium", "Code - OSS", "code-server", "Neovim")
"""Editors that ask for inline suggestions after a pause of their own, as names begin."""


def read_client_features(capabilities: Mapping[str, Any], client_name: str = "") -> ClientFeatures:
    """Read the client's capabilities, most of which may be missing.

    Raises:
        RefusedMessageError: If a part that is looked at has the wrong form.
    """
    workspace = object_in(capabilities, "workspace")
    encodings = object_in(capabilities, "general").get("positionEncodings") or ()
    if not isinstance(encodings, list | tuple):
        raise RefusedMessageError(
            ErrorCode.INVALID_PARAMS, f"positionEncodings is {encodings!r}; an array is wanted."
        )
    return ClientFeatures(
        position_encodings=tuple(str(encoding) for encoding in encodings),
        has_inline_completion=(
            object_in(capabilities, "textDocument").get("inlineCompletion") is not None
        ),
        has_progress=bool(object_in(capabilities, "window").get("workDoneProgress")),
        has_configuration=bool(workspace.get("configuration")),
        has_configuration_registration=bool(
            object_in(workspace, "didChangeConfiguration").get("dynamicRegistration")
        ),
        waits_for_pauses=client_name.startswith(_WAITING_CLIENTS),
    )


def object_in(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a member that is an object, or an empty one where it is null or missing.

    Raises:
        RefusedMessageError: If it is anything else.
    """
    member = value.get(name)
    if member is None:
        return {}
    if not isinstance(member, Mapping):
        raise RefusedMessageError(
            ErrorCode.INVALID_PARAMS, f"{name} is {member!r}; an object is wanted."
        )
    return member


def offers_completion_list(client: ClientFeatures, settings: EditorSettings) -> bool:
    """Decide whether suggestions also go to the ordinary completion list."""
    if settings.completion_list == "auto":
        return not client.has_inline_completion
    return settings.completion_list == "always"


def server_capabilities(
    encoding: PositionEncoding, *, with_completion_list: bool
) -> dict[str, Any]:
    """Say what the server does. No notebook synchronisation: cells come as documents."""
    capabilities: dict[str, Any] = {
        "positionEncoding": encoding.value,
        "textDocumentSync": {"openClose": True, "change": _INCREMENTAL},
        "inlineCompletionProvider": {},
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
    }
    if with_completion_list:
        capabilities["completionProvider"] = {"triggerCharacters": TRIGGER_CHARACTERS}
    return capabilities
