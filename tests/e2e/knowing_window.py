"""An editor window on a real server, before a model that knows what is to be written."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient, make_test_lsp_client

from completion.healing import held_back
from engine.protocol.endpoint import endpoint_for
from engine.service.server import EngineServer
from tests.e2e.knowing_model import KnowingModel
from tests.unit.engine.serving import until

PATIENCE_S = 60.0
ROOT = Path(__file__).parents[2]
A = "file:///project/a.py"
BEFORE = "def scale(value, factor):\n    product = "
LINE, NEXT_LINE = "value * factor", "return product"
TARGET = f"{BEFORE}{LINE}\n    {NEXT_LINE}\n"


class Window:
    """One document in an editor that types at its end."""

    def __init__(self, model: KnowingModel, client: LanguageClient) -> None:
        self.model = model
        self.client = client
        self.text = BEFORE
        self._version = 1

    async def start(self) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        await self.client.start_io(sys.executable, "-m", "warmline", "serve", env=environment)
        statuses: asyncio.Queue[Any] = asyncio.Queue()
        self.client.protocol.fm.add_builtin_feature("didChangeStatus", statuses.put_nowait)
        inline = types.InlineCompletionClientCapabilities()
        params = types.InitializeParams(
            capabilities=types.ClientCapabilities(
                text_document=types.TextDocumentClientCapabilities(inline_completion=inline)
            ),
            initialization_options={
                "model": self.model.description.directory,
                "offline": True,
                "monitors": False,  # the model's text is not to be judged
            },
        )
        await self.client.initialize_session(params)
        while (status := await statuses.get()).busy:
            assert status.kind != "Error", status.message
        item = types.TextDocumentItem(A, "python", 1, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    async def stop(self) -> None:
        await self.client.shutdown_session()
        await self.client.stop()

    def type(self, text: str) -> None:
        self._replace(self._position(), self._position(), text)
        self.text += text

    def delete(self, length: int) -> None:
        stop = self._position()
        self.text = self.text[:-length]
        self._replace(self._position(), stop, "")

    async def complete(self) -> str:
        context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
        document = types.TextDocumentIdentifier(A)
        params = types.InlineCompletionParams(context, document, self._position())
        answer = await self.client.text_document_inline_completion_async(params)
        assert isinstance(answer, types.InlineCompletionList)
        return "".join(str(item.insert_text) for item in answer.items)

    async def last(self) -> Any:
        return await self.ask("warmline/lastSuggestion")

    async def followed(self) -> None:
        """Wait until the live cache is for the text as it is now, but for the word at its end."""
        read = self.text.removesuffix(held_back(self.text, len(self.text)))
        while True:
            cache = await self.ask("warmline/cache")
            if read + "<|" in "".join(run.text for run in cache.runs):
                return

    async def next_prepared(self) -> None:
        """Wait until the server has what was written ahead."""
        await asyncio.to_thread(self.model.wait_for_ahead)
        # The engine answers in order, so that all it wrote has arrived before its status.
        await self.ask("warmline/status")
        await self.ask("warmline/status")

    async def ask(self, method: str) -> Any:
        params = {"textDocument": {"uri": A}}
        return await self.client.protocol.send_request_async(method, params)

    def _position(self) -> types.Position:
        return types.Position(self.text.count("\n"), len(self.text) - self.text.rfind("\n") - 1)

    def _replace(self, start: types.Position, stop: types.Position, text: str) -> None:
        self._version += 1
        change = types.TextDocumentContentChangePartial(types.Range(start, stop), text)
        document = types.VersionedTextDocumentIdentifier(self._version, A)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))


@asynccontextmanager
async def knowing_window(folder: Path) -> AsyncIterator[Window]:
    """Open a window on a server process, with the engine in this process, where it can be seen."""
    model = KnowingModel(folder, TARGET)
    endpoint = endpoint_for(str(folder))
    server = EngineServer(endpoint, model.load, cache_budget_bytes=100_000, idle_exit_s=PATIENCE_S)
    serving = asyncio.create_task(server.serve())
    await until(lambda: serving.done() or endpoint.card_path.exists())
    window = Window(model, make_test_lsp_client())
    async with asyncio.timeout(PATIENCE_S):
        await window.start()
        yield window
        await window.stop()
        server.stop("the test is over.")
        assert await serving
