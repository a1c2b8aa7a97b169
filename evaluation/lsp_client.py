"""A small client for language servers over standard input and output.

Written without the library the server is built on, so that a mistake there shows here.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TypeVar

from evaluation.errors import (
    BrokenFrameError,
    EvaluationError,
    NoAnswerError,
    RequestFailedError,
    ServerExitedError,
)
from evaluation.framing import MAX_MESSAGE_BYTES, Json, frame, read_message

NotificationListener = Callable[[Json], None]
_Stream = TypeVar("_Stream")

REQUEST_TIMEOUT_S = 60.0
SHUTDOWN_TIMEOUT_S = 10.0
_ERROR_LINES_KEPT = 20


class LspClient:
    """The client's side of one connection. Requests may overlap; every wait has a bound.

    Requests of the server are answered with null, which accepts what it asks to register
    or to create and leaves its settings as they are.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._pending: dict[int, asyncio.Future[Json]] = {}
        self._listeners: dict[str, list[NotificationListener]] = {}
        self._last_id = 0
        self._end: EvaluationError | None = None

    def on_notification(self, method: str, listener: NotificationListener) -> None:
        """Call `listener` with the parameters of each notification of that name."""
        self._listeners.setdefault(method, []).append(listener)

    async def request(
        self, method: str, params: Json = None, timeout_s: float = REQUEST_TIMEOUT_S
    ) -> Json:
        """Send a request and return its result.

        Whoever cancels the caller cancels the request in the server, too.

        Raises:
            NoAnswerError: If no answer comes in time; the request is cancelled.
            RequestFailedError: If the answer is an error.
            ServerExitedError: If the server is gone.
            BrokenFrameError: If the server has broken the protocol.
        """
        self._last_id += 1
        request_id = self._last_id
        answer = self._pending[request_id] = asyncio.get_running_loop().create_future()
        try:
            await self._send(_message(method, params) | {"id": request_id})
            return await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            await self.notify("$/cancelRequest", {"id": request_id})
            raise NoAnswerError(
                f"the server did not answer {method} within {timeout_s:g} s"
            ) from None
        except asyncio.CancelledError:
            with contextlib.suppress(ServerExitedError):
                await self.notify("$/cancelRequest", {"id": request_id})
            raise
        finally:
            del self._pending[request_id]

    async def notify(self, method: str, params: Json = None) -> None:
        """Send a notification.

        Raises:
            ServerExitedError: If the server is gone.
        """
        await self._send(_message(method, params))

    async def listen(self) -> None:
        """Handle what the server sends until it ends; to run as a task of its own."""
        try:
            while (message := await read_message(self._reader)) is not None:
                await self._dispatch(message)
            self._end = ServerExitedError("the server has ended")
        except (BrokenFrameError, ServerExitedError) as error:
            self._end = error
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(self._end)

    async def _send(self, message: dict[str, Json]) -> None:
        if self._end is not None:
            raise self._end
        try:
            self._writer.write(frame(message))
            await self._writer.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise ServerExitedError("the server has ended") from None

    async def _dispatch(self, message: dict[str, Json]) -> None:
        method, params = message.get("method"), message.get("params")
        if method is None:
            self._settle(message)
        elif "id" in message:
            await self._send({"id": message["id"], "result": _consent(method, params)})
        else:
            for listener in self._listeners.get(method, ()):
                listener(params)

    def _settle(self, message: dict[str, Json]) -> None:
        answer = self._pending.get(message.get("id", 0))
        if answer is None or answer.done():
            return  # it came after we had stopped waiting
        if (error := message.get("error")) is not None:
            sentence = f"the server refused: {error.get('message')} (code {error.get('code')})"
            answer.set_exception(RequestFailedError(sentence))
        else:
            answer.set_result(message.get("result"))


@contextlib.asynccontextmanager
async def language_server(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> AsyncIterator[LspClient]:
    """Run a language server for as long as the context lasts.

    It ends by the protocol's own steps when it keeps to them, by force when not.

    Raises:
        ServerExitedError: If it cannot be started, or ends early; with its last words.
    """
    process = await _start(command, environment)
    client = LspClient(_pipe(process.stdout), _pipe(process.stdin))
    last_words: deque[str] = deque(maxlen=_ERROR_LINES_KEPT)
    tasks = [
        asyncio.create_task(client.listen()),
        asyncio.create_task(_keep_lines(_pipe(process.stderr), last_words)),
    ]
    try:
        try:
            yield client
        finally:
            await _end(process, client)
            await _finish(tasks)
    except ServerExitedError as error:
        said = f"; it said: {' | '.join(last_words)}" if last_words else ""
        raise ServerExitedError(f"{error} with code {process.returncode}{said}") from error


async def _start(
    command: Sequence[str], environment: Mapping[str, str] | None
) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=environment,
            limit=MAX_MESSAGE_BYTES,
            start_new_session=True,  # Ctrl-C in a terminal is for us, who end it in order
        )
    except OSError as error:
        raise ServerExitedError(
            f"the server {command[0]} cannot be started: {error.strerror or error}"
        ) from error


async def _end(process: asyncio.subprocess.Process, client: LspClient) -> None:
    """Ask the server to leave, and make it leave when it does not."""
    with contextlib.suppress(EvaluationError):
        await client.request("shutdown", timeout_s=SHUTDOWN_TIMEOUT_S)
        await client.notify("exit")
    _pipe(process.stdin).close()
    try:
        await asyncio.wait_for(process.wait(), SHUTDOWN_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _finish(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for readers of pipes, which another process may still hold open."""
    _, unfinished = await asyncio.wait(tasks, timeout=SHUTDOWN_TIMEOUT_S)
    for task in unfinished:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=bool(unfinished))


async def _keep_lines(stream: asyncio.StreamReader, lines: deque[str]) -> None:
    async for line in stream:
        lines.append(line.decode(errors="replace").rstrip())


def _pipe(stream: _Stream | None) -> _Stream:
    """Return a pipe that was asked for and is therefore there."""
    if stream is None:
        raise ServerExitedError("the server was started without pipes")
    return stream


def _message(method: str, params: Json) -> dict[str, Json]:
    return {"method": method} if params is None else {"method": method, "params": params}


def _consent(method: str, params: Json) -> Json:
    """Answer a request of the server: nothing to say, once for each thing it asks."""
    return [None] * len(params["items"]) if method == "workspace/configuration" else None
