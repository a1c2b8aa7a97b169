"""An editor window on a real server process, driven by a client that is not ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient, make_test_lsp_client

PATIENCE_S = 150.0

CAPABILITIES = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        inline_completion=types.InlineCompletionClientCapabilities()
    ),
    window=types.WindowClientCapabilities(work_done_progress=True),
)


class Window:
    """One editor window: a client, and the server that runs for it."""

    def __init__(self, model: Path, **settings: Any) -> None:
        self.client: LanguageClient = make_test_lsp_client()
        self.statuses: asyncio.Queue[Any] = asyncio.Queue()
        take = self.statuses.put_nowait
        self.client.protocol.fm.add_builtin_feature("didChangeStatus", take)
        usual = {"model": str(model), "offline": True, "timeoutMs": 120_000, "monitors": False}
        self._settings = usual | settings

    async def start(self, command: Path, folder: Path) -> None:
        await self.client.start_io(str(command), "serve", cwd=folder)
        params = types.InitializeParams(
            capabilities=CAPABILITIES,
            initialization_options=self._settings,
            workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name)],
        )
        await self.client.initialize_session(params)

    async def until_ready(self) -> None:
        while True:
            status = await self.statuses.get()
            assert status.kind != "Error", status.message
            if not status.busy:
                return

    def open(self, uri: str, text: str, language: str = "python") -> None:
        item = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def insert(self, uri: str, version: int, line: int, character: int, text: str) -> None:
        position = types.Position(line, character)
        change = types.TextDocumentContentChangePartial(types.Range(position, position), text)
        document = types.VersionedTextDocumentIdentifier(version, uri)
        params = types.DidChangeTextDocumentParams(document, [change])
        self.client.text_document_did_change(params)

    async def complete(self, uri: str, line: int, character: int) -> list[str]:
        params = inline_params(uri, line, character)
        answer = await self.client.text_document_inline_completion_async(params)
        assert isinstance(answer, types.InlineCompletionList)
        for item in answer.items:
            assert item.range is not None
        return [str(item.insert_text) for item in answer.items]

    async def ask(self, method: str, uri: str) -> Any:
        params = {"textDocument": {"uri": uri}}
        return await self.client.protocol.send_request_async(method, params)

    async def status(self) -> Any:
        return await self.client.protocol.send_request_async("warmline/status", {})

    @property
    def pid(self) -> int:
        """Of the server process."""
        process = self.client._server
        assert process is not None
        return process.pid

    def send_bytes(self, body: bytes) -> None:
        process = self.client._server
        assert process is not None
        assert process.stdin is not None
        process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def vanish(self) -> None:
        """Let go of the server without a word."""
        process = self.client._server
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()

    async def stop(self) -> None:
        await self.client.shutdown_session()
        await self.client.stop()


def inline_params(uri: str, line: int, character: int) -> types.InlineCompletionParams:
    return types.InlineCompletionParams(
        types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
        types.TextDocumentIdentifier(uri),
        types.Position(line, character),
    )


@asynccontextmanager
async def patience() -> AsyncIterator[None]:
    async with asyncio.timeout(PATIENCE_S):
        yield
