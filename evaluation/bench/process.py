"""One arm in a process of its own, spoken to in lines; every wait has a bound."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from evaluation.bench.messages import ArmOptions, LineTiming, Memory, Writing, prompt_to_json
from evaluation.bench.scenarios import Prompt
from evaluation.errors import NoAnswerError, RequestFailedError, ServerExitedError

START_TIMEOUT_S = 300.0
END_TIMEOUT_S = 10.0
_MAX_ANSWER_BYTES = 1 << 24
_COMMAND = (sys.executable, "-P", "-m", "evaluation.bench.child")


class ArmProcess:
    """The parent's side. A request that fails or is not answered in time ends the process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self._process = process
        self._log = log

    async def follow(
        self, before: Prompt, after: Prompt, max_tokens: int, timeout_s: float
    ) -> LineTiming:
        """Have it hold `before`, off the clock, and then time how it follows to `after`.

        This and all other requests raise:
            NoAnswerError: If there is no answer in time; the process is killed.
            ServerExitedError: If the process is gone, with its last words.
            RequestFailedError: If the arm could not do it.
        """
        await self._ask({"do": "hold", "prompt": prompt_to_json(before)}, timeout_s)
        request = {"do": "follow", "prompt": prompt_to_json(after), "max_tokens": max_tokens}
        return LineTiming(**await self._ask(request, timeout_s))

    async def read(self, prompt: Prompt, timeout_s: float) -> float:
        """Return how many milliseconds it takes to read a prompt with nothing to reuse."""
        answer = await self._ask({"do": "read", "prompt": prompt_to_json(prompt)}, timeout_s)
        return float(answer["elapsed_ms"])

    async def write(
        self, prompt: Prompt, max_tokens: int, timeout_s: float, *, drafts: bool = False
    ) -> Writing:
        """Time what it writes after a prompt, which is read off the clock."""
        request = {"do": "write", "prompt": prompt_to_json(prompt), "max_tokens": max_tokens}
        return Writing(**await self._ask({**request, "drafts": drafts}, timeout_s))

    async def memory(self, timeout_s: float = 30.0) -> Memory:
        """Return the memory of its process."""
        return Memory(**await self._ask({"do": "memory"}, timeout_s))

    async def load(self, options: ArmOptions, timeout_s: float = START_TIMEOUT_S) -> None:
        """Have it load its model; the first request."""
        await self._ask({"do": "load", "options": options.to_json()}, timeout_s)

    async def stop(self) -> None:
        """End the process: by closing its input, or by force when it does not follow."""
        assert self._process.stdin is not None  # noqa: S101  (it was started with pipes)
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), END_TIMEOUT_S)
        except TimeoutError:
            await self._kill()

    async def _ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        try:
            line = await asyncio.wait_for(self._exchange(request), timeout_s)
        except TimeoutError:
            await self._kill()
            raise NoAnswerError(
                f"{self.name} did not answer {request['do']!r} within {timeout_s:.0f} s and was"
                f" ended{self._last_words()}"
            ) from None
        except (BrokenPipeError, ConnectionResetError):
            line = b""
        if not line:
            code = await asyncio.wait_for(self._process.wait(), END_TIMEOUT_S)
            raise ServerExitedError(
                f"{self.name} ended with code {code} while it was to"
                f" {request['do']}{self._last_words()}"
            )
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RequestFailedError(
                f"{self.name} could not {request['do']}: {answer['error']}; all of it is in"
                f" {self._log}"
            )
        return answer

    async def _exchange(self, request: dict[str, Any]) -> bytes:
        assert self._process.stdin is not None  # noqa: S101  (it was started with pipes)
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        await self._process.stdin.drain()
        return await self._process.stdout.readline()

    async def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        return f"; it said: {said[-1]}" if said else ""


@asynccontextmanager
async def arm_process(
    name: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    command: Sequence[str] = _COMMAND,
) -> AsyncIterator[ArmProcess]:
    """Run an arm for as long as the context lasts, whatever happens in it.

    Args:
        name: How errors call it.
        log: Where everything it prints goes.
        environment: Variables to set besides those of this process.
        command: What to run.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=output,
            env={**os.environ, **(environment or {})},
            limit=_MAX_ANSWER_BYTES,
        )
    arm = ArmProcess(name, process, log)
    try:
        yield arm
    finally:
        await arm.stop()
