"""The host's event loop: frames from standard input to the host, and back to standard output."""

import asyncio
import logging
import os
import sys

from .frames import FrameError, pack_frame, read_frame
from .host import Host

logger = logging.getLogger(__name__)


def main() -> int:
    """Serve until standard input closes. Returns 0, or 1 if what came made no sense."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    return asyncio.run(_serve(_take_stdout()))


def _take_stdout() -> int:
    """Keep standard output for frames; whatever libraries print goes to standard error."""
    frames_out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdout = sys.stderr
    return frames_out


async def _serve(frames_out: int) -> int:
    reader = asyncio.StreamReader(limit=2**20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(frames_out, "wb", 0))
    host = Host(lambda message: transport.write(pack_frame(message)))
    try:
        return await _pump(reader, host)
    finally:
        await host.aclose()
        transport.close()


async def _pump(reader: asyncio.StreamReader, host: Host) -> int:
    ending = asyncio.ensure_future(host.is_ending.wait())
    try:
        while True:
            reading = asyncio.ensure_future(read_frame(reader))
            await asyncio.wait((reading, ending), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                reading.cancel()
                return 0
            message = reading.result()
            if message is None:
                return 0
            host.take(message)
    except FrameError as error:
        logger.error("%s", error)  # noqa: TRY400  # the sentence says it all
        return 1
    finally:
        ending.cancel()
