"""The engine in the caller's own process: for tests, notebooks and measurements."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from uuid import uuid4

from engine.client.base import NoticeListener, StateListener
from engine.protocol.messages import (
    CacheMap,
    Encoding,
    EncodingRequest,
    EngineState,
    EngineStatus,
    GenerationEvent,
    GenerationRequest,
    SyncReport,
    TokenRange,
)
from engine.service.host import EngineHost


class LocalEngine:
    """An `EngineClient` over a host in the same event loop. The host outlives it."""

    def __init__(self, host: EngineHost, session: str | None = None) -> None:
        self._host = host
        self._session = session or uuid4().hex
        self._is_connected = False
        self._unsubscribe: list[Callable[[], None]] = []

    @property
    def state(self) -> EngineState:
        """See `EngineClient.state`."""
        return self._host.life.state

    async def connect(self) -> None:
        """See `EngineClient.connect`."""
        if not self._is_connected:
            self._host.open_session(self._session)
            self._is_connected = True

    async def wait_ready(self, timeout_s: float) -> EngineState:
        """See `EngineClient.wait_ready`."""
        return await self._host.life.wait_settled(timeout_s)

    def on_state(self, listener: StateListener) -> None:
        """See `EngineClient.on_state`."""
        self._unsubscribe.append(self._host.life.states.listen(listener))

    def on_notice(self, listener: NoticeListener) -> None:
        """See `EngineClient.on_notice`."""
        self._unsubscribe.append(self._host.notices.listen(listener))

    async def sync(
        self,
        document: str,
        tokens: Sequence[int],
        cursor: int,
        chunks: Sequence[TokenRange] = (),
    ) -> SyncReport:
        """See `EngineClient.sync`."""
        await self.connect()
        return await self._host.sync(self._session, document, tokens, cursor, chunks)

    async def read_chunks(self, tokens: Sequence[int], chunks: Sequence[TokenRange]) -> None:
        """See `EngineClient.read_chunks`."""
        await self.connect()
        await self._host.read_chunks(self._session, tokens, chunks)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """See `EngineClient.generate`."""
        await self.connect()
        async with aclosing(self._host.generate(self._session, request)) as events:
            async for event in events:
                yield event

    async def encode(self, request: EncodingRequest) -> Encoding:
        """See `EngineClient.encode`."""
        await self.connect()
        return await self._host.encode(request)

    async def inspect(self, document: str) -> CacheMap | None:
        """See `EngineClient.inspect`."""
        await self.connect()
        return await self._host.inspect(self._session, document)

    async def close_document(self, document: str) -> None:
        """See `EngineClient.close_document`."""
        await self.connect()
        await self._host.close_document(self._session, document)

    async def status(self) -> EngineStatus:
        """See `EngineClient.status`."""
        await self.connect()
        return self._host.status()

    async def aclose(self) -> None:
        """See `EngineClient.aclose`."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()
        if self._is_connected:
            self._is_connected = False
            self._host.close_session(self._session)
