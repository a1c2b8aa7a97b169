"""One connection to a service: requests out, answers and notifications in."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from engine.errors import EngineUnavailableError, WireError
from engine.protocol.calls import Cancel, Hello, Method, Notice, Welcome
from engine.protocol.codec import from_wire, to_wire
from engine.protocol.failures import error_of
from engine.protocol.frames import (
    Failure,
    Frame,
    Notification,
    Reply,
    Request,
    StreamEvent,
    decode_frame,
    encode_frame,
)
from engine.protocol.messages import EngineState
from engine.protocol.tokens import TokenDeclarer

_HELLO_TIMEOUT_S = 30.0
_CANCEL_TIMEOUT_S = 2.0


class ConnectionLostError(Exception):
    """The service went away in the middle. Never leaves `engine.client`."""


class EngineConnection:
    """Speaks with one service until either side ends it.

    Args:
        socket: Open, and nothing said yet.
        on_state: Receives every state the service tells.
        on_notice: Receives sentences for the user.
        on_lost: Called once when the connection ends, whoever ended it.
    """

    def __init__(
        self,
        socket: ClientConnection,
        on_state: Callable[[EngineState], None],
        on_notice: Callable[[str], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.declarer = TokenDeclarer()
        self._socket = socket
        self._on_state = on_state
        self._on_notice = on_notice
        self._on_lost = on_lost
        self._ids = itertools.count(1)
        self._inboxes: dict[int, asyncio.Queue[Frame | ConnectionLostError]] = {}
        self._has_heard_state = False
        self._lost: ConnectionLostError | None = None
        self._cancels: set[asyncio.Task[None]] = set()
        self._reader = asyncio.create_task(self._read())

    @property
    def is_lost(self) -> bool:
        """Whether the connection has ended."""
        return self._lost is not None

    async def greet(self, hello: Hello) -> Welcome:
        """Begin the conversation; the first state is told to `on_state`.

        Raises:
            VersionMismatchError: If the service speaks another version of the protocol.
            ConnectionLostError: If the service goes away.
        """
        result = await self.call(Method.HELLO, hello, _HELLO_TIMEOUT_S)
        welcome = from_wire(Welcome, result, Method.HELLO)
        if not self._has_heard_state:  # a notification may have overtaken us and be newer
            self._on_state(welcome.state)
        return welcome

    async def call(self, method: Method, params: object, timeout_s: float) -> Any:
        """Send a request and return the result, in wire form.

        Raises:
            EngineError: What the service answered instead of a result.
            EngineUnavailableError: If no answer comes within `timeout_s`.
            ConnectionLostError: If the service goes away.
        """
        async with self._exchange(method, params) as inbox:
            frame = await _next_frame(inbox, method, timeout_s)
            if isinstance(frame, Reply):
                return frame.result
            raise WireError(f"A {type(frame).__name__} came in answer to {method}.")

    async def stream(
        self, method: Method, params: object, timeout_s: float
    ) -> AsyncGenerator[Any, None]:
        """Send a request and yield the events of its answer, in wire form.

        Closing the generator cancels the request. `timeout_s` bounds the wait for each event.
        Raises what `call` raises.
        """
        async with self._exchange(method, params) as inbox:
            while True:
                frame = await _next_frame(inbox, method, timeout_s)
                if isinstance(frame, Reply):
                    return
                if not isinstance(frame, StreamEvent):
                    raise WireError(f"A {type(frame).__name__} came in answer to {method}.")
                yield frame.event

    async def close(self) -> None:
        """End the connection; requests in flight fail."""
        await self._socket.close()
        await asyncio.gather(self._reader, *self._cancels)

    @asynccontextmanager
    async def _exchange(
        self, method: Method, params: object
    ) -> AsyncIterator[asyncio.Queue[Frame | ConnectionLostError]]:
        request_id = next(self._ids)
        inbox: asyncio.Queue[Frame | ConnectionLostError] = asyncio.Queue()
        request = encode_frame(Request(request_id, method, to_wire(type(params), params)))
        if self._lost is not None:
            raise self._lost
        self._inboxes[request_id] = inbox
        try:
            await self._send(request)
            yield inbox
        finally:
            if self._inboxes.pop(request_id, None) is not None:  # nobody answered to the end
                self._begin_to_cancel(request_id)

    async def _send(self, data: bytes) -> None:
        try:
            await self._socket.send(data)
        except ConnectionClosed as closed:
            raise ConnectionLostError(_why(closed)) from closed

    def _begin_to_cancel(self, request_id: int) -> None:
        """Tell the service, but let nobody wait: one that is stopped takes no more in."""
        task = asyncio.create_task(self._cancel(request_id))
        self._cancels.add(task)
        task.add_done_callback(self._cancels.discard)

    async def _cancel(self, request_id: int) -> None:
        params = to_wire(Cancel, Cancel(request_id))
        with suppress(ConnectionLostError, TimeoutError):  # then it ends anyway
            async with asyncio.timeout(_CANCEL_TIMEOUT_S):
                await self._send(encode_frame(Notification(Method.CANCEL, params)))

    async def _read(self) -> None:
        reason = "the service closed the connection"
        try:
            async for data in self._socket:
                self._take(decode_frame(data))
        except ConnectionClosed as closed:
            reason = _why(closed)
        except WireError as error:
            reason = str(error)
        finally:
            self._lost = ConnectionLostError(reason)
            for inbox in self._inboxes.values():
                inbox.put_nowait(self._lost)
            self._inboxes.clear()
            self._on_lost()
        await self._socket.close()

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, Notification):
            self._notify(frame)
        elif isinstance(frame, Request):
            raise WireError("A request came from the service; only clients send requests.")
        elif isinstance(frame, StreamEvent):
            if frame.id in self._inboxes:  # otherwise cancelled meanwhile
                self._inboxes[frame.id].put_nowait(frame)
        elif frame.id in self._inboxes:
            self._inboxes.pop(frame.id).put_nowait(frame)

    def _notify(self, frame: Notification) -> None:
        if frame.method == Method.STATE:
            self._has_heard_state = True
            self._on_state(from_wire(EngineState, frame.params, frame.method))
        elif frame.method == Method.NOTICE:
            self._on_notice(from_wire(Notice, frame.params, frame.method).message)
        else:
            raise WireError(f"`{frame.method}` is no notification that a service sends.")


async def _next_frame(
    inbox: asyncio.Queue[Frame | ConnectionLostError], method: Method, timeout_s: float
) -> Frame:
    try:
        frame = await asyncio.wait_for(inbox.get(), timeout_s)
    except TimeoutError:
        raise EngineUnavailableError(
            f"The engine did not answer `{method}` within {timeout_s:g} s; if that goes on, stop "
            "it with `warmline engine stop`."
        ) from None
    if isinstance(frame, ConnectionLostError):
        raise frame
    if isinstance(frame, Failure):
        raise error_of(frame)
    return frame


def _why(closed: ConnectionClosed) -> str:
    if closed.rcvd is not None and closed.rcvd.reason:
        return closed.rcvd.reason
    return "the service went away"
