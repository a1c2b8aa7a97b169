"""What is measured in which order, what goes on after a stop, and what a failure costs."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from evaluation.bench.audience import SilentAudience
from evaluation.bench.journal import Journal
from evaluation.bench.plan import Contestant, Task, Values, interleaved
from evaluation.bench.process import ArmProcess
from evaluation.bench.runner import Deadline, Runner
from evaluation.errors import OtherConditionsError, ServerExitedError
from tests.unit.evaluation.bench_fakes import PROMPT, launch, options

NEVER = Deadline(None)


class Listener(SilentAudience):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def begin(self, description: str) -> None:
        self.heard.append(description)


async def _follow(arm: ArmProcess, timeout_s: float) -> Values:
    return asdict(await arm.follow(PROMPT, PROMPT, 4, timeout_s))


def _task(arm: str, repeat: int = 0, *, kind: str = "insert@10", fault: str = "none") -> Task:
    return Task(kind, Contestant(options(arm, fault)), repeat, _follow, {"prompt_tokens": 5})


async def _run(
    tasks: Sequence[Task], folder: Path, deadline: Deadline = NEVER, journal: Journal | None = None
) -> tuple[Journal, list[str], tuple[str, ...]]:
    journal = journal or Journal(None, {})
    listener = Listener()
    runner = Runner(
        journal,
        logs=folder,
        audience=listener,
        deadline=deadline,
        warm_up=PROMPT,
        launch=launch,
    )
    async with runner:
        await runner.run(tasks, measures_memory=True)
    return journal, listener.heard, runner.notes


def test_repeats_of_all_groups_take_turns() -> None:
    """What disturbs the machine for a while disturbs all arms alike."""
    left = [_task(arm, repeat) for repeat in (0, 1) for arm in ("warmline", "full")]
    right = [_task("full", repeat, kind="insert@50") for repeat in (0, 1, 2)]
    order = [(t.repeat, t.kind, t.contestant.arm) for t in interleaved([left, right])]
    assert order == [
        (0, "insert@10", "warmline"),
        (0, "insert@10", "full"),
        (0, "insert@50", "full"),
        (1, "insert@10", "warmline"),
        (1, "insert@10", "full"),
        (1, "insert@50", "full"),
        (2, "insert@50", "full"),
    ]


async def test_every_task_is_measured_and_memory_at_the_end(tmp_path: Path) -> None:
    tasks = [_task(arm, repeat) for repeat in (0, 1) for arm in ("warmline", "full")]
    journal, heard, notes = await _run(tasks, tmp_path)
    assert heard[:2] == ["insert@10, warmline, repeat 1", "insert@10, full, repeat 1"]
    kinds = [each.kind for each in journal.records]
    assert kinds.count("insert@10") == 4
    assert kinds.count("rss_mb") == 6  # three sizes of two arms
    assert notes == ()


async def test_a_run_that_was_stopped_goes_on(tmp_path: Path) -> None:
    """What is in the file is not measured again, and a torn last line does not count."""
    file = tmp_path / "measurements.jsonl"
    tasks = [_task("warmline", repeat) for repeat in range(3)]
    await _run(tasks[:2], tmp_path, journal=Journal(file, {"seed": 1}))
    with file.open("a") as output:
        output.write('{"key": "insert@10 #2 warm')
    journal, heard, _ = await _run(tasks, tmp_path, journal=Journal(file, {"seed": 1}))
    assert heard == ["insert@10, warmline, repeat 3"]
    assert [each.repeat for each in journal.records if each.kind == "insert@10"] == [0, 1, 2]
    assert len(Journal(file, {"seed": 1}).records) == len(journal.records)


def test_other_conditions_do_not_mix(tmp_path: Path) -> None:
    file = tmp_path / "measurements.jsonl"
    Journal(file, {"seed": 1, "model": "m"})
    with pytest.raises(OtherConditionsError, match="seed 1 and now it is 2"):
        Journal(file, {"seed": 2, "model": "m"})


async def test_a_peer_that_fails_is_left_out_with_a_note(tmp_path: Path) -> None:
    tasks = [
        _task("llamacpp", fault="die-follow"),
        _task("warmline"),
        _task("llamacpp", 1, fault="die-follow"),
    ]
    journal, heard, notes = await _run(tasks, tmp_path)
    assert [each.arm for each in journal.records if each.kind == "insert@10"] == ["warmline"]
    assert len(heard) == 2  # it is not begun again
    assert len(notes) == 1
    assert notes[0].startswith("llamacpp is left out from where it failed: ")


async def test_warmlines_own_failure_ends_it_all(tmp_path: Path) -> None:
    with pytest.raises(ServerExitedError):
        await _run([_task("warmline", fault="die-follow")], tmp_path)


async def test_nothing_begins_after_the_deadline(tmp_path: Path) -> None:
    journal, heard, notes = await _run([_task("warmline")], tmp_path, Deadline(-1.0))
    assert (journal.records, heard) == ((), [])
    assert notes == ("1 measurements were left out for want of time.",)


async def test_an_arm_that_cannot_answer_before_the_end_is_no_failure(tmp_path: Path) -> None:
    deadline = Deadline(0.05, grace_s=0.05)
    _, _, notes = await _run([_task("warmline", fault="hang-load")], tmp_path, deadline)
    assert notes == ("1 measurements were left out for want of time.",)


def test_waits_end_soon_after_the_deadline() -> None:
    assert Deadline(None).bound(1800.0) == 1800.0
    assert Deadline(100.0, grace_s=20.0).bound(1800.0) <= 120.0
    assert Deadline(-5.0, grace_s=20.0).bound(1800.0) == 20.0
