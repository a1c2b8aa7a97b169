"""A connection against services that say exactly what a test wants."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import unix_connect
from websockets.asyncio.server import ServerConnection, unix_serve

from engine.client.connection import ConnectionLostError, EngineConnection
from engine.errors import EngineUnavailableError, WireError
from engine.protocol.calls import Hello, Method, Nothing, Welcome
from engine.protocol.codec import from_wire, to_wire
from engine.protocol.frames import (
    Frame,
    Notification,
    Reply,
    Request,
    StreamEvent,
    decode_frame,
    encode_frame,
)
from engine.protocol.messages import PROTOCOL_VERSION, EngineState, Phase
from tests.unit.engine.doubles import WAIT_S

HELLO = Hello(PROTOCOL_VERSION, "s", "test")
READY = EngineState(Phase.READY, 1.0)

Script = Callable[[ServerConnection], Awaitable[None]]


class Heard:
    """What a connection tells."""

    def __init__(self) -> None:
        self.states: list[EngineState] = []
        self.notices: list[str] = []
        self.lost = asyncio.Event()


@asynccontextmanager
async def connected(folder: Path, script: Script, heard: Heard) -> AsyncIterator[EngineConnection]:
    path = str(folder / "s")
    async with unix_serve(script, path, compression=None):
        socket = await unix_connect(path, uri="ws://localhost/", compression=None)
        connection = EngineConnection(
            socket, heard.states.append, heard.notices.append, heard.lost.set
        )
        yield connection
        await connection.close()


async def send(socket: ServerConnection, *frames: Frame) -> None:
    for frame in frames:
        await socket.send(encode_frame(frame))


async def read_request(socket: ServerConnection) -> Request:
    frame = decode_frame(await socket.recv())
    assert isinstance(frame, Request)
    return frame


async def test_a_state_told_right_after_the_welcome_is_not_undone_by_it(tmp_path: Path) -> None:
    """Once a client took the older state of the welcome for the newer, and waited for ever."""

    async def script(socket: ServerConnection) -> None:
        hello = await read_request(socket)
        assert from_wire(Hello, hello.params, "hello") == HELLO
        welcome = Welcome(PROTOCOL_VERSION, 1, EngineState(Phase.LOADING))
        await send(
            socket,
            Reply(hello.id, to_wire(Welcome, welcome)),
            Notification(Method.STATE, to_wire(EngineState, READY)),
        )
        await socket.wait_closed()

    heard = Heard()
    async with connected(tmp_path, script, heard) as connection:
        await connection.greet(HELLO)
        async with asyncio.timeout(WAIT_S):
            while READY not in heard.states:
                await connection._socket.ping()
        assert heard.states[-1] == READY


async def test_a_service_that_never_answers_is_given_up(tmp_path: Path) -> None:
    async def script(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with connected(tmp_path, script, Heard()) as connection:
        with pytest.raises(EngineUnavailableError, match=r"did not answer `status` within 0\.05 s"):
            await connection.call(Method.STATUS, Nothing(), 0.05)
        assert connection._inboxes == {}


@pytest.mark.parametrize(
    "data",
    [
        b"\xc1",
        encode_frame(Request(1, "status", {})),
        encode_frame(Notification("party", {})),
        encode_frame(Notification("state", {"phase": "ready"})),
    ],
)
async def test_nonsense_from_the_service_ends_the_connection_and_all_calls(
    tmp_path: Path, data: bytes
) -> None:
    async def script(socket: ServerConnection) -> None:
        await read_request(socket)
        await socket.send(data)
        await socket.wait_closed()

    heard = Heard()
    async with connected(tmp_path, script, heard) as connection:
        with pytest.raises(ConnectionLostError):
            await connection.call(Method.STATUS, Nothing(), WAIT_S)
        assert heard.lost.is_set()
        with pytest.raises(ConnectionLostError):
            await connection.call(Method.STATUS, Nothing(), WAIT_S)


async def test_an_answer_of_the_wrong_kind_is_a_wire_error(tmp_path: Path) -> None:
    async def script(socket: ServerConnection) -> None:
        request = await read_request(socket)
        await send(socket, StreamEvent(request.id, {}))
        await socket.wait_closed()

    async with connected(tmp_path, script, Heard()) as connection:
        with pytest.raises(WireError, match="StreamEvent came in answer to status"):
            await connection.call(Method.STATUS, Nothing(), WAIT_S)


async def test_answers_to_cancelled_requests_are_let_pass(tmp_path: Path) -> None:
    async def script(socket: ServerConnection) -> None:
        first, cancel, second = [decode_frame(await socket.recv()) for _ in range(3)]
        assert isinstance(first, Request)
        assert isinstance(cancel, Notification)
        assert cancel.params == {"id": first.id}
        assert isinstance(second, Request)
        await send(socket, StreamEvent(first.id, {}), Reply(first.id, 1), Reply(second.id, 2))
        await socket.wait_closed()

    async with connected(tmp_path, script, Heard()) as connection:
        call = asyncio.create_task(connection.call(Method.SYNC, Nothing(), WAIT_S))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        assert await connection.call(Method.STATUS, Nothing(), WAIT_S) == 2
