"""Two editors, several documents each, one engine: no text drifts, no request is lost.

A state machine opens, edits, completes, cancels, closes and renames, in every position encoding,
without waiting for anything; so messages, answers and the engine's work meet in all orders. The
oracle is a string for each document, and a model whose answers name the text they are for:

- every request gets exactly one answer;
- an answer with text in it is for the version that the server has at that moment;
- a request that nothing came after gets text, the right one for where it was asked.

The environment variable WARMLINE_TEST_SEQUENCES makes the number of sequences another one.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from lsprotocol.types import Position

from completion.completer import Completer
from engine.protocol.endpoint import Endpoint, endpoint_for
from engine.service.server import EngineServer
from lsp_server import server
from lsp_server.encoding import PositionEncoding
from lsp_server.ports import Session
from lsp_server.settings import Settings
from lsp_server.workspace import Workspace
from tests.contracts.naming_model import NamingModel, name_of
from tests.contracts.position_oracle import (
    ALPHABET,
    is_inside_line_break,
    oracle_offset,
    oracle_position,
)
from tests.unit.engine.serving import client_of, until
from tests.unit.lsp_server.lsp_editor import Editor

NUM_SEQUENCES = int(os.environ.get("WARMLINE_TEST_SEQUENCES", "200"))
CANCELLED = -32800
PATIENCE_S = 60.0
URIS = ("file:///work/a.txt", "untitled:b", "vscode-notebook-cell:/work/c.ipynb#W1sZmlsZQ%3D%3D")
SETTINGS = {"timeoutMs": 60_000, "contextTokens": 0, "monitors": False, "prepareNext": False}

# Halves of surrogate pairs, which JSON can say though no text can hold them.
texts = st.text(st.sampled_from(ALPHABET + "\ud83d\ude00"), max_size=12)
uris = st.sampled_from(URIS)
turns = st.integers(0, 12)
encodings = st.sampled_from(list(PositionEncoding))


class Engine:
    """One engine for all sequences, with the event loop in which everything runs."""

    def __init__(self, folder: Path) -> None:
        self.runner = asyncio.Runner()
        self.endpoint: Endpoint = endpoint_for("naming", folder)
        self._server = EngineServer(self.endpoint, NamingModel(folder).load, 2_000_000, 600.0)
        self._serving = self.run(self._start())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def stop(self) -> None:
        self._server.stop("the tests are over.")
        self.run(asyncio.wait_for(self._serving, PATIENCE_S))
        self.runner.close()

    async def _start(self) -> asyncio.Task[bool]:
        task = asyncio.create_task(self._server.serve())
        await until(lambda: task.done() or self.endpoint.card_path.exists())
        return task


@pytest.fixture(scope="module", autouse=True)
def engine() -> Iterator[Engine]:
    with TemporaryDirectory(prefix="wl-") as folder, pytest.MonkeyPatch.context() as patch:
        # A converter compiles itself while it is used, which takes longer than a sequence.
        patch.setattr(server, "_make_converter", cache(server._make_converter))
        EditingSessions.engine = Engine(Path(folder))
        yield EditingSessions.engine
        EditingSessions.engine.stop()


@dataclass
class Request:
    """What was asked, and of which text."""

    uri: str
    version: int
    before: str
    after: str
    is_last: bool = True  # nothing has come after it that ends it
    is_cancelled: bool = False


@dataclass
class Client:
    """One editor window: what its documents must be, and what it has asked."""

    editor: Editor
    encoding: PositionEncoding
    completers: list[Completer]  # one for each session the server has made
    texts: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    requests: dict[int, Request] = field(default_factory=dict)
    given: list[tuple[Request, str]] = field(default_factory=list)
    num_answers: Counter[int] = field(default_factory=Counter)
    problems: list[AssertionError] = field(default_factory=list)

    def hear(self, message: dict[str, Any]) -> None:
        """Judge an answer at the moment at which the server gives it.

        It is the server that calls this, and it would survive what is raised here.
        """
        try:
            self._judge(message)
        except AssertionError as problem:
            self.problems.append(problem)

    def _judge(self, message: dict[str, Any]) -> None:
        request = self.requests.get(message.get("id", 0)) if "method" not in message else None
        if request is None:
            return
        self.num_answers[message["id"]] += 1
        if "error" in message:
            assert message["error"]["code"] == CANCELLED
            assert request.is_cancelled
            return
        items = message["result"]["items"]
        if items:
            (item,) = items
            assert self.completers[-1].documents[request.uri].version == request.version
            assert self._is_right(request, item["insertText"])
            self.given.append((request, item["insertText"]))
        else:
            assert request.is_cancelled or not request.is_last

    def _is_right(self, request: Request, text: str) -> bool:
        """Whether it is what the model says, or what is left of that after typing along."""
        if text == name_of(request.before, request.after):
            return True
        return any(
            request.after == earlier.after
            and request.before == earlier.before + whole.removesuffix(text)
            and text
            for earlier, whole in self.given
            if whole.endswith(text)
        )

    def overtake(self, uri: str) -> None:
        for request in self.requests.values():
            request.is_last &= request.uri != uri


class HearingEditor(Editor):
    """Tells each message as it is written, and keeps none."""

    client: Client

    def write(self, data: bytes) -> None:
        super().write(data)
        if hasattr(self, "client"):
            self.client.hear(json.loads(data.split(b"\r\n\r\n", 1)[1]))


class EditingSessions(RuleBasedStateMachine):
    """Everything two editors do at once. Versions are never used twice."""

    engine: Engine

    @initialize(first=encodings, second=encodings)
    def start(self, first: PositionEncoding, second: PositionEncoding) -> None:
        self.version = 0
        self.clients = [self.engine.run(self._client(encoding)) for encoding in (first, second)]
        for client in self.clients:
            self._open(client, URIS[0], "first\r\nlast")

    def teardown(self) -> None:
        if hasattr(self, "clients"):
            self.engine.run(self._end())

    @rule(number=st.integers(0, 1), uri=uris, text=texts)
    def open(self, number: int, uri: str, text: str) -> None:
        """Also what is open already, which the protocol forbids and some clients do."""
        self._open(self.clients[number], uri, text)

    @rule(number=st.integers(0, 1), uri=uris, data=st.data(), num_edits=st.integers(1, 3))
    def change(self, number: int, uri: str, data: st.DataObject, num_edits: int) -> None:
        client = self.clients[number]
        if uri in client.texts:
            changes = [self._edit(client, uri, data) for _ in range(num_edits)]
            self._send_changes(client, uri, changes)

    @rule(number=st.integers(0, 1), uri=uris, text=texts)
    def replace(self, number: int, uri: str, text: str) -> None:
        client = self.clients[number]
        if uri in client.texts:
            client.texts[uri] = as_text(text)
            self._send_changes(client, uri, [{"text": text}])

    @rule(number=st.integers(0, 1), uri=uris, data=st.data(), length=st.integers(1, 9))
    def type_along(self, number: int, uri: str, data: st.DataObject, length: int) -> None:
        """Ask, write the beginning of what the model says there, and ask for the rest."""
        client = self.clients[number]
        if uri not in client.texts:
            return
        text = client.texts[uri]
        start = data.draw(places_in(text))
        place = self._position(client, uri, start)
        self._complete(client, uri, place)
        self.engine.run(self._settle(client))
        typed = name_of(text[:start], text[start:])[:length]
        client.texts[uri] = text[:start] + typed + text[start:]
        self._send_changes(client, uri, [{"range": {"start": place, "end": place}, "text": typed}])
        self._complete(client, uri, self._position(client, uri, start + length))

    @rule(number=st.integers(0, 1), uri=uris, line=st.integers(0, 6), character=st.integers(0, 14))
    def complete(self, number: int, uri: str, line: int, character: int) -> None:
        self._complete(self.clients[number], uri, {"line": line, "character": character})

    @rule(number=st.integers(0, 1), data=st.data())
    def cancel(self, number: int, data: st.DataObject) -> None:
        """Any request there ever was, so mostly ones that are answered."""
        client = self.clients[number]
        if client.requests:
            identifier = data.draw(st.sampled_from(list(client.requests)))
            client.requests[identifier].is_cancelled = True
            client.editor.notify("$/cancelRequest", {"id": identifier})

    @rule(number=st.integers(0, 1), uri=uris)
    def close(self, number: int, uri: str) -> None:
        """Also what is not open."""
        self._close(self.clients[number], uri)

    @rule(number=st.integers(0, 1), uri=uris, new_uri=uris)
    def rename(self, number: int, uri: str, new_uri: str) -> None:
        client = self.clients[number]
        if uri in client.texts and new_uri not in client.texts:
            text = client.texts[uri]
            self._close(client, uri)
            files = {"files": [{"oldUri": uri, "newUri": new_uri}]}
            client.editor.notify("workspace/didRenameFiles", files)
            self._open(client, new_uri, text)

    @rule(num_turns=turns)
    def let_others_run(self, num_turns: int) -> None:
        self.engine.run(self._let_run(num_turns))

    @rule(number=st.integers(0, 1))
    def wait_for_all_answers(self, number: int) -> None:
        self.engine.run(self._settle(self.clients[number]))

    async def _client(self, encoding: PositionEncoding) -> Client:
        completers: list[Completer] = []
        editor = HearingEditor(partial(self._make_session, completers))
        client = editor.client = Client(editor, encoding, completers)
        result = await editor.initialize(
            {"general": {"positionEncodings": [encoding.value]}}, initializationOptions=SETTINGS
        )
        assert result["capabilities"]["positionEncoding"] == encoding
        await editor.told("didChangeStatus", busy=False, kind="Normal")
        return client

    def _make_session(
        self, completers: list[Completer], settings: Settings, _: Workspace
    ) -> Session:
        engine = client_of(self.engine.endpoint)
        completers.append(Completer(engine, settings.completion))
        return Session(engine, completers[-1])

    async def _end(self) -> None:
        """Ask once more in every document, close all, and leave nothing behind."""
        for client in self.clients:
            await self._settle(client)
            for uri in list(client.texts):
                position = self._position(client, uri, len(client.texts[uri]))
                self._complete(client, uri, position)
            await self._settle(client)
            for uri in list(client.texts):
                self._close(client, uri)
            await client.editor.ask("shutdown")
            client.editor.notify("exit")
            assert await client.editor.run == 0

    async def _settle(self, client: Client) -> None:
        async with asyncio.timeout(PATIENCE_S):
            for identifier in client.requests:
                await client.editor.until(partial(_is_answer_to, identifier))
            await client.editor.settle()
        if client.problems:
            raise client.problems[0]
        assert set(client.num_answers.values()) <= {1}
        documents = client.completers[-1].documents
        assert {name: document.text for name, document in documents.items()} == client.texts

    async def _let_run(self, num_turns: int) -> None:
        for _ in range(num_turns):
            await asyncio.sleep(0)

    def _open(self, client: Client, uri: str, text: str) -> None:
        client.overtake(uri)
        client.texts[uri], client.versions[uri] = as_text(text), self._next_version()
        item = {"uri": uri, "languageId": "plaintext", "text": text}
        params = {"textDocument": item | {"version": client.versions[uri]}}
        client.editor.notify("textDocument/didOpen", params)

    def _close(self, client: Client, uri: str) -> None:
        client.overtake(uri)
        client.texts.pop(uri, None)
        client.editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def _edit(self, client: Client, uri: str, data: st.DataObject) -> dict[str, Any]:
        """Put some text in the place of a range that may end past the text."""
        text = client.texts[uri]
        start, stop = sorted(data.draw(st.tuples(places_in(text), places_in(text))))
        new = data.draw(texts)
        client.texts[uri] = text[:start] + as_text(new) + text[stop:]
        end = oracle_position(text, stop, client.encoding)
        if stop == len(text):
            end = Position(end.line, end.character + data.draw(st.sampled_from([0, 1, 1_000_000])))
        place = {"start": _json(oracle_position(text, start, client.encoding)), "end": _json(end)}
        return {"range": place, "text": new}

    def _send_changes(self, client: Client, uri: str, changes: list[dict[str, Any]]) -> None:
        client.overtake(uri)
        client.versions[uri] = self._next_version()
        client.editor.change(uri, client.versions[uri], *changes)

    def _complete(self, client: Client, uri: str, position: dict[str, int]) -> None:
        client.overtake(uri)
        identifier = client.editor.start_inline(uri, position["line"], position["character"])
        text = client.texts.get(uri)
        if text is None:
            client.requests[identifier] = Request(uri, 0, "", "", is_last=False)
            return
        offset = oracle_offset(text, Position(**position), client.encoding)
        before, after = text[:offset], text[offset:]
        client.requests[identifier] = Request(uri, client.versions[uri], before, after)

    def _position(self, client: Client, uri: str, offset: int) -> dict[str, int]:
        return _json(oracle_position(client.texts[uri], offset, client.encoding))

    def _next_version(self) -> int:
        self.version += 1
        return self.version


def places_in(text: str) -> st.SearchStrategy[int]:
    """Offsets that have a position, which none between CR and LF has."""
    places = range(len(text) + 1)
    return st.sampled_from([at for at in places if not is_inside_line_break(text, at)])


def as_text(sent: str) -> str:
    """What is left of a text that JSON said: no halves of surrogate pairs."""
    return sent.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _json(position: Position) -> dict[str, int]:
    return {"line": position.line, "character": position.character}


def _is_answer_to(identifier: int, message: dict[str, Any]) -> bool:
    return "method" not in message and message.get("id") == identifier


EditingSessions.TestCase.settings = settings(
    max_examples=NUM_SEQUENCES,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow],
)
TestEditingSessions = pytest.mark.timeout(300 + NUM_SEQUENCES)(EditingSessions.TestCase)
