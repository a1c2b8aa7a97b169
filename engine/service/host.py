"""The engine inside one process: worker, caches and model, for an event loop to use."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import aclosing, suppress
from functools import partial

import numpy as np

from engine.errors import EngineError, EngineUnavailableError, SupersededError
from engine.protocol.lifecycle import Broadcast, LifeCycle
from engine.protocol.messages import (
    CacheMap,
    Encoding,
    EncodingRequest,
    EngineState,
    EngineStatus,
    GenerationEvent,
    GenerationRequest,
    Phase,
    SyncReport,
    TokenRange,
)
from engine.service.dispatcher import Dispatcher
from engine.service.encoders import NO_ENCODERS, EncoderLimits, Encoders
from engine.service.idle import IdleRefresh
from engine.service.limits import UNLIMITED, RefreshLimits
from engine.service.pool import CacheKey, CachePool, PoolSummary
from engine.service.requests import checked_generation, checked_prompt
from engine.service.steps import (
    AheadSteps,
    Bench,
    LoadedModel,
    describe,
    generation_steps,
    sync_steps,
)
from engine.service.work import Step, Work
from engine.service.worker import AbandonedError, Priority
from engine.tokens import TokenArray
from engine.types import Checkpoint

LoadProgress = Callable[[float, str], None]
"""Called with the fraction done, 0 to 1, and a sentence. May raise to end the loading."""
Load = Callable[[LoadProgress], LoadedModel]
"""Gets the model, wherever it is. Runs on the worker's thread, for as long as it takes."""

REFRESH_PAUSE_S = 0.5
_NO_DOCUMENT = ""
"""Names the work of a session that is for no document yet."""
_SAVE_TIMEOUT_S = 3.0
"""For keeping caches on disk at the end; whoever asked the engine to stop waits."""

_LOG = logging.getLogger(__name__)


