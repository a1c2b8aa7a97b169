"""`warmline bench soak` and `load` in seconds: real processes, a tiny model, made-up typing."""

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.settings import EngineSettings
from evaluation.bench.endurance.load import run_load
from evaluation.bench.endurance.pace import Pace
from evaluation.bench.endurance.plan import LoadPlan, SoakPlan
from evaluation.bench.endurance.recorded_typist import Habits
from evaluation.bench.endurance.soak import RECORDS, run_soak
from evaluation.report import Row
from evaluation.trace.recording import Recording
from tests.e2e.tiny_model import SETTINGS, save_tiny_model
from tests.unit.evaluation.typed_recording import KEYS, typed_recording

pytestmark = pytest.mark.e2e

WINDOW = SETTINGS | {"reuseSuggestions": True, "prepareNext": True, "adaptiveDelay": True}
HABITS = Habits(speed=2.0, accept_every=1)
TIME_ENOUGH_S = 120.0
"""All is typed long before."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> EngineSettings:
    folder = save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    return EngineSettings(model=str(folder), offline=True)


@pytest.fixture
def command(warmline_command: Path, model: EngineSettings) -> Sequence[str]:
    return [str(warmline_command), "serve", "--model", model.model]


def pace() -> Pace:
    return Pace(typed_recording(KEYS[:20]), "python")


def value(rows: Sequence[Row], kind: str, arm: str, metric: str) -> float:
    return next(r.value for r in rows if (r.kind, r.arm, r.metric) == (kind, arm, metric))


async def test_a_soak_sees_all_that_happens(
    command: Sequence[str], model: EngineSettings, tmp_path: Path
) -> None:
    plan = SoakPlan(TIME_ENOUGH_S, sample_s=0.1, habits=HABITS, settings=WINDOW)
    steps: list[str] = []
    soaked = await run_soak(
        command,
        model,
        pace(),
        plan,
        folder=tmp_path,
        on_step=steps.append,
        stop=asyncio.Event(),
    )
    assert soaked.is_whole, soaked.notes
    assert len(steps) == 2
    assert value(soaked.rows, "typing", "warmline", "keys") == 20
    assert value(soaked.rows, "typing", "warmline", "edit_p99_ms") > 0
    assert value(soaked.rows, "answers", "warmline", "asked") > 0
    assert value(soaked.rows, "answers", "warmline", "failed") == 0
    for arm in ("server", "engine", "caches", "engine over caches"):
        assert value(soaked.rows, "memory", arm, "last_quarter") > 0
    assert value(soaked.rows, "queue", "engine", "largest") >= 1
    assert all(sample.num_caches == 1 for sample in soaked.samples)
    kept = [json.loads(line) for line in (tmp_path / RECORDS).read_text("utf-8").splitlines()]
    assert sum(line["what"] == "sample" for line in kept) == len(soaked.samples)
    assert sum(line["what"] == "handled" for line in kept) == 20
    assert value(soaked.rows, "stages", "edit", "p99_ms") > 0
    assert any("engine over caches" in note for note in soaked.notes)


async def test_a_soak_that_is_stopped_reports_what_it_saw(
    command: Sequence[str], model: EngineSettings
) -> None:
    stop = asyncio.Event()
    steps: list[str] = []

    def on_step(step: str) -> None:
        steps.append(step)
        if step == "typing":
            stop.set()

    plan = SoakPlan(TIME_ENOUGH_S, habits=Habits(speed=0.001), settings=WINDOW)
    async with asyncio.timeout(TIME_ENOUGH_S):
        soaked = await run_soak(
            command, model, pace(), plan, folder=None, on_step=on_step, stop=stop
        )
    assert soaked.is_whole
    assert value(soaked.rows, "typing", "warmline", "keys") == 0


async def test_windows_share_one_engine(command: Sequence[str], model: EngineSettings) -> None:
    plan = LoadPlan((2,), 5.0, sample_s=0.1, habits=HABITS, settings=WINDOW)
    rows, notes = await run_load(
        command,
        model,
        pace(),
        plan,
        folder=None,
        on_step=lambda _: None,
        stop=asyncio.Event(),
    )
    assert not notes
    assert {row.kind for row in rows} == {"load@2"}
    assert {row.arm for row in rows} == {"window 1", "window 2", "warmline"}
    asked = value(rows, "load@2", "warmline", "asked")
    assert asked > 0 == value(rows, "load@2", "warmline", "failed")
    for metric in ("answered_alike", "total_alike"):
        assert 0.5 <= value(rows, "load@2", "warmline", metric) <= 1
    assert value(rows, "load@2", "warmline", "servers_mb") > 100
    edits_ms = [value(rows, "load@2", f"window {each}", "server_edit_p99_ms") for each in (1, 2)]
    assert value(rows, "load@2", "warmline", "server_edit_p99_ms") == max(edits_ms) > 0


@pytest.mark.parametrize(
    ("call", "step"),
    [
        (["soak"], "typing"),
        (["soak"], "starting server and engine, and reading the file"),
        (["load", "--windows", "4"], "opening 4 windows, and reading their files"),
    ],
)
async def test_an_interrupt_ends_the_command_in_order(
    warmline_command: Path, model: EngineSettings, tmp_path: Path, call: list[str], step: str
) -> None:
    """With a report; the signal goes to the whole group, as Ctrl-C in a terminal does."""
    recording = tmp_path / "made-up.py.json"
    recording.write_text(json.dumps(as_json(typed_recording(pause_s=20.0))), "utf-8")
    options = ["--file", str(recording), "--model", model.model, "--json"]
    process = await asyncio.create_subprocess_exec(
        str(warmline_command),
        "bench",
        *call,
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stderr is not None
    async with asyncio.timeout(TIME_ENOUGH_S):
        while (line := await process.stderr.readline()) != f"{step}\n".encode():
            assert line, "it ended before it came so far"
        os.killpg(process.pid, signal.SIGINT)
        told, _ = await process.communicate()  # until nobody is left who might write
    report = json.loads(told)
    assert process.returncode == 0
    assert report["command"] == f"bench {call[0]}"
    rows = [Row(**row) for row in report["rows"]]
    assert all(row.value == 0 for row in rows if row.metric == "failed")


def as_json(recording: Recording) -> dict[str, Any]:
    """Return a recording as josephg/editing-traces writes it."""
    return {
        "startContent": recording.start_text,
        "endContent": recording.end_text,
        "txns": [
            {
                "time": datetime.fromtimestamp(each.at_s, UTC).isoformat(),
                "patches": [list(astuple(patch)) for patch in each.patches],
            }
            for each in recording.transactions
        ],
    }
