"""The language server as a whole: made here, and run over standard streams or TCP."""

import asyncio
import logging
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cattrs import Converter
from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter

from lsp_server.inline_completion import TriggerKinds
from lsp_server.ports import MakeSession
from lsp_server.protocol import Stage, WarmlineProtocol
from lsp_server.transport import (
    MessageWriter,
    StandardOutput,
    feed_in_background,
    read_messages,
    take_standard_output,
)
from lsp_server.window import Window

logger = logging.getLogger(__name__)

SERVER_NAME = "warmline"


class WarmlineServer(LanguageServer):
    """Serves one editor window. Before `initialize` there is nothing but that request."""

    protocol: WarmlineProtocol

    def __init__(self, make_session: MakeSession) -> None:
        super().__init__(
            SERVER_NAME,
            _installed_version(),
            protocol_cls=WarmlineProtocol,
            converter_factory=_make_converter,
        )
        self._make_session = make_session
        self._window: Window | None = None
        self.answer(types.INITIALIZE, self._initialize)
        self.answer(types.SHUTDOWN, self.protocol.shut_down)

    def answer(self, method: str, handler: Callable[[Any], Any]) -> None:
        """Let `handler`, which gets the parameters, answer `method`."""
        self.protocol.fm.add_builtin_feature(method, handler)

    async def serve(self, stream: asyncio.StreamReader, writer: MessageWriter) -> int:
        """Handle messages until `exit` or the end of the stream.

        Returns:
            The exit code: 0 after `shutdown`, otherwise 1.
        """
        self.protocol.set_writer(writer)
        async for body in read_messages(stream):
            self._receive(body)
            if self.protocol.stage is Stage.EXITED:
                break
            # A handler that waits has begun, with the document as it was when the request
            # came, before the next message may change it.
            await asyncio.sleep(0)
        if self._window is not None:
            await self._window.aclose()
        return self.protocol.exit_code

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """Log what went wrong. No popup: what the user should see is sent elsewhere."""
        logger.error("%s: %s", source.__name__, error, exc_info=error)

    def _receive(self, body: bytes) -> None:
        try:
            self.protocol.receive(body)
        except Exception:
            logger.exception("A message could not be handled.")

    def _initialize(self, params: types.InitializeParams) -> types.InitializeResult:
        self._window = Window(self, self._make_session, params)
        for method, handler in self._window.handlers().items():
            self.answer(method, handler)
        self.protocol.stage = Stage.RUNNING
        return types.InitializeResult(
            capabilities=self._window.capabilities, server_info=self.protocol.server_info
        )


def create_server(make_session: MakeSession) -> WarmlineServer:
    """Return a server that gets its engine and completer from `make_session`."""
    return WarmlineServer(make_session)


def run_stdio(server: WarmlineServer) -> int:
    """Serve over standard input and output until the editor leaves. Returns the exit code."""
    _keep_documents_out_of_logs()
    return asyncio.run(_serve_stdio(server))


def run_tcp(server: WarmlineServer, host: str, port: int) -> int:
    """Wait for one editor at a TCP port and serve it until it leaves. Returns the exit code.

    The address is written to standard error; port 0 means any free one.
    """
    _keep_documents_out_of_logs()
    return asyncio.run(_serve_tcp(server, host, port))


async def _serve_stdio(server: WarmlineServer) -> int:
    stream = asyncio.StreamReader()
    output = take_standard_output()
    feed_in_background(sys.stdin.buffer, stream)
    return await server.serve(stream, StandardOutput(output, on_lost=stream.feed_eof))


async def _serve_tcp(server: WarmlineServer, host: str, port: int) -> int:
    connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    connected = asyncio.get_running_loop().create_future()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if connected.done():
            writer.close()
        else:
            connected.set_result((reader, writer))

    listener = await asyncio.start_server(accept, host, port)
    address = listener.sockets[0].getsockname()
    sys.stderr.write(f"Waiting for an editor at {address[0]}:{address[1]}.\n")
    sys.stderr.flush()
    stream, writer = await connected
    listener.close()
    exit_code = await server.serve(stream, writer)
    writer.close()
    return exit_code


def _make_converter() -> Converter:
    converter: Converter = default_converter()  # type: ignore[no-untyped-call]
    converter.register_structure_hook(types.InlineCompletionTriggerKind, TriggerKinds())
    return converter


def _keep_documents_out_of_logs() -> None:
    """Silence pygls's account of every message, which has the user's text in it."""
    logging.getLogger("pygls").setLevel(logging.WARNING)


def _installed_version() -> str:
    try:
        return version("warmline")
    except PackageNotFoundError:  # run from a source tree
        return "0"
