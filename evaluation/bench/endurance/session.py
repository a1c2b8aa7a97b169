"""Somebody types in each of some windows, and all of it is looked at meanwhile."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from evaluation.bench.endurance.racing import first_of
from evaluation.bench.endurance.recorded_typist import Answer, Habits, Handled, RecordedTypist
from evaluation.bench.endurance.samples import Sample, Sampler
from evaluation.bench.endurance.windows import Window
from evaluation.errors import EvaluationError
from evaluation.framing import Json

Record = Answer | Handled | Sample
Tell = Callable[[int, Record], None]
"""Called with the number of the window and what happened there; samples are window 0's."""


@dataclass(slots=True)
class Seen:
    """All that happened in one session, in the order of time.

    Attributes:
        answers, handled: Of each window.
        samples: Of all processes.
        stages: Of each window, what its server says at the end of how long its stages took.
        messages: That the editors were to show to their users.
        num_keys, num_accepted: Of all windows.
        duration_s: How long it took.
        problem: What ended it too early; empty otherwise.
    """

    answers: list[list[Answer]]
    handled: list[list[Handled]]
    samples: list[Sample] = field(default_factory=list)
    stages: list[dict[str, Json]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    num_keys: int = 0
    num_accepted: int = 0
    duration_s: float = 0.0
    problem: str = ""


class Session:
    """Somebody types in each window until the time is up, all is typed, or somebody stops it.

    Args:
        windows: At least one.
        habits: How everybody types.
        sample_s: How often the processes are looked at.
        tell: Hears of each thing as it happens, so that it is kept whatever comes.
    """

    def __init__(
        self, windows: Sequence[Window], habits: Habits, sample_s: float, tell: Tell
    ) -> None:
        self._tell = tell
        self._sample_s = sample_s
        self._windows = windows
        self.seen = Seen([[] for _ in windows], [[] for _ in windows])
        self._typists = [
            RecordedTypist(window.editor, window.uri, habits, self._hearing(number))
            for number, window in enumerate(windows)
        ]
        self._sampler = Sampler(
            windows[0].editor,
            [window.server_pid for window in windows],
            lambda: sum(typist.is_asking for typist in self._typists),
        )

    async def run(self, duration_s: float, stop: asyncio.Event) -> Seen:
        """Type for at most `duration_s`; what breaks off is told in the result."""
        began_s = time.monotonic()
        time_is_up = asyncio.sleep(duration_s)
        try:
            await first_of(self._type_all(), self._look_on(began_s), stop.wait(), time_is_up)
            self.seen.stages = [await window.stages() for window in self._windows]
        except EvaluationError as error:
            self.seen.problem = str(error)
        self.seen.duration_s = time.monotonic() - began_s
        self.seen.num_keys = sum(typist.num_keys for typist in self._typists)
        self.seen.num_accepted = sum(typist.num_accepted for typist in self._typists)
        return self.seen

    async def _type_all(self) -> None:
        try:
            async with asyncio.TaskGroup() as typing:
                for typist, window in zip(self._typists, self._windows, strict=True):
                    typing.create_task(typist.type_along(window.strokes))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors

    async def _look_on(self, began_s: float) -> None:
        while True:
            sample = await self._sampler.look(time.monotonic() - began_s)
            self.seen.samples.append(sample)
            self._tell(0, sample)
            await asyncio.sleep(self._sample_s)

    def _hearing(self, number: int) -> Callable[[Answer | Handled], None]:
        def hear(record: Answer | Handled) -> None:
            if isinstance(record, Answer):
                self.seen.answers[number].append(record)
            else:
                self.seen.handled[number].append(record)
            self._tell(number, record)

        return hear