class EngineHost:
    """Sessions, newest wins, idle work. Created in a running event loop and used by it.

    Args:
        load: Gets the model, once `start` is called.
        cache_budget_bytes: Memory for all live caches together.
        pause_s: How long nothing must happen before caches are refreshed.
        limits: Of what refreshing may take.
        encoders: Text encoders, and what they may take.
    """

    def __init__(
        self,
        load: Load,
        cache_budget_bytes: int,
        *,
        pause_s: float = REFRESH_PAUSE_S,
        limits: RefreshLimits = UNLIMITED,
        encoders: EncoderLimits = NO_ENCODERS,
    ) -> None:
        self.life = LifeCycle()
        self.notices: Broadcast[str] = Broadcast()
        self._load = load
        self._cache_budget_bytes = cache_budget_bytes
        self._bench: Bench | None = None
        self._sessions: list[str] = []  # one entry for each client
        self._current: dict[CacheKey, Work] = {}
        self._started_at_s = time.monotonic()
        self._dispatcher = Dispatcher()
        self._idle = IdleRefresh(self._dispatcher, pause_s, limits)
        self._encoders = Encoders(self._dispatcher, encoders)

    def start(self) -> None:
        """Begin to load the model."""
        self._dispatcher.submit(
            "load", Priority.DECODE, self._load_steps, self._adopt, self._loading_ended
        )

    async def stop(self, timeout_s: float) -> bool:
        """End all work and keep caches on disk; returns whether work ended within `timeout_s`."""
        self._encoders.stop()
        has_ended = await self._dispatcher.stop(timeout_s)
        if has_ended and self._bench is not None:
            await asyncio.to_thread(self._bench.pool.save_all, _SAVE_TIMEOUT_S)
        return has_ended

    def open_session(self, session: str) -> None:
        """Count one more client, which owns the caches of `session`."""
        self._sessions.append(session)

    def close_session(self, session: str) -> None:
        """Count one client less; the caches of a session without any are the first to go."""
        self._sessions.remove(session)
        if session in self._sessions or self._bench is None:
            return
        with suppress(EngineUnavailableError):  # a stopping engine keeps no caches
            self._dispatcher.post(partial(self._bench.pool.close_session, session))
        self._use_idle_time()

    async def sync(
        self,
        session: str,
        document: str,
        tokens: Sequence[int] | TokenArray,
        cursor: int,
        chunks: Sequence[TokenRange] = (),
    ) -> SyncReport:
        """See `EngineClient.sync`. Joins work in flight for the same tokens, if there is any."""
        bench = self._ready_bench()
        prompt = checked_prompt(tokens, cursor, chunks, bench.loaded.model.description)
        key = CacheKey(session, document)
        while (current := self._in_flight(key)) and np.array_equal(current.tokens, prompt):
            with suppress(AbandonedError):  # whoever began it left before it was in sync
                return await current.report()
        steps = partial(sync_steps, bench, key, prompt, cursor, chunks=chunks)
        work = self._submit(key, Priority.SYNC, prompt, steps)
        try:
            return await work.report()
        finally:
            self._dispatcher.cancel(work.job)

    async def read_chunks(
        self, session: str, tokens: Sequence[int], chunks: Sequence[TokenRange]
    ) -> None:
        """See `EngineClient.read_chunks`."""
        bench = self._ready_bench()
        prompt = checked_prompt(tokens, 0, chunks, bench.loaded.model.description)
        steps = partial(bench.loaded.model.read_chunks, prompt, chunks)
        work = self._submit(CacheKey(session, _NO_DOCUMENT), Priority.AHEAD, prompt, steps)
        try:
            async with aclosing(work.events()) as events:
                async for _ in events:
                    pass
        finally:
            self._dispatcher.cancel(work.job)

    async def generate(
        self, session: str, request: GenerationRequest
    ) -> AsyncGenerator[GenerationEvent, None]:
        """See `EngineClient.generate`. The newest generation on a document wins."""
        bench = self._ready_bench()
        prompt = checked_generation(request, bench.loaded.model.description)
        key = CacheKey(session, request.document)
        if request.is_ahead:
            work = self._begin_ahead(key, prompt, AheadSteps(bench, key, prompt, request))
        else:
            steps = partial(generation_steps, bench, key, prompt, request)
            work = self._submit(key, Priority.DECODE, prompt, steps)
        try:
            async with aclosing(work.events()) as events:
                async for event in events:
                    yield event
        finally:
            self._dispatcher.cancel(work.job)

    async def encode(self, request: EncodingRequest) -> Encoding:
        """See `EngineClient.encode`."""
        self._ready_bench()  # otherwise it would wait behind the loading, for as long as that takes
        return await self._encoders.encode(request)

    async def inspect(self, session: str, document: str) -> CacheMap | None:
        """See `EngineClient.inspect`."""
        if self._bench is None:
            return None
        return await self._dispatcher.ask(
            partial(describe, self._bench, CacheKey(session, document))
        )

    async def close_document(self, session: str, document: str) -> None:
        """See `EngineClient.close_document`. Work in flight on the document ends."""
        key = CacheKey(session, document)
        if key in self._current:
            verdict = SupersededError(f"{document} was closed.")
            self._dispatcher.cancel(self._current[key].job, verdict)
        if self._bench is not None:
            closed = self._dispatcher.ask(partial(self._bench.pool.close_document, key))
            self._use_idle_time()  # on the documents that are left
            await closed

    @property
    def is_refreshing(self) -> bool:
        """Whether idle time is being used right now."""
        return self._idle.is_running

    def status(self) -> EngineStatus:
        """Describe the engine; never waits."""
        bench = self._bench
        summary = bench.pool.summary if bench else PoolSummary()
        return EngineStatus(
            state=self.life.state,
            pid=os.getpid(),
            uptime_s=time.monotonic() - self._started_at_s,
            num_clients=len(self._sessions),
            documents=summary.documents,
            cache_bytes=summary.cache_bytes,
            cache_budget_bytes=self._cache_budget_bytes,
            weights_bytes=bench.loaded.model.copied_bytes if bench else 0,
            notes=bench.loaded.notes if bench else (),
            encoders=self._encoders.names,
            encoder_bytes=self._encoders.num_bytes,
            chunk_bytes=bench.loaded.model.chunk_bytes if bench else 0,
            num_jobs=self._dispatcher.num_jobs,
        )

    def _load_steps(self, checkpoint: Checkpoint) -> Generator[LoadedModel, None, None]:
        def progress(fraction: float, message: str) -> None:
            checkpoint()
            self._dispatcher.tell(self.life.show_progress, fraction, message)

        progress(0.0, "The model is being loaded.")
        yield self._load(progress)

    def _adopt(self, loaded: LoadedModel) -> None:
        self._bench = Bench(
            loaded, CachePool(loaded.model, self._cache_budget_bytes, loaded.snapshots)
        )
        model = loaded.model.description
        self.life.enter(EngineState(Phase.READY, 1.0, f"{model.name} is ready.", model))
        for note in loaded.notes:
            self.notices.tell(note)

    def _loading_ended(self, error: Exception | None) -> None:
        if error is None:
            return
        if not isinstance(error, EngineError):
            _LOG.error("Loading the model failed.", exc_info=error)
        self.life.enter(EngineState(Phase.FAILED, message=str(error) or type(error).__name__))

    def _ready_bench(self) -> Bench:
        if self._bench is None:
            raise self.life.not_ready_error()
        return self._bench

    def _begin_ahead(self, key: CacheKey, prompt: TokenArray, steps: AheadSteps) -> Work:
        current = self._in_flight(key)
        if current is not None and current.job.verdict is None:
            raise SupersededError(f"Other work on {key.document} is in flight.")
        return self._submit(key, Priority.AHEAD, prompt, steps)

    def _in_flight(self, key: CacheKey) -> Work | None:
        """Return the work on `key` that is not done ahead."""
        work = self._current.get(key)
        return None if work is None or work.job.priority is Priority.AHEAD else work

    def _submit(
        self,
        key: CacheKey,
        priority: Priority,
        prompt: TokenArray,
        steps: Callable[[Checkpoint], Generator[Step, None, None]],
    ) -> Work:
        self._idle.end()
        work = Work(prompt)
        end = partial(self._end, key, work)
        work.job = self._dispatcher.submit(key, priority, steps, work.take, end)
        self._current[key] = work
        return work

    def _end(self, key: CacheKey, work: Work, error: Exception | None) -> None:
        if self._current.get(key) is work:
            del self._current[key]
        work.end(error)
        self._use_idle_time()

    def _use_idle_time(self) -> None:
        """Refresh from the beginning of the pause on, unless work is under way."""
        if not self._current and self._bench:
            self._idle.begin(self._bench)
