"""Questions to one running host and their answers, and whether it still answers at all."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from monitors.analysis.process import HostProcess

HANG_TIMEOUT_S = 10.0
"""A host that is asked and says nothing for so long is killed."""


class HostGoneError(Exception):
    """The host ended before it answered."""


class HostConnection:
    """Asks one host process until it ends.

    Args:
        process: The host.
        on_state: Told of what the host says by itself: a language, a phase, a sentence.
        hang_timeout_s: How long it may say nothing while a question waits.
    """

    def __init__(
        self,
        process: HostProcess,
        on_state: Callable[[str, str, str], None],
        hang_timeout_s: float = HANG_TIMEOUT_S,
    ) -> None:
        self._process = process
        self._on_state = on_state
        self._hang_timeout_s = hang_timeout_s
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._silent_since_s = 0.0
        self.num_answers = 0

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def tell(self, method: str, **params: Any) -> None:
        """Send what needs no answer. Never waits."""
        self._process.send({"method": method, "params": params})

    async def ask(self, method: str, **params: Any) -> Any:
        """Return the host's answer. Cancelled, it lets go of the question there too.

        Raises:
            HostGoneError: If the host ended, or does not understand.
        """
        request_id = self._send(method, params)
        answer = self._waiting[request_id]
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            # It stays among those that wait: the host answers it all the same, if it lives.
            if not answer.done():
                self.tell("cancel", id=request_id)
            raise

    def _send(self, method: str, params: dict[str, Any]) -> int:
        if not self._waiting:
            self._silent_since_s = time.monotonic()
        request_id = next(self._ids)
        answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_look_at)
        self._waiting[request_id] = answer
        self._process.send({"id": request_id, "method": method, "params": params})
        return request_id

    async def serve(self) -> None:
        """Take what comes until the host ends; kill it when it hangs.

        Raises:
            FrameError: If what comes makes no sense.
        """
        watch = asyncio.ensure_future(self._watch())
        try:
            async for message in self._process.messages():
                self._silent_since_s = time.monotonic()
                self._take(message)
        finally:
            watch.cancel()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(HostGoneError("the analysis host ended"))
            self._waiting.clear()

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "state":
            params = message["params"]
            self._on_state(params["language"], params["phase"], params["message"])
            return
        answer = self._waiting.pop(message.get("id", 0), None)
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(HostGoneError(str(message["error"])))
        else:
            self.num_answers += 1
            answer.set_result(message.get("result"))

    async def _watch(self) -> None:
        """Ask for a sign of life when an answer takes long, and kill the host without one."""
        while True:
            await asyncio.sleep(self._hang_timeout_s / 4)
            silent_s = time.monotonic() - self._silent_since_s
            if not self._waiting or silent_s < self._hang_timeout_s / 2:
                continue
            if silent_s >= self._hang_timeout_s:
                self._process.kill()
                return
            self._process.send({"id": 0, "method": "status", "params": {}})


def _look_at(answer: asyncio.Future[Any]) -> None:
    """Take note of a failure that nobody waits for any more."""
    if not answer.cancelled():
        answer.exception()
