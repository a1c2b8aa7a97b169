"""Running the server over standard streams or TCP, from the first message to the last."""

import asyncio
import logging
import sys
from typing import TYPE_CHECKING

from engine.permanent import permanent
from lsp_server.opening import answer_initialize
from lsp_server.transport import (
    MessageWriter,
    StandardOutput,
    feed_in_background,
    read_messages,
    take_standard_output,
)

if TYPE_CHECKING:
    from lsp_server.ports import MakeSession

_TURN_S = 0.0005
"""After so long a thread lets others go on. With Python's usual 5 ms an edit waited that long,
now and then twice, for a thread that was making a prompt."""

_NO_SHUTDOWN = 1  # what the specification wants where no shutdown came before the end


async def serve(
    make_session: "MakeSession", version: str, stream: asyncio.StreamReader, writer: MessageWriter
) -> int:
    """Serve one editor window until `exit` or the end of the stream.

    Args:
        make_session: Joins the session with the engine once the settings are known.
        version: What the server says of itself.
        stream: Messages of the editor.
        writer: Where messages to it go.

    Returns:
        The exit code: 0 after `shutdown`, otherwise 1.
    """
    messages = read_messages(stream)
    opening = await answer_initialize(messages, writer, version)
    if opening is None:
        return _NO_SHUTDOWN
    with permanent():
        from lsp_server.server import WarmlineServer  # noqa: PLC0415  # long, so after the answer

    return await WarmlineServer(make_session, opening, version).serve(messages, writer)


def run_stdio(make_session: "MakeSession", version: str) -> int:
    """Serve over standard input and output until the editor leaves. Returns the exit code."""
    _prepare_process()
    return asyncio.run(_serve_stdio(make_session, version))


def run_tcp(make_session: "MakeSession", version: str, host: str, port: int) -> int:
    """Wait for one editor at a TCP port and serve it until it leaves. Returns the exit code.

    The address is written to standard error; port 0 means any free one.
    """
    _prepare_process()
    return asyncio.run(_serve_tcp(make_session, version, host, port))


async def _serve_stdio(make_session: "MakeSession", version: str) -> int:
    stream = asyncio.StreamReader()
    output = take_standard_output()
    feed_in_background(sys.stdin.buffer, stream)
    writer = StandardOutput(output, on_lost=stream.feed_eof)
    return await serve(make_session, version, stream, writer)


async def _serve_tcp(make_session: "MakeSession", version: str, host: str, port: int) -> int:
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
    exit_code = await serve(make_session, version, stream, writer)
    writer.close()
    return exit_code


def _prepare_process() -> None:
    sys.setswitchinterval(_TURN_S)
    # pygls's account of every message has the user's text in it
    logging.getLogger("pygls").setLevel(logging.WARNING)
