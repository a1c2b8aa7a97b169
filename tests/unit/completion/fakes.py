"""A document, an engine that says what it was told to, and a model small enough to train here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from completion.completer import Completer
from completion.context.repositories import Repositories
from completion.document import Document
from completion.settings import CompletionSettings
from engine.client.base import NoticeListener, StateListener
from engine.errors import EngineError, SupersededError
from engine.protocol.messages import (
    CacheMap,
    CacheRun,
    Decoded,
    DecodeReport,
    EngineState,
    EngineStatus,
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    ModelDescription,
    Phase,
    Piece,
    Synced,
    SyncReport,
    TokenRange,
)
from monitors.types import Monitors

QWEN_MARKERS = (
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|repo_name|>",
    "<|file_sep|>",
)
QWEN2_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def small_tokenizer(markers: Sequence[str] = QWEN_MARKERS) -> Tokenizer:
    """Train a byte-level tokenizer with Qwen2's words and the given control tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=list(markers),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    corpus = ["def add(left, right):\n    return left + right\n", "if x == 1:\n    print(x)\n"]
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def description(directory: Path, context_tokens: int = 32_768) -> ModelDescription:
    """Describe a model whose tokenizer lies in `directory`."""
    return ModelDescription(
        name="small",
        model_type="qwen2",
        directory=str(directory),
        context_tokens=context_tokens,
        vocabulary_size=1_000,
        storage_type="float32",
        device="cpu",
        can_rotate=True,
        rotation_note="",
    )


DECODING = DecodeReport(tokens=4, passes=2, drafted=3, accepted=1, decode_ms=0.5)


def report(num_tokens: int) -> SyncReport:
    return SyncReport(num_tokens, 0, 0, num_tokens, num_tokens, 1.0)


@dataclass
class Script:
    """What one request gets: pieces by candidate, in this order."""

    pieces: Sequence[tuple[int, bytes, float]] = ()
    error: EngineError | None = None
    stops_after: int | None = None  # pieces; then it waits to be cancelled
    finish: FinishReason = FinishReason.END_OF_TEXT


def says(text: str, finish: FinishReason = FinishReason.END_OF_TEXT) -> Script:
    """One candidate, a few characters at a time."""
    data = text.encode()
    return Script([(0, data[at : at + 3], -0.5) for at in range(0, len(data), 3)], finish=finish)


@dataclass
class FakeEngine:
    """Implements `EngineClient`. Newest wins, as in a real engine."""

    state: EngineState
    script: Script = field(default_factory=Script)
    next_script: Script = field(default_factory=Script)  # for what is written ahead
    sync_error: EngineError | None = None
    holds_syncs: bool = False
    requests: list[GenerationRequest] = field(default_factory=list)  # that somebody waits for
    aheads: list[GenerationRequest] = field(default_factory=list)
    forced_bytes: int | None = None  # how much of what it is told to write ahead it writes
    syncs: list[tuple[str, list[int], int]] = field(default_factory=list)
    synced_chunks: tuple[TokenRange, ...] = ()  # of the last of them
    read_ahead: list[tuple[list[int], tuple[TokenRange, ...]]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    num_streams_left: int = 0  # streams ended from outside
    progress: asyncio.Event = field(default_factory=asyncio.Event)
    stuck: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: list[StateListener] = field(default_factory=list)
    _current: dict[str, object] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @classmethod
    def ready(cls, model: ModelDescription) -> "FakeEngine":
        return cls(EngineState(Phase.READY, 1.0, "", model))

    @property
    def tokenizer(self) -> Tokenizer:
        """Of the model that is loaded."""
        assert self.state.model is not None
        return Tokenizer.from_file(f"{self.state.model.directory}/tokenizer.json")

    def become(self, state: EngineState) -> None:
        self.state = state
        for listener in self.listeners:
            listener(state)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to happen in here, at most ten seconds."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(condition)

    async def _happen(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def connect(self) -> None:
        pass

    async def wait_ready(self, timeout_s: float) -> EngineState:  # noqa: ARG002 -- never waits
        return self.state

    def on_state(self, listener: StateListener) -> None:
        self.listeners.append(listener)

    def on_notice(self, listener: NoticeListener) -> None:
        pass

    async def sync(
        self,
        document: str,
        tokens: Sequence[int],
        cursor: int,
        chunks: Sequence[TokenRange] = (),
    ) -> SyncReport:
        self.synced_chunks = tuple(chunks)
        self._current[document] = object()
        self.syncs.append((document, list(tokens), cursor))
        await self._happen()
        if self.holds_syncs:
            await asyncio.Event().wait()
        if self.sync_error is not None:
            raise self.sync_error
        return report(len(tokens))

    async def read_chunks(self, tokens: Sequence[int], chunks: Sequence[TokenRange]) -> None:
        self.read_ahead.append((list(tokens), tuple(chunks)))

    async def generate(self, request: GenerationRequest) -> AsyncIterator[GenerationEvent]:
        if request.is_ahead:
            script, work = self.next_script, self._current.get(request.document)
            self.aheads.append(request)
        else:
            script, work = self.script, object()
            self._current[request.document] = work
            self.requests.append(request)
        await self._happen()
        try:
            if script.error is not None:
                raise script.error
            yield Synced(report(len(request.tokens)))
            yield Decoded(DECODING)
            if request.is_ahead:
                yield Piece(0, (300,), request.forced_text[: self.forced_bytes], -0.5)
            for number, (candidate, text, logprob) in enumerate(script.pieces):
                if number == script.stops_after:
                    await self._stay_until_newer(request.document, work)
                yield Piece(candidate, (300,), text, logprob)
            if script.stops_after is not None and script.stops_after >= len(script.pieces):
                await self._stay_until_newer(request.document, work)
            for candidate in range(request.num_candidates):
                yield Finished(candidate, script.finish)
        except (GeneratorExit, asyncio.CancelledError):
            self.num_streams_left += 1
            raise

    async def _stay_until_newer(self, document: str, work: object) -> None:
        self.stuck.set()
        async with self._changed:
            await self._changed.wait_for(lambda: self._current.get(document) is not work)
        raise SupersededError("newer work on the document took the place of this work")

    async def inspect(self, document: str) -> CacheMap | None:
        known = [sync for sync in self.syncs if sync[0] == document]
        if not known:
            return None
        tokens = known[-1][1]
        runs = (CacheRun(0, 2, "kept", True), CacheRun(2, len(tokens), "encoded", False))
        return CacheMap(document, tokens, runs, 2, 100, report(len(tokens)))

    async def close_document(self, document: str) -> None:
        self.closed.append(document)
        await self._happen()

    async def status(self) -> EngineStatus:
        return EngineStatus(self.state, 1, 0.0, 1, (), 0, 0, 0)

    async def aclose(self) -> None:
        pass


NAME = "file:///project/tree.py"
TEXT = "def add(left, right):\n    return \n\nprint(add(1, 2))\n"
CURSOR = TEXT.index("return ") + len("return ")
OPENED = Document(NAME, "python", 1, TEXT)


def completer_on(
    engine: FakeEngine,
    document: Document = OPENED,
    repositories: Repositories | None = None,
    monitors: Monitors | None = None,
    **changes: Any,
) -> Completer:
    # The scripts of most tests say what comes after the cursor, whatever is forced.
    settings = replace(CompletionSettings(), **{"heal_words": False, **changes})
    completer = Completer(
        engine, settings, "project", repositories=repositories, monitors=monitors, pause_s=0.0
    )
    completer.open(document)
    return completer


def typed(document: Document, at: int, text: str) -> Document:
    return document.edited(at, at, text, document.version + 1)
