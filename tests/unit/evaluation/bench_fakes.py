"""An arm that pretends, in a process of its own, and what tests need around it.

Run as a program it serves as a real arm does. It stumbles where the name of its model says so:
`refuse`, `die` or `hang`, at the request that the name's second word names (`die-follow`).
"""

import os
import sys
import threading
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import numpy as np

from evaluation.bench.child import serve
from evaluation.bench.messages import ArmOptions, LineTiming, Writing
from evaluation.bench.process import ArmProcess, arm_process
from evaluation.bench.scenarios import Prompt

COMMAND = (sys.executable, "-P", str(Path(__file__)))
UPDATE_MS = {"warmline": 2.0, "full": 100.0, "llamacpp": 200.0}
PROMPT = Prompt(np.arange(5, dtype=np.int32), 5, "text")


class FakeArm:
    """Takes as long as `UPDATE_MS` says, without taking it."""

    def __init__(self, options: ArmOptions) -> None:
        self._options = options
        self._held = 0
        self._stumble("load")

    def hold(self, prompt: Prompt) -> None:
        self._held = len(prompt.tokens)

    def follow(self, prompt: Prompt, max_tokens: int) -> LineTiming:
        self._stumble("follow")
        update_ms = UPDATE_MS[self._options.arm] + len(prompt.tokens) - self._held
        return LineTiming(update_ms, update_ms + 1, update_ms + max_tokens, max_tokens)

    def read(self, prompt: Prompt) -> float:
        self._stumble("read")
        return float(len(prompt.tokens))

    def write(self, prompt: Prompt, max_tokens: int, *, drafts: bool) -> Writing:
        return Writing(max_tokens - 1, 500.0 if drafts else 1000.0, tuple(prompt.tokens.tolist()))

    def cache_bytes(self) -> int:
        return 1_000_000

    def close(self) -> None:
        sys.stderr.write("closed\n")

    def _stumble(self, doing: str) -> None:
        fault, _, place = self._options.model.name.partition("-")
        if place != doing:
            return
        if fault == "refuse":
            raise ValueError("it is too tired")
        if fault == "die":
            sys.stderr.write("the last words\n")
            sys.stderr.flush()
            os._exit(3)
        threading.Event().wait()  # until it is killed


def launch(
    name: str, log: Path, environment: Mapping[str, str]
) -> AbstractAsyncContextManager[ArmProcess]:
    """Start a pretending arm, as `evaluation.bench.runner.Launch` wants it."""
    return arm_process(name, log, environment, COMMAND)


def options(arm: str = "warmline", fault: str = "none") -> ArmOptions:
    return ArmOptions(arm, Path(fault))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))
    serve(sys.stdin, sys.stdout, build=FakeArm)
