"""Sessions with what real editors say of themselves, beyond the captures that pytest-lsp has.

pytest-lsp compares every answer and every request of the server with these capabilities, and
fails where the server goes beyond them.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lsp_process import COMMAND, PATIENCE_S, environment
from lsprotocol import types
from lsprotocol.converters import get_converter
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

CAPTURES = Path(__file__).parents[2] / "data" / "clients"
A = "file:///a.py"
# What each editor gets: position encoding, suggestions in the text, settings by registration.
EDITORS = {
    "visual_studio_code_v11.0.0": ("utf-16", True, True),
    "neovim_v0.12.0": ("utf-32", True, False),
    "visual-studio-code@v1.65.2": ("utf-16", False, True),
    "neovim@v0.11": ("utf-32", False, False),
    "emacs": ("utf-32", False, False),
}


def capabilities_of(editor: str) -> types.ClientCapabilities:
    """Read a capture of ours, or else one of pytest-lsp's."""
    path = CAPTURES / f"{editor}.json"
    if not path.exists():
        return client_capabilities(editor)
    captured = json.loads(path.read_text(encoding="utf-8"))
    return get_converter().structure(captured["capabilities"], types.ClientCapabilities)


@pytest.fixture
async def client() -> AsyncIterator[LanguageClient]:
    client = make_test_lsp_client()
    await client.start_io(*COMMAND, "stdio", env=environment())
    async with asyncio.timeout(PATIENCE_S):
        yield client
        await client.shutdown_session()
        await client.stop()


@pytest.mark.parametrize("editor", EDITORS)
async def test_an_editor_gets_what_it_can_use(client: LanguageClient, editor: str) -> None:
    encoding, has_inline, registers = EDITORS[editor]
    registered: list[types.RegistrationParams] = []
    client.protocol.fm.add_builtin_feature(types.CLIENT_REGISTER_CAPABILITY, registered.append)
    is_asked = asyncio.Event()
    client.protocol.fm.add_builtin_feature("didChangeStatus", lambda _: is_asked.set())
    params = types.InitializeParams(capabilities=capabilities_of(editor))
    result = await client.initialize_session(params)
    assert result.capabilities.position_encoding == encoding
    assert (result.capabilities.completion_provider is None) is has_inline
    await is_asked.wait()
    assert bool(registered) is registers
    item = types.TextDocumentItem(A, "python", 1, "\U0001f600 = 1\r\n")
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    document, place = types.TextDocumentIdentifier(A), types.Position(1, 0)
    if has_inline:
        context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
        inline = types.InlineCompletionParams(context, document, place)
        answer = await client.text_document_inline_completion_async(inline)
    else:
        listed = types.CompletionParams(document, place)
        answer = await client.text_document_completion_async(listed)
    assert len(answer.items) == 1
    assert client.messages == []
