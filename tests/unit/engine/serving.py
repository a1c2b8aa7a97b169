"""A service of the double within the test's own event loop, and clients of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, unix_connect

from engine.client.launch import ServiceLauncher
from engine.client.remote import Patience, RemoteEngine
from engine.protocol.calls import Hello, Method, Nothing
from engine.protocol.codec import to_wire
from engine.protocol.endpoint import Endpoint
from engine.protocol.frames import Frame, Notification, Request, decode_frame, encode_frame
from engine.protocol.messages import PROTOCOL_VERSION
from engine.service.encoders import NO_ENCODERS, EncoderLimits
from engine.service.server import EngineServer
from engine.settings import EngineSettings
from tests.unit.engine.doubles import WAIT_S, ModelDouble, loader

PATIENCE = Patience(work_s=WAIT_S, question_s=WAIT_S, restart_s=WAIT_S)


class Serving(NamedTuple):
    server: EngineServer
    task: asyncio.Task[bool]  # returns whether all work ended


@asynccontextmanager
async def serving(
    endpoint: Endpoint,
    model: ModelDouble | None = None,
    idle_exit_s: float = 60.0,
    encoders: EncoderLimits = NO_ENCODERS,
) -> AsyncIterator[Serving]:
    """Serve until the context ends."""
    load = loader(model or ModelDouble())
    server = EngineServer(endpoint, load, 1000, idle_exit_s, encoders=encoders)
    task = asyncio.create_task(server.serve())
    await until(lambda: task.done() or endpoint.card_path.exists())
    try:
        yield Serving(server, task)
    finally:
        server.stop("the test is over.")
        assert await asyncio.wait_for(task, WAIT_S)


def client_of(endpoint: Endpoint, session: str | None = None) -> RemoteEngine:
    """Return a client that never starts a service."""
    launcher = ServiceLauncher(endpoint, None, Path("unused.log"))
    return RemoteEngine(
        EngineSettings(),
        client_name="test",
        session=session,
        launcher=launcher,
        patience=PATIENCE,
    )


class RawClient:
    """Says exactly what a test wants, well-formed or not."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, frame: Frame) -> None:
        await self.socket.send(encode_frame(frame))

    async def receive(self) -> Frame:
        """Return the next frame that is no notification."""
        while True:
            frame = decode_frame(await asyncio.wait_for(self.socket.recv(), WAIT_S))
            if not isinstance(frame, Notification):
                return frame

    async def ask(self, method: str, params: Any, request_id: int = 1) -> Frame:
        await self.send(Request(request_id, method, params))
        return await self.receive()

    async def greet(self, session: str = "raw") -> Frame:
        hello = Hello(PROTOCOL_VERSION, session, "raw")
        return await self.ask(Method.HELLO, to_wire(Hello, hello))

    async def status(self) -> Frame:
        return await self.ask(Method.STATUS, to_wire(Nothing, Nothing()), 99)


@asynccontextmanager
async def raw_client(endpoint: Endpoint) -> AsyncIterator[RawClient]:
    async with unix_connect(
        str(endpoint.socket_path), uri="ws://localhost/", compression=None
    ) as socket:
        yield RawClient(socket)


async def until(condition: Any) -> None:
    """Wait for what nothing announces, such as a file."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
