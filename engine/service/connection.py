"""One client's connection, from its hello to its end."""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from functools import partial
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from engine.errors import EngineError, VersionMismatchError, WireError
from engine.protocol.calls import (
    Cancel,
    DocumentCall,
    GenerateCall,
    Hello,
    Inspection,
    Method,
    Nothing,
    Notice,
    ReadChunksCall,
    SyncCall,
    Welcome,
)
from engine.protocol.codec import from_wire, to_wire
from engine.protocol.failures import failure_of
from engine.protocol.frames import (
    Notification,
    Reply,
    Request,
    StreamEvent,
    decode_frame,
    encode_frame,
)
from engine.protocol.messages import (
    PROTOCOL_VERSION,
    EncodingRequest,
    EngineState,
    EngineStatus,
    GenerationEvent,
    GenerationRequest,
)
from engine.protocol.tokens import TokenLedger
from engine.service.host import EngineHost
from engine.service.listen import HANDSHAKE_TIMEOUT_S

_LOG = logging.getLogger(__name__)
_MAX_CLOSE_REASON_BYTES = 123

Answer = Callable[[], Awaitable[object]]
"""What remains to be done for a request once it has been read."""


class ClientConnection:
    """Serves one client. Whatever it sends, other clients do not notice."""

    def __init__(
        self, socket: ServerConnection, host: EngineHost, stop_service: Callable[[], None]
    ) -> None:
        self._socket = socket
        self._host = host
        self._stop_service = stop_service
        self._session = ""
        self._ledger = TokenLedger()
        self._requests: dict[int, asyncio.Task[None]] = {}
        self._notifications: asyncio.Queue[Notification] = asyncio.Queue()

    async def serve(self) -> None:
        """Answer until the client goes, then end what it left in flight."""
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await self._greet()
            with self._membership():
                await self._converse()
        except TimeoutError:
            await self._close("No hello came in time.")
        except WireError as error:
            await self._close(str(error))
        except ConnectionClosed as closed:
            _LOG.info("The client of session %s is gone: %s", self._session, closed)

    async def _greet(self) -> None:
        frame = decode_frame(await self._socket.recv())
        if not isinstance(frame, Request) or frame.method != Method.HELLO:
            raise WireError(f"The first frame must be a {Method.HELLO} request.")
        try:
            hello = _read_hello(frame.params)
        except WireError as error:
            await self._socket.send(encode_frame(failure_of(frame.id, error)))
            raise
        self._session = hello.session
        _LOG.info("%s joins with session %s.", hello.client, hello.session)
        welcome = Welcome(PROTOCOL_VERSION, os.getpid(), self._host.life.state)
        await self._socket.send(encode_frame(Reply(frame.id, to_wire(Welcome, welcome))))

    @contextmanager
    def _membership(self) -> Iterator[None]:
        self._host.open_session(self._session)
        self._notify_state(self._host.life.state)  # it may have changed since the welcome
        leave_states = self._host.life.states.listen(self._notify_state)
        leave_notices = self._host.notices.listen(self._notify_notice)
        try:
            yield
        finally:
            leave_notices()
            leave_states()
            self._host.close_session(self._session)

    async def _converse(self) -> None:
        sender = asyncio.create_task(self._send_notifications())
        try:
            async for data in self._socket:
                self._receive(data)
        finally:
            tasks = [sender, *self._requests.values()]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _receive(self, data: bytes | str) -> None:
        frame = decode_frame(data)
        if isinstance(frame, Notification) and frame.method == Method.CANCEL:
            task = self._requests.get(from_wire(Cancel, frame.params, "cancel").id)
            if task is not None:
                task.cancel()
        elif isinstance(frame, Request):
            self._accept(frame)
        else:
            raise WireError(f"A {type(frame).__name__} came; a client sends requests and cancel.")

    def _accept(self, request: Request) -> None:
        if request.id in self._requests:
            raise WireError(f"Two requests in flight have the id {request.id}.")
        answer: Answer
        try:
            answer = self._answer_to(request)
        except EngineError as error:
            answer = partial(_fail, error)
        task = asyncio.create_task(self._reply(request.id, answer))
        self._requests[request.id] = task
        task.add_done_callback(lambda _: self._requests.pop(request.id))

    def _answer_to(self, request: Request) -> Answer:
        """Read the request at once, so that token changes are applied in their order."""
        method, params = request.method, request.params
        if method == Method.SYNC:
            sync = from_wire(SyncCall, params, method)
            tokens = self._ledger.apply(sync.document, sync.tokens)
            return partial(
                self._host.sync, self._session, sync.document, tokens, sync.cursor, sync.chunks
            )
        if method == Method.GENERATE:
            call = from_wire(GenerateCall, params, method)
            tokens = self._ledger.apply(call.document, call.tokens)
            return partial(self._stream, request.id, call.request(tokens))
        if method == Method.ENCODE:
            return partial(self._host.encode, from_wire(EncodingRequest, params, method))
        if method == Method.READ_CHUNKS:
            read = from_wire(ReadChunksCall, params, method)
            return partial(self._read_chunks, read)
        if method in (Method.INSPECT, Method.CLOSE_DOCUMENT):
            document = from_wire(DocumentCall, params, method).document
            return partial(self._inspect if method == Method.INSPECT else self._forget, document)
        if method in (Method.STATUS, Method.STOP):
            from_wire(Nothing, params, method)
            return self._status if method == Method.STATUS else self._stop
        raise WireError(f"`{method}` is no method of protocol {PROTOCOL_VERSION}.")

    async def _reply(self, request_id: int, answer: Answer) -> None:
        try:
            result = await answer()
            data = encode_frame(Reply(request_id, to_wire(type(result), result)))
        except ConnectionClosed:
            return  # there is nobody to tell
        except Exception as error:  # noqa: BLE001  # the service edge: told to the client
            data = encode_frame(failure_of(request_id, error))
        await self._send(data)

    async def _stream(self, request_id: int, request: GenerationRequest) -> Nothing:
        async with aclosing(self._host.generate(self._session, request)) as events:
            async for event in events:
                wire_event = to_wire(GenerationEvent, event)
                await self._socket.send(encode_frame(StreamEvent(request_id, wire_event)))
        return Nothing()

    async def _read_chunks(self, call: ReadChunksCall) -> Nothing:
        await self._host.read_chunks(self._session, call.tokens, call.chunks)
        return Nothing()

    async def _inspect(self, document: str) -> Inspection:
        return Inspection(await self._host.inspect(self._session, document))

    async def _forget(self, document: str) -> Nothing:
        self._ledger.forget(document)
        await self._host.close_document(self._session, document)
        return Nothing()

    async def _status(self) -> EngineStatus:
        return self._host.status()

    async def _stop(self) -> Nothing:
        asyncio.get_running_loop().call_soon(self._stop_service)  # after the reply
        return Nothing()

    def _notify_state(self, state: EngineState) -> None:
        params = to_wire(EngineState, state)
        self._notifications.put_nowait(Notification(Method.STATE, params))

    def _notify_notice(self, message: str) -> None:
        params = to_wire(Notice, Notice(message))
        self._notifications.put_nowait(Notification(Method.NOTICE, params))

    async def _send_notifications(self) -> None:
        while True:
            await self._send(encode_frame(await self._notifications.get()))

    async def _send(self, data: bytes) -> None:
        with suppress(ConnectionClosed):  # `_converse` notices it too, and ends
            await self._socket.send(data)

    async def _close(self, reason: str) -> None:
        _LOG.warning("The connection of session %s is closed: %s", self._session, reason)
        await self._socket.close(CloseCode.PROTOCOL_ERROR, _shortened(reason))


def _read_hello(params: Any) -> Hello:
    """Read the version first, because another version may have other fields."""
    version = params.get("protocol") if isinstance(params, dict) else None
    if isinstance(version, int) and version != PROTOCOL_VERSION:
        raise VersionMismatchError(
            f"The client speaks protocol {version} and the engine {PROTOCOL_VERSION}; restart "
            "whichever is older."
        )
    return from_wire(Hello, params, Method.HELLO)


async def _fail(error: EngineError) -> Nothing:
    raise error


def _shortened(reason: str) -> str:
    return reason.encode()[:_MAX_CLOSE_REASON_BYTES].decode(errors="ignore")
