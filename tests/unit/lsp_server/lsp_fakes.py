"""Doubles of the rooms below the language server, with everything they were told."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from completion.context.repositories import RepositoryStatus
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import Candidate, CompletionOptions, EmptyReason, Suggestion, Timings
from engine.protocol.messages import (
    EngineState,
    EngineStatus,
    ModelDescription,
    Phase,
    SyncReport,
)
from lsp_server.ports import Session
from lsp_server.settings import Settings
from lsp_server.workspace import Workspace

MODEL = ModelDescription("tiny", "qwen2", "/models/tiny", 4096, 100, "float32", "cpu", True, "")
READY = EngineState(Phase.READY, 1.0, "", MODEL)


def loading(fraction: float, message: str = "Reading weights.") -> EngineState:
    return EngineState(Phase.LOADING, fraction, message)


class FakeEngine:
    def __init__(self, state: EngineState = READY) -> None:
        self.state = state
        self.failures: list[Exception] = []  # one for each coming try to connect
        self.num_connects = 0
        self.is_closed = False
        self._state_listeners: list[Callable[[EngineState], None]] = []
        self._notice_listeners: list[Callable[[str], None]] = []

    async def connect(self) -> None:
        self.num_connects += 1
        if self.failures:
            raise self.failures.pop(0)

    def on_state(self, listener: Callable[[EngineState], None]) -> None:
        self._state_listeners.append(listener)

    def on_notice(self, listener: Callable[[str], None]) -> None:
        self._notice_listeners.append(listener)

    def become(self, state: EngineState) -> None:
        self.state = state
        for listener in self._state_listeners:
            listener(state)

    def notice(self, sentence: str) -> None:
        for listener in self._notice_listeners:
            listener(sentence)

    async def status(self) -> EngineStatus:
        return EngineStatus(self.state, 4321, 1.5, 1, (), 10, 100, 0)

    async def aclose(self) -> None:
        self.is_closed = True


class FakeAnalysis:
    """Knows how it is."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []

    def on_notice(self, listener: Callable[[str], None]) -> None:
        self._listeners.append(listener)

    def notice(self, sentence: str) -> None:
        for listener in self._listeners:
            listener(sentence)

    async def status(self) -> dict[str, Any]:
        return {"phase": "running", "message": "", "languages": []}


@dataclass(frozen=True)
class FakeView:
    runs: tuple[dict[str, Any], ...]
    exact_prefix: int


@dataclass(frozen=True)
class FakeExplanation:
    document: str
    offset: int


class FakeCompleter:
    """Suggests `reply`, after `gate` is open, and keeps the documents it was told about."""

    def __init__(self, engine: FakeEngine, settings: CompletionSettings) -> None:
        self.engine = engine
        self.settings = settings
        self.documents: dict[str, Document] = {}
        self.cursors: list[int | None] = []
        self.requests: list[tuple[str, int, CompletionOptions]] = []
        self.closed: list[str] = []
        self.num_cancelled = 0
        self.reply: str | Exception = "pass"
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered: asyncio.Queue[int] = asyncio.Queue()
        self.left: asyncio.Queue[int] = asyncio.Queue()
        self._last: dict[str, Suggestion] = {}

    def open(self, document: Document) -> None:
        self.documents[document.name] = document

    def change(self, document: Document, cursor: int | None) -> None:
        self.documents[document.name] = document
        self.cursors.append(cursor)

    def close(self, name: str) -> None:
        del self.documents[name]
        self.closed.append(name)

    def update_settings(self, settings: CompletionSettings) -> None:
        self.settings = settings

    async def complete(self, name: str, offset: int, options: CompletionOptions) -> Suggestion:
        self.requests.append((name, offset, options))
        request = len(self.requests)
        self.entered.put_nowait(request)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.num_cancelled += 1
            raise
        finally:
            self.left.put_nowait(request)
        self._last[name] = self._answer(name, options)
        return self._last[name]

    def _answer(self, name: str, options: CompletionOptions) -> Suggestion:
        if isinstance(self.reply, Exception):
            raise self.reply
        if self.engine.state.phase is not Phase.READY:
            return suggestion(reason=EmptyReason.LOADING, detail="The model is loading.")
        if len(self.documents[name].text.encode()) > self.settings.max_document_bytes:
            detail = "The document is too large."
            return suggestion(reason=EmptyReason.DOCUMENT_TOO_LARGE, detail=detail)
        texts = [options.forced_text + self.reply]
        texts += [f"{texts[0]} {number}" for number in range(1, options.num_candidates)]
        return suggestion(*texts)

    async def cache_view(self, name: str) -> FakeView | None:
        if isinstance(self.reply, Exception):
            raise self.reply
        run = {"start": 0, "stop": 2, "origin": "kept", "is_exact": True, "text": "é\n"}
        return FakeView((run,), exact_prefix=2) if name in self._last else None

    async def explain(self, name: str, offset: int) -> FakeExplanation:
        if isinstance(self.reply, Exception):
            raise self.reply
        return FakeExplanation(name, offset)

    def use_folders(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    def repositories(self) -> Sequence[RepositoryStatus]:
        return (RepositoryStatus("/home/me/project", "ready", 2, 3, 1),)

    async def aclose(self) -> None:
        pass

    def on_sync(self, listener: Callable[[SyncReport], None]) -> None:
        self.tell_sync = listener

    def last_suggestion(self, name: str) -> Suggestion | None:
        return self._last.get(name)


def suggestion(*texts: str, reason: EmptyReason | None = None, detail: str = "") -> Suggestion:
    return Suggestion(
        candidates=tuple(Candidate(text, 3, -0.5) for text in texts),
        model="tiny",
        timings=Timings(1.0, 2.0, 3.0),
        sync=SyncReport(10, 7, 2, 1, 7, 1.0),
        num_generated=3,
        reason=reason,
        detail=detail,
    )


class FakeBackend:
    """Makes sessions, and remembers them."""

    def __init__(self, state: EngineState = READY) -> None:
        self.first_state = state
        self.failures: list[Exception] = []
        self.problem: Exception | None = None
        self.sessions: list[Session] = []
        self.settings: list[Settings] = []
        self.workspace = Workspace()

    def __call__(self, settings: Settings, workspace: Workspace) -> Session:
        if self.problem:
            raise self.problem
        engine = FakeEngine(self.first_state)
        engine.failures = self.failures
        analysis = FakeAnalysis() if settings.completion.monitors else None
        session = Session(engine, FakeCompleter(engine, settings.completion), analysis)
        self.sessions.append(session)
        self.settings.append(settings)
        self.workspace = workspace
        return session

    @property
    def engine(self) -> FakeEngine:
        return self.sessions[-1].engine

    @property
    def analysis(self) -> FakeAnalysis:
        return self.sessions[-1].analysis

    @property
    def completer(self) -> FakeCompleter:
        return self.sessions[-1].completer
