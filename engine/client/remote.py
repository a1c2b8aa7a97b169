"""The engine in a process of its own, reached over the wire."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from engine.client.base import NoticeListener, StateListener
from engine.client.connection import ConnectionLostError, EngineConnection
from engine.client.launch import ServiceLauncher, launcher_for
from engine.client.prompts import send_sync, stream_events
from engine.errors import EngineUnavailableError
from engine.protocol.calls import (
    DocumentCall,
    Hello,
    Inspection,
    Method,
    Nothing,
    ReadChunksCall,
)
from engine.protocol.codec import from_wire
from engine.protocol.lifecycle import Broadcast, LifeCycle
from engine.protocol.messages import (
    PROTOCOL_VERSION,
    CacheMap,
    Encoding,
    EncodingRequest,
    EngineState,
    EngineStatus,
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    Phase,
    Synced,
    SyncReport,
    TokenRange,
)
from engine.settings import EngineSettings

RESTART_NOTICE = "The engine had stopped and was started again; it reads your files anew."
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounds on waiting, in seconds."""

    work_s: float = 300.0  # for a sync, or the next event of a generation
    question_s: float = 30.0
    restart_s: float = 300.0  # until a restarted service has its model again


class RemoteEngine:
    """An `EngineClient` over the wire, which outlives the service it talks to.

    A call that finds the service gone starts it again, once for all calls, and is sent once
    more; users get one notice. If the model had been ready, `sync` and `generate` wait until
    it is again rather than raise `NotReadyError`. A generation that had already delivered
    text is not begun anew: its open candidates end as CANCELLED.

    Args:
        settings: Name the service, and are its settings if this client is who starts it.
        client_name: Who we are, for people who read the service's log.
        session: Owns the caches; kept over reconnections. A new one by default.
        launcher: Reaches the service; by default the one that `settings` name.
        patience: Bounds on all waits.
    """

    def __init__(
        self,
        settings: EngineSettings,
        *,
        client_name: str,
        session: str | None = None,
        launcher: ServiceLauncher | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._launcher = launcher
        self._hello = Hello(PROTOCOL_VERSION, session or uuid4().hex, client_name)
        self._patience = patience or Patience()
        self._life = LifeCycle()
        self._notices: Broadcast[str] = Broadcast()
        self._connecting = asyncio.Lock()
        self._connection: EngineConnection | None = None
        self._service_pid: int | None = None
        self._was_ready = False
        self._is_closed = False

    @property
    def state(self) -> EngineState:
        """See `EngineClient.state`."""
        return self._life.state

    async def connect(self) -> None:
        """See `EngineClient.connect`."""
        await self._connected()

    async def wait_ready(self, timeout_s: float) -> EngineState:
        """See `EngineClient.wait_ready`. Outlives the death of one service."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                for _ in range(_ATTEMPTS):
                    connection = await self._connected()
                    if await self._settles(connection):
                        break
        return self.state

    def on_state(self, listener: StateListener) -> None:
        """See `EngineClient.on_state`."""
        self._life.states.listen(listener)

    def on_notice(self, listener: NoticeListener) -> None:
        """See `EngineClient.on_notice`."""
        self._notices.listen(listener)

    async def sync(
        self,
        document: str,
        tokens: Sequence[int],
        cursor: int,
        chunks: Sequence[TokenRange] = (),
    ) -> SyncReport:
        """See `EngineClient.sync`."""
        reason = ""
        for _ in range(_ATTEMPTS):
            connection = await self._usable()
            try:
                return await send_sync(
                    connection,
                    document,
                    tokens,
                    cursor,
                    chunks=chunks,
                    timeout_s=self._patience.work_s,
                )
            except ConnectionLostError as lost:
                reason = str(lost)
        raise _gave_up(Method.SYNC, reason)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """See `EngineClient.generate`."""
        delivery = _Delivery(request.num_candidates)
        reason = ""
        for _ in range(_ATTEMPTS):
            connection = await self._usable()
            try:
                async with aclosing(
                    stream_events(connection, request, self._patience.work_s)
                ) as events:
                    async for event in events:
                        if delivery.is_new(event):
                            yield event
            except ConnectionLostError as lost:
                reason = str(lost)
            else:
                return
            if delivery.has_begun:
                for finished in delivery.cut_off():
                    yield finished
                return
        raise _gave_up(Method.GENERATE, reason)

    async def read_chunks(self, tokens: Sequence[int], chunks: Sequence[TokenRange]) -> None:
        """See `EngineClient.read_chunks`."""
        call = ReadChunksCall(tokens, tuple(chunks))
        await self._ask(Method.READ_CHUNKS, call, self._patience.work_s)

    async def encode(self, request: EncodingRequest) -> Encoding:
        """See `EngineClient.encode`."""
        result = await self._ask(Method.ENCODE, request)
        return from_wire(Encoding, result, Method.ENCODE)

    async def inspect(self, document: str) -> CacheMap | None:
        """See `EngineClient.inspect`."""
        result = await self._ask(Method.INSPECT, DocumentCall(document))
        return from_wire(Inspection, result, Method.INSPECT).cache

    async def close_document(self, document: str) -> None:
        """See `EngineClient.close_document`."""
        if self._connection is not None:
            self._connection.declarer.forget(document)
        await self._ask(Method.CLOSE_DOCUMENT, DocumentCall(document))

    async def status(self) -> EngineStatus:
        """See `EngineClient.status`."""
        return from_wire(EngineStatus, await self._ask(Method.STATUS, Nothing()), Method.STATUS)

    async def stop_service(self) -> None:
        """Ask the service to leave, for everyone. It may still be there for a moment."""
        connection = await self._connected()
        with suppress(ConnectionLostError):  # it left before it could answer
            await connection.call(Method.STOP, Nothing(), self._patience.question_s)

    async def aclose(self) -> None:
        """See `EngineClient.aclose`. Work still waiting ends instead of reaching out again."""
        self._is_closed = True
        if self._connection is not None:
            await self._connection.close()

    async def _ask(self, method: Method, params: object, timeout_s: float | None = None) -> Any:
        timeout_s = timeout_s or self._patience.question_s
        reason = ""
        for _ in range(_ATTEMPTS):
            connection = await self._connected()
            try:
                return await connection.call(method, params, timeout_s)
            except ConnectionLostError as lost:
                reason = str(lost)
        raise _gave_up(method, reason)

    async def _usable(self) -> EngineConnection:
        """Return a connection; if the model was ready once, wait until it is again."""
        connection = await self._connected()
        if self._was_ready and not self._life.is_settled:
            with suppress(TimeoutError):  # then the service says what it lacks
                async with asyncio.timeout(self._patience.restart_s):
                    await self._settles(connection)
        return connection

    async def _settles(self, connection: EngineConnection) -> bool:
        await self._life.wait_until(lambda: self._life.is_settled or connection.is_lost)
        return not connection.is_lost

    async def _connected(self) -> EngineConnection:
        async with self._connecting:
            if self._connection is None or self._connection.is_lost:
                self._require_open()
                self._connection = await self._open()
            return self._connection

    def _require_open(self) -> None:
        """Keep work that was left behind from waking an engine nobody needs."""
        if self._is_closed:
            raise EngineUnavailableError("The session with the engine has ended.")

    async def _open(self) -> EngineConnection:
        launcher = self._launcher = self._launcher or launcher_for(self._settings)
        reason = ""
        for _ in range(_ATTEMPTS):
            socket = await launcher.reach()
            connection = EngineConnection(socket, self._enter, self._notices.tell, self._miss)
            try:
                self._require_open()
                welcome = await connection.greet(self._hello)
            except ConnectionLostError as lost:  # it was just leaving
                reason = str(lost)
                continue
            except BaseException:
                await connection.close()
                raise
            self._recognize(welcome.pid)
            return connection
        raise _gave_up(Method.HELLO, reason)

    def _recognize(self, pid: int) -> None:
        if self._service_pid not in (None, pid):
            self._notices.tell(RESTART_NOTICE)
        self._service_pid = pid

    def _enter(self, state: EngineState) -> None:
        self._was_ready |= state.phase is Phase.READY
        self._life.enter(state)

    def _miss(self) -> None:
        if self._is_closed:
            return  # we left, not the service
        message = "The engine has stopped; the next request starts it again."
        self._life.enter(EngineState(Phase.STARTING, message=message))


class _Delivery:
    """What of one generation has reached the caller."""

    def __init__(self, num_candidates: int) -> None:
        self.has_begun = False  # text or an end was delivered
        self._is_synced = False
        self._open = dict.fromkeys(range(num_candidates))

    def is_new(self, event: GenerationEvent) -> bool:
        """Take note of `event`; False for the `Synced` of a second attempt."""
        if isinstance(event, Synced):
            was_synced, self._is_synced = self._is_synced, True
            return not was_synced
        self.has_begun = True
        if isinstance(event, Finished):
            self._open.pop(event.candidate, None)
        return True

    def cut_off(self) -> list[Finished]:
        """Return the ends of all candidates that have none."""
        return [Finished(candidate, FinishReason.CANCELLED) for candidate in self._open]


def _gave_up(method: Method, reason: str) -> EngineUnavailableError:
    return EngineUnavailableError(
        f"The engine went away {_ATTEMPTS} times during `{method}` ({reason}); its log may say why."
    )
