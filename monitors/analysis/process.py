"""The process of the analysis host: starting it, frames to and from it, and its end."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Sequence
from typing import Any

from monitors.host.frames import pack_frame, read_frame

logger = logging.getLogger(__name__)

END_TIMEOUT_S = 3.0
_MOST_WAITING_BYTES = 64 * 2**20
_LINE_BYTES = 2**16
_HIDDEN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP")


class HostProcess:
    """One process. Made by `start`; `end` must be called, also after it ended by itself."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._errors = asyncio.ensure_future(self._log_errors())

    @classmethod
    async def start(cls, command: Sequence[str]) -> "HostProcess":
        """Start `command`.

        Raises:
            OSError: If it cannot be started.
        """
        environment = {key: value for key, value in os.environ.items() if key not in _HIDDEN}
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            limit=_LINE_BYTES,
            start_new_session=True,  # Ctrl-C in a terminal is for us; its end comes through stdin
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def send(self, message: dict[str, Any]) -> None:
        """Send a message. Never waits, and never raises because the process ended."""
        stdin = self._process.stdin
        if stdin is None or stdin.is_closing():
            return
        stdin.write(pack_frame(message))
        if stdin.transport.get_write_buffer_size() > _MOST_WAITING_BYTES:
            logger.warning("the analysis host reads nothing any more and is killed")
            self.kill()

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what comes from it, until it ends.

        Raises:
            FrameError: If what comes makes no sense.
        """
        if self._process.stdout is None:
            return
        while (message := await read_frame(self._process.stdout)) is not None:
            yield message

    def kill(self) -> None:
        """End it by force. Its language servers end with it."""
        if self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    async def end(self) -> int:
        """Let it end, by force after a while, and return its exit code."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(END_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
        code = await self._process.wait()
        self._errors.cancel()
        await asyncio.gather(self._errors, return_exceptions=True)
        return code

    async def _log_errors(self) -> None:
        """Pass on what it says for people, so that it never waits for a reader."""
        errors = self._process.stderr
        while errors is not None:
            try:
                line = await errors.readline()
            except ValueError:  # a line longer than the limit, of which the rest follows
                continue
            if not line:
                return
            logger.info("analysis host: %s", line.decode(errors="replace").rstrip())
