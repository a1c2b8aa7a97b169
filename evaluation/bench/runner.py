"""Carries tasks out: starts arms when they are first needed, and keeps what they bring."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.service.run import process_environment
from evaluation.bench.audience import Audience
from evaluation.bench.journal import Journal, Measurement
from evaluation.bench.peers import LLAMA_ARMS
from evaluation.bench.plan import PEER_ARMS, Contestant, Task
from evaluation.bench.process import START_TIMEOUT_S, ArmProcess, arm_process
from evaluation.bench.scenarios import Prompt
from evaluation.errors import EvaluationError, NoAnswerError

ANSWER_TIMEOUT_S = 1800.0
WARM_UP_READ_TOKENS = 256
WARM_UP_WRITTEN_TOKENS = 8
WARM_UP = f"{WARM_UP_READ_TOKENS} tokens read, {WARM_UP_WRITTEN_TOKENS} written"
_WARM_UP_TIMEOUT_S = 120.0


Launch = Callable[[str, Path, Mapping[str, str]], AbstractAsyncContextManager[ArmProcess]]
"""Starts an arm, given its name, where its output goes, and its environment."""


class Deadline:
    """A time after which nothing more is begun, and a little later nothing is waited for."""

    def __init__(self, budget_s: float | None, grace_s: float = 20.0) -> None:
        self._ends_s = None if budget_s is None else time.monotonic() + budget_s
        self._grace_s = grace_s

    @property
    def has_passed(self) -> bool:
        """Whether the time is over."""
        return self._ends_s is not None and time.monotonic() > self._ends_s

    def bound(self, timeout_s: float) -> float:
        """Shorten a wait so that it ends soon after the deadline."""
        if self._ends_s is None:
            return timeout_s
        return min(timeout_s, max(0.0, self._ends_s - time.monotonic()) + self._grace_s)


class Runner:
    """Measures one task after the other, so that only one arm works at any time.

    A peer that fails is left out from there on, with a note; Warmline's own failure ends it all.
    To be used as a context, which ends all processes.

    Args:
        journal: What is measured already, and where results go.
        logs: A folder for what arms print.
        audience: Whoever watches.
        deadline: When to stop.
        warm_up: What each arm reads before its first measurement.
        launch: Starts the process of an arm.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        logs: Path,
        audience: Audience,
        deadline: Deadline,
        warm_up: Prompt,
        launch: Launch = arm_process,
    ) -> None:
        self._journal = journal
        self._logs = logs
        self._audience = audience
        self._deadline = deadline
        self._warm_up = warm_up
        self._launch = launch
        self._stack = AsyncExitStack()
        self._running: dict[str, ArmProcess] = {}
        self._failed: set[str] = set()
        self._num_started = 0
        self._num_left_out = 0
        self._notes: list[str] = []

    async def __aenter__(self) -> Self:
        """Begin with no process."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every process that was started."""
        await self._stack.__aexit__(kind, error, trace)

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be measured, in sentences."""
        if not self._num_left_out:
            return tuple(self._notes)
        return (*self._notes, f"{self._num_left_out} measurements were left out for want of time.")

    async def run(self, tasks: Sequence[Task], *, measures_memory: bool = False) -> None:
        """Carry out what the journal does not hold yet, in this order.

        Each arm ends with its last task; if wanted, its memory is measured before.
        """
        to_do = {task.key: task for task in tasks if task.key not in self._journal}.values()
        self._audience.expect(len(to_do))
        remaining = Counter(task.contestant.label for task in to_do)
        for task in to_do:
            await self._attempt(task)
            self._audience.finish()
            remaining[task.contestant.label] -= 1
            if not remaining[task.contestant.label]:
                if measures_memory:
                    await self._measure_memory(task.contestant, tasks)
                await self._end(task.contestant.label)

    async def _attempt(self, task: Task) -> None:
        if task.contestant.label in self._failed:
            return
        if self._deadline.has_passed:
            self._num_left_out += 1
            return
        self._audience.begin(f"{task.kind}, {task.contestant.label}, repeat {task.repeat + 1}")
        try:
            arm = await self._arm(task.contestant)
            values = await task.measure(arm, self._deadline.bound(ANSWER_TIMEOUT_S))
        except EvaluationError as error:
            await self._give_up(task.contestant, error)
            return
        self._journal.add(
            Measurement(
                key=task.key,
                kind=task.kind,
                arm=task.contestant.arm,
                repeat=task.repeat,
                conditions=task.conditions,
                setup=task.setup,
                values=values,
            )
        )

    async def _measure_memory(self, contestant: Contestant, tasks: Sequence[Task]) -> None:
        """Keep the memory of an arm that still runs, with the longest prompt of its tasks."""
        if contestant.label not in self._running:
            return
        own = [task for task in tasks if task.contestant.label == contestant.label]
        longest = max(int(task.conditions["prompt_tokens"] or 0) for task in own)
        memory = await self._running[contestant.label].memory()
        for state, figure in memory.by_state().items():
            self._journal.add(
                Measurement(
                    key=f"rss_mb {contestant.label} {state}",
                    kind="rss_mb",
                    arm=contestant.arm,
                    repeat=0,
                    conditions={"prompt_tokens": longest, "state": state},
                    setup=contestant.params,
                    values={"rss_mb": figure},
                )
            )

    async def _arm(self, contestant: Contestant) -> ArmProcess:
        """Return the running arm, started and warmed up if need be."""
        if contestant.label not in self._running:
            self._num_started += 1
            log = self._logs / f"{contestant.arm}-{self._num_started}.log"
            arm = await self._stack.enter_async_context(
                self._launch(contestant.label, log, _environment(contestant.arm))
            )
            self._running[contestant.label] = arm
            await arm.load(contestant.options, self._deadline.bound(START_TIMEOUT_S))
            timeout_s = self._deadline.bound(_WARM_UP_TIMEOUT_S)
            await arm.read(self._warm_up, timeout_s)
            await arm.write(self._warm_up, WARM_UP_WRITTEN_TOKENS, timeout_s)
        return self._running[contestant.label]

    async def _end(self, label: str) -> None:
        if label in self._running:
            await self._running.pop(label).stop()

    async def _give_up(self, contestant: Contestant, error: EvaluationError) -> None:
        """Go on without a contestant; raise the error if it is Warmline's own."""
        self._failed.add(contestant.label)
        await self._end(contestant.label)
        if self._deadline.has_passed and isinstance(error, NoAnswerError):
            self._num_left_out += 1  # it was not slow, it was begun too late
        elif contestant.arm in PEER_ARMS:
            self._notes.append(f"{contestant.label} is left out from where it failed: {error}.")
            self._audience.tell(self._notes[-1])
        else:
            raise error


def thread_note() -> str:
    """Say what decides how threads wait."""
    told = ", ".join(f"{name}={value}" for name, value in process_environment().items())
    return f"Arms on torch run with {told}, as the engine does; llama.cpp as it is called."


def _environment(arm: str) -> dict[str, str]:
    """Return what an arm's threads are told: torch what the engine tells it, llama.cpp nothing."""
    return {} if arm in LLAMA_ARMS else process_environment()
