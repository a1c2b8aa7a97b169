"""An editor that talks to a server in the same process and sees every message."""

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

from lsp_server.running import serve

PATIENCE_S = 10.0
METHOD_NOT_FOUND = -32601


class ErrorAnswerError(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]


class Editor:
    """Plays the client's side. Every wait ends after `PATIENCE_S`, with a failure."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.stream = asyncio.StreamReader()
        self.received: list[dict[str, Any]] = []
        self.answers: dict[str, Callable[[Any], Any]] = {
            "workspace/configuration": lambda _: [None],
            "client/registerCapability": lambda _: None,
            "window/workDoneProgress/create": lambda _: None,
        }
        self.left_unanswered: set[str] = set()
        self.refused: set[str] = set()
        self._arrived = asyncio.Event()
        self._ids = itertools.count(1)
        self.run = asyncio.ensure_future(serve(backend, "9.9", self.stream, self))

    # The writer's side.

    def write(self, data: bytes) -> None:
        header, body = data.split(b"\r\n\r\n", 1)
        assert f"Content-Length: {len(body)}".encode() in header
        message = json.loads(body)
        self.received.append(message)
        self._arrived.set()
        is_request = "method" in message and "id" in message
        if is_request and message["method"] not in self.left_unanswered:
            self._answer(message)

    def close(self) -> None:
        """Nothing to close."""

    def _answer(self, message: dict[str, Any]) -> None:
        if message["method"] in self.refused:
            error = {"code": METHOD_NOT_FOUND, "message": "This editor cannot do that."}
            self.send({"id": message["id"], "error": error})
            return
        result = self.answers[message["method"]](message["params"])
        self.send({"id": message["id"], "result": result})

    # The client's side.

    def send(self, message: dict[str, Any]) -> None:
        self.send_body(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def send_body(self, body: bytes) -> None:
        self.stream.feed_data(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"method": method, "params": params})

    def start(self, method: str, params: Any = None) -> int:
        identifier = next(self._ids)
        self.send({"id": identifier, "method": method, "params": params})
        return identifier

    async def answer_to(self, identifier: int | None) -> Any:
        message = await self.until(
            lambda message: "method" not in message and message.get("id", 0) == identifier
        )
        if "error" in message:
            raise ErrorAnswerError(message["error"])
        return message["result"]

    async def ask(self, method: str, params: Any = None) -> Any:
        return await self.answer_to(self.start(method, params))

    async def until(self, is_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first wanted message, waiting for it if it is not there yet."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._arrived.clear()
                for message in self.received:
                    if is_wanted(message):
                        return message
                await self._arrived.wait()

    async def told(self, method: str, **wanted: Any) -> Any:
        """Return the parameters of the first notification or request that has all of `wanted`."""
        message = await self.until(
            lambda message: (
                message.get("method") == method
                and wanted.items() <= (message["params"] or {}).items()
            )
        )
        return message["params"]

    def all_told(self, method: str) -> list[Any]:
        return [m["params"] for m in self.received if m.get("method") == method]

    async def settle(self) -> None:
        """Wait until everything sent so far has been handled."""
        await self.ask("warmline/status")

    # The usual session.

    async def initialize(
        self, capabilities: dict[str, Any] | None = None, **params: Any
    ) -> dict[str, Any]:
        capabilities = {"textDocument": {"inlineCompletion": {}}} | (capabilities or {})
        params = {"processId": None, "rootUri": None, "capabilities": capabilities} | params
        result: dict[str, Any] = await self.ask("initialize", params)
        self.notify("initialized", {})
        await self.told("didChangeStatus")
        return result

    def open(self, uri: str, text: str, version: int = 1) -> None:
        item = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        document = {"uri": uri, "version": version}
        params = {"textDocument": document, "contentChanges": list(changes)}
        self.notify("textDocument/didChange", params)

    def start_inline(self, uri: str, line: int, character: int, **context: Any) -> int:
        params = at(uri, line, character) | {"context": {"triggerKind": 2} | context}
        return self.start("textDocument/inlineCompletion", params)

    async def inline(self, uri: str, line: int, character: int, **context: Any) -> Any:
        answer = await self.answer_to(self.start_inline(uri, line, character, **context))
        assert list(answer) == ["items"]
        return answer["items"]

    async def leave(self) -> int:
        """End the stream and return the server's exit code."""
        self.stream.feed_eof()
        async with asyncio.timeout(PATIENCE_S):
            return await self.run


def at(uri: str, line: int, character: int) -> dict[str, Any]:
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
    }


def span(line: int, start: int, stop: int) -> dict[str, Any]:
    return {"start": {"line": line, "character": start}, "end": {"line": line, "character": stop}}


def edit(line: int, start: int, stop: int, text: str) -> dict[str, Any]:
    return {"range": span(line, start, stop), "text": text}
