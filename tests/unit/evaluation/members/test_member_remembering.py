"""An analyser that several ask: nobody is asked twice, and everybody's time counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evaluation.members import remembering
from evaluation.members.remembering import RememberingAnalyser
from monitors.types import Names, Signature, Source

SOURCE = Source(Path("/shop/front.py"), "python", "self.")


@dataclass
class SlowAnalyser:
    """Takes 30 ms of a clock of its own for every question."""

    clock: "Clock"
    asked: list[tuple[str, int]] = field(default_factory=list)

    def use_folders(self, folders: Sequence[Path]) -> None: ...
    def open(self, source: Source) -> None: ...
    def change(self, source: Source) -> None: ...
    def close(self, path: Path) -> None: ...
    async def aclose(self) -> None: ...

    async def members(self, _source: Source, offset: int) -> Names:
        self.asked.append(("members", offset))
        self.clock.seconds += 0.030
        return Names(frozenset({"books"}), "slow")

    importable = types = cases = members

    async def signature(self, _source: Source, offset: int) -> Signature | None:
        self.asked.append(("signature", offset))
        self.clock.seconds += 0.030
        return None


@dataclass
class Clock:
    seconds: float = 0.0

    def perf_counter(self) -> float:
        return self.seconds


async def test_a_repeated_question_is_answered_from_memory_in_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(remembering, "time", clock)
    slow = SlowAnalyser(clock)
    analyser = RememberingAnalyser(slow)
    analyser.change(SOURCE)
    for _ in range(2):
        before_ms = analyser.now_ms()
        assert (await analyser.members(SOURCE, 5)).names == {"books"}
        assert await analyser.signature(SOURCE, 5) is None
        assert round(analyser.now_ms() - before_ms) == 60
    assert slow.asked == [("members", 5), ("signature", 5)]


async def test_other_questions_and_other_texts_are_asked_anew() -> None:
    slow = SlowAnalyser(Clock())
    analyser = RememberingAnalyser(slow)
    await analyser.members(SOURCE, 5)
    await analyser.members(SOURCE, 4)
    other = Source(SOURCE.path, SOURCE.language, "cls.")
    analyser.change(other)
    await analyser.members(other, 4)
    analyser.change(SOURCE)
    await analyser.members(SOURCE, 5)
    assert len(slow.asked) == 4
