"""A server process over doubles, to which a test may say anything at all."""

import itertools
import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent
COMMAND = (sys.executable, str(HERE / "fake_main.py"))
PATIENCE_S = 30.0
FILLER = b"\r\n" * 4096
"""Longer than a message may still be waited for, where its stated length was too long."""


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(HERE.parents[2])}


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def message(**members: Any) -> bytes:
    return frame(json.dumps({"jsonrpc": "2.0", **members}).encode())


class ServerProcess:
    """Speaks with a server over standard streams. Every wait ends with a failure."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [*COMMAND, "stdio"],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
        self.num_answers: Counter[Any] = Counter()
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._numbers = itertools.count(1)
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        """Send a request after whatever came before, and return the answer."""
        identifier = f"asked-{next(self._numbers)}"
        self.send(FILLER + message(id=identifier, method=method, params=params))
        while (answer := self._next_answer()) is not None:
            if answer.get("id") == identifier:
                return answer
        raise AssertionError(f"the server ended with {self.process.wait(PATIENCE_S)}")

    def initialize(self) -> None:
        capabilities = {"textDocument": {"inlineCompletion": {}}}
        params = {"processId": None, "rootUri": None, "capabilities": capabilities}
        assert "result" in self.ask("initialize", params)
        self.send(message(method="initialized", params={}))

    def end(self) -> int:
        """Let the server leave as the protocol wants it, and return its exit code."""
        self.ask("shutdown")
        self.send(FILLER + message(method="exit"))
        exit_code = self.process.wait(PATIENCE_S)
        self.kill()
        return exit_code

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE_S)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def _next_answer(self) -> dict[str, Any] | None:
        try:
            return self._answers.get(timeout=PATIENCE_S)
        except queue.Empty:
            self.process.kill()  # it is of no use to later sequences
            raise AssertionError(f"the server says nothing for {PATIENCE_S:g} s") from None

    def _read(self) -> None:
        assert self.process.stdout is not None
        while (answer := _read_message(self.process.stdout)) is not None:
            if "method" not in answer:
                self.num_answers[answer["id"]] += 1
                self._answers.put(answer)
        self._answers.put(None)


def _read_message(stream: IO[bytes]) -> dict[str, Any] | None:
    """Return the next message; None at the end. Nothing else may be written."""
    header = b""
    while not header.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        header += line
    length = re.match(rb"Content-Length: (\d+)\r\n", header)
    assert length is not None, f"the server wrote {header!r}"
    answer: dict[str, Any] = json.loads(stream.read(int(length[1])))
    return answer
