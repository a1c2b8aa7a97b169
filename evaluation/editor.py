"""An editor without a screen: documents, positions and requests for suggestions."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.protocol.messages import CacheRun, SyncReport
from evaluation.errors import NoAnswerError, UnexpectedResultError
from evaluation.framing import Json
from evaluation.lsp_client import LspClient
from evaluation.trace.recording import Patch

COMPLETION_TIMEOUT_S = 300.0
SYNC_TIMEOUT_S = 300.0
_SYNC_POLL_S = 0.1

OnLoading = Callable[[float, str], None]
"""Called with the fraction done, 0 to 1, and a sentence."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One suggestion, and what it took. Times are from the request, as the server saw them."""

    text: str
    sync: SyncReport
    generated: int
    first_token_ms: float
    total_ms: float
    reason: str  # why there is no text; empty otherwise


@dataclass(frozen=True, slots=True)
class Cache:
    """A document's live cache: every token's state, and what the last sync did."""

    runs: tuple[CacheRun, ...]
    last_sync: SyncReport


class Editor:
    """One editor window, talking to a server that was just started."""

    def __init__(self, client: LspClient) -> None:
        self._client = client
        self._texts: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._status: asyncio.Queue[Json] = asyncio.Queue()

    async def initialize(self, settings: dict[str, Json], on_loading: OnLoading) -> str:
        """Open the window, wait until the model is loaded, and return the server's version.

        Unless `settings` say otherwise, whoever asks is given one suggestion, as while typing.

        Raises:
            UnexpectedResultError: If the server says that the model cannot be loaded.
            NoAnswerError: If it does not say anything for too long.
        """
        self._client.on_notification("$/progress", lambda told: _report(told, on_loading))
        self._client.on_notification("didChangeStatus", self._status.put_nowait)
        capabilities = {
            "window": {"workDoneProgress": True},
            "textDocument": {"inlineCompletion": {}},
        }
        answer = await self._client.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": None,
                "capabilities": capabilities,
                "initializationOptions": {"invokedCandidates": 1} | settings,
            },
        )
        await self._client.notify("initialized", {})
        await self._wait_ready()
        return str(answer.get("serverInfo", {}).get("version", ""))

    async def open(self, uri: str, language: str, text: str) -> None:
        """Open a document."""
        self._texts[uri], self._versions[uri] = text, 1
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        await self._client.notify("textDocument/didOpen", {"textDocument": item})

    async def insert(self, uri: str, offset: int, text: str) -> None:
        """Insert `text` at `offset`, in code points, as if somebody typed it."""
        await self.edit(uri, (Patch(offset, 0, text),))

    async def edit(self, uri: str, patches: Sequence[Patch]) -> None:
        """Change a document, patch after patch, in one message."""
        text, changes = self._texts[uri], []
        for patch in patches:
            stop = patch.start + patch.num_deleted
            span = {"start": position_of(text, patch.start), "end": position_of(text, stop)}
            changes.append({"range": span, "text": patch.inserted})
            text = text[: patch.start] + patch.inserted + text[stop:]
        self._texts[uri] = text
        self._versions[uri] += 1
        document = {"uri": uri, "version": self._versions[uri]}
        await self._client.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": changes}
        )

    async def complete(self, uri: str, offset: int) -> Measurement:
        """Ask for a suggestion at `offset`, in code points, and for what it took."""
        document = {"uri": uri}
        params = {
            "textDocument": document,
            "position": position_of(self._texts[uri], offset),
            "context": {"triggerKind": 1},
        }
        await self._client.request(
            "textDocument/inlineCompletion", params, timeout_s=COMPLETION_TIMEOUT_S
        )
        told = await self.last_suggestion(uri)
        if told is None:
            raise UnexpectedResultError(f"the server knows of no suggestion for {uri}")
        return _measurement(told)

    async def suggest(self, uri: str, offset: int) -> tuple[str, ...]:
        """Ask for a suggestion as an editor does by itself while somebody types."""
        params = {
            "textDocument": {"uri": uri},
            "position": position_of(self._texts[uri], offset),
            "context": {"triggerKind": 2},
        }
        answer = await self._client.request(
            "textDocument/inlineCompletion", params, timeout_s=COMPLETION_TIMEOUT_S
        )
        return tuple(item["insertText"] for item in answer["items"])

    async def last_suggestion(self, uri: str) -> Json:
        """Ask about the latest answer for a document; None for one that is not open."""
        return await self._client.request("warmline/lastSuggestion", {"textDocument": {"uri": uri}})

    async def status(self) -> Json:
        """Ask what server and engine say of themselves."""
        return await self._client.request("warmline/status", {})

    async def cache(self, uri: str) -> Cache:
        """Describe the document's live cache."""
        view = await self._client.request("warmline/cache", {"textDocument": {"uri": uri}})
        if view is None or view["last_sync"] is None:
            raise UnexpectedResultError(f"the server holds no cache of {uri}")
        runs = (
            CacheRun(run["start"], run["stop"], run["origin"], run["is_exact"])
            for run in view["runs"]
        )
        return Cache(tuple(runs), SyncReport(**view["last_sync"]))

    async def cache_after(self, uri: str, before: Cache) -> Cache:
        """Wait until the server has followed an edit by itself; nobody tells when.

        Raises:
            NoAnswerError: If it has not within `SYNC_TIMEOUT_S`.
        """
        try:
            async with asyncio.timeout(SYNC_TIMEOUT_S):
                while (cache := await self.cache(uri)).last_sync == before.last_sync:  # noqa: ASYNC110
                    await asyncio.sleep(_SYNC_POLL_S)
        except TimeoutError:
            raise NoAnswerError(
                f"the server did not follow an edit within {SYNC_TIMEOUT_S:g} s"
            ) from None
        return cache

    async def close(self, uri: str) -> None:
        """Close a document."""
        del self._texts[uri], self._versions[uri]
        await self._client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def text(self, uri: str) -> str:
        """Return a document as it is now."""
        return self._texts[uri]

    async def _wait_ready(self) -> None:
        try:
            async with asyncio.timeout(LOADING_TIMEOUT_S):
                while (status := await self._status.get())["busy"]:
                    pass
        except TimeoutError:
            raise NoAnswerError(
                f"the model was not loaded within {LOADING_TIMEOUT_S:.0f} s;"
                " `warmline engine status` says what it does"
            ) from None
        if status["kind"] != "Normal":
            raise UnexpectedResultError(f"the server cannot suggest anything: {status['message']}")


def position_of(text: str, offset: int) -> dict[str, int]:
    """Return the protocol's position of an offset: line and UTF-16 units in it, from 0.

    Only for text whose lines end with a line feed.
    """
    line_start = text.rfind("\n", 0, offset) + 1
    character = len(text[line_start:offset].encode("utf-16-le")) // 2
    return {"line": text.count("\n", 0, offset), "character": character}


def _report(told: Json, on_loading: OnLoading) -> None:
    value = told.get("value") or {}
    if value.get("kind") in ("begin", "report"):
        on_loading(value.get("percentage", 0) / 100, value.get("message", ""))


def _measurement(told: Json) -> Measurement:
    tokens, timings = told["tokens"], told["timings"]
    if tokens["prompt"] == 0:  # it ended before the model read anything
        raise UnexpectedResultError(f"the server could not suggest anything: {told['detail']}")
    counts = {name: tokens[name] for name in tokens if name != "generated"}
    return Measurement(
        text=told["text"],
        sync=SyncReport(**counts, sync_ms=timings["sync_ms"]),
        generated=tokens["generated"],
        first_token_ms=timings["first_token_ms"],
        total_ms=timings["total_ms"],
        reason=told["reason"] or "",
    )
