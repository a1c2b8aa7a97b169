"""What the client can do, and what the server says it can do."""

from lsprotocol import types

from lsp_server.settings import EditorSettings

TRIGGER_CHARACTERS = (".", "(", "[", "{", ",", "=", ":")
"""After these an editor asks for its completion list anew."""


class ClientFeatures:
    """Answers questions about the client's capabilities, most of which may be missing."""

    def __init__(self, capabilities: types.ClientCapabilities) -> None:
        self._text_document = capabilities.text_document
        self._workspace = capabilities.workspace
        self._window = capabilities.window
        self._general = capabilities.general

    @property
    def position_encodings(self) -> tuple[types.PositionEncodingKind | str, ...]:
        """What the client offers, its favourite first."""
        return tuple((self._general and self._general.position_encodings) or ())

    @property
    def has_inline_completion(self) -> bool:
        """Whether suggestions can be shown inline."""
        return bool(self._text_document and self._text_document.inline_completion)

    @property
    def has_progress(self) -> bool:
        """Whether the server may ask for a progress display."""
        return bool(self._window and self._window.work_done_progress)

    @property
    def has_configuration(self) -> bool:
        """Whether the server may ask for settings."""
        return bool(self._workspace and self._workspace.configuration)

    @property
    def has_configuration_registration(self) -> bool:
        """Whether the client tells of changed settings only to servers that registered."""
        change = self._workspace and self._workspace.did_change_configuration
        return bool(change and change.dynamic_registration)


def offers_completion_list(client: ClientFeatures, settings: EditorSettings) -> bool:
    """Decide whether suggestions also go to the ordinary completion list."""
    if settings.completion_list == "auto":
        return not client.has_inline_completion
    return settings.completion_list == "always"


def server_capabilities(
    encoding: types.PositionEncodingKind, *, with_completion_list: bool
) -> types.ServerCapabilities:
    """Say what the server does. No notebook synchronisation: cells come as documents."""
    completion_list = types.CompletionOptions(trigger_characters=TRIGGER_CHARACTERS)
    return types.ServerCapabilities(
        position_encoding=encoding,
        text_document_sync=types.TextDocumentSyncOptions(
            open_close=True, change=types.TextDocumentSyncKind.Incremental
        ),
        inline_completion_provider=types.InlineCompletionOptions(),
        completion_provider=completion_list if with_completion_list else None,
    )
