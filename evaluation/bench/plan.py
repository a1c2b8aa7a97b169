"""What is to be measured: who, what, how often and in which order."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest

from evaluation.bench.messages import ArmOptions
from evaluation.bench.process import ArmProcess
from evaluation.report import Parameter

Values = Mapping[str, float]
"""What one measurement brought, by metric."""

Measure = Callable[[ArmProcess, float], Awaitable[Values]]
"""Measures once with a running arm; every request within so many seconds."""

ENGINE_ARMS = ("warmline", "full", "prefix")
PEER_ARMS = ("transformers", "llamacpp", "llama-server")
ALL_ARMS = ENGINE_ARMS + PEER_ARMS


@dataclass(frozen=True, slots=True)
class Contestant:
    """An arm as it is set up for a run; one arm may take part in several ways.

    `params` are what rows say of it, and tell its ways apart.
    """

    options: ArmOptions
    params: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def arm(self) -> str:
        """Its name in the rows."""
        return self.options.arm

    @property
    def label(self) -> str:
        """Its name for people, unlike that of any other contestant."""
        details = ", ".join(f"{name} {value}" for name, value in self.params.items())
        return f"{self.arm} ({details})" if details else self.arm


@dataclass(frozen=True, slots=True)
class Task:
    """One measurement."""

    kind: str
    contestant: Contestant
    repeat: int
    measure: Measure
    conditions: Mapping[str, Parameter]  # the same for all contestants
    extras: Mapping[str, Parameter] = field(default_factory=dict)  # of this contestant alone

    @property
    def setup(self) -> Mapping[str, Parameter]:
        """How the contestant did it."""
        return {**self.contestant.params, **self.extras}

    @property
    def key(self) -> str:
        """Tells it from every other measurement of a run, also of a run that goes on later."""
        details = {**self.conditions, **self.setup}
        described = " ".join(f"{name}={value}" for name, value in sorted(details.items()))
        return f"{self.kind} #{self.repeat} {self.contestant.arm} {described}"


@dataclass(frozen=True, slots=True)
class Group:
    """Measurements that belong together: every kind by every arm on prompts of one size."""

    arms: tuple[str, ...]
    kinds: tuple[str, ...]
    prompt_tokens: int
    repeats: int


def interleaved(groups: Sequence[Sequence[Task]]) -> Iterator[Task]:
    """Yield the first repeat of every group, then the second, and so on.

    Within a repeat the order of each group stays: kind by kind, and there arm by arm.
    """
    rounds = [_by_repeat(tasks) for tasks in groups]
    return chain.from_iterable(chain.from_iterable(zip_longest(*rounds, fillvalue=())))


def _by_repeat(tasks: Sequence[Task]) -> list[list[Task]]:
    repeats = sorted({task.repeat for task in tasks})
    return [[task for task in tasks if task.repeat == repeat] for repeat in repeats]
