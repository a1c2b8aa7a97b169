"""`warmline bench load`: several windows on one engine, everybody typing.

Each window is a server process with a document of its own, at another place of the recording.
The kinds of rows are `load@N`, N windows at once:

- arms `window 1` and so on: how long edits and answers took there, see `time_rows`, the share
  of requests that was `answered` before the next key, and `server_edit_p99_ms`, for how long a
  server can do nothing else for an edit, as it says itself;
- arm `warmline`: the same of all windows together, how requests ended, and
  - `total_alike`, `waited_alike`: Jain's index of the windows' medians, 1 where all are alike;
    `answered_alike` of the shares that were answered, `answered_least` the smallest of these;
  - `total_worst`, `waited_worst`: the slowest window's median, in times of the median window's;
  - `server_edit_p99_ms`: of the slowest window;
  - `queue_p99`, `queue_largest`: pieces of work of the engine that have not ended;
  - `engine_mb`, `caches_mb`, `servers_mb`: memory at the end of it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from statistics import median

from engine.settings import EngineSettings
from evaluation.bench.endurance.figures import (
    RowMaker,
    answered_share,
    outcome_rows,
    time_rows,
    written_answers,
)
from evaluation.bench.endurance.pace import Pace
from evaluation.bench.endurance.plan import LoadPlan
from evaluation.bench.endurance.recorded_typist import Answer
from evaluation.bench.endurance.records import kept_in
from evaluation.bench.endurance.samples import Sample
from evaluation.bench.endurance.session import Seen, Session
from evaluation.bench.endurance.soak import OnStep
from evaluation.bench.endurance.trends import jain_index, quarters, worst_to_median
from evaluation.bench.endurance.windows import open_windows
from evaluation.bench.serving.private_engine import private_engines
from evaluation.report import Parameter, Report, Row

KIND = "load@"
ALL = "warmline"
SERVER_EDIT = "server_edit_p99_ms"


async def run_load(
    command: Sequence[str],
    settings: EngineSettings,
    pace: Pace,
    plan: LoadPlan,
    *,
    folder: Path | None,
    on_step: OnStep,
    stop: asyncio.Event,
) -> tuple[list[Row], list[str]]:
    """Measure each number of windows, until somebody stops it; returns rows and notes.

    Args: as of `run_soak`.

    Raises:
        EvaluationError: If it cannot begin. What breaks later is told in the notes.
        EngineError: If there is no engine.
    """
    rows: list[Row] = []
    notes: list[str] = []
    for count in plan.window_counts:
        if stop.is_set():
            break
        path = None if folder is None else folder / f"load-{count}.jsonl"
        with kept_in(path) as tell:
            async with private_engines(settings):
                on_step(f"opening {count} windows, and reading their files")
                starts_s = [number * plan.duration_s * plan.habits.speed for number in range(count)]
                async with open_windows(
                    command, pace, starts_s, plan.settings, hear=notes.append, stop=stop
                ) as windows:
                    if not windows:
                        break
                    on_step(f"typing in {count} windows")
                    session = Session(windows, plan.habits, plan.sample_s, tell)
                    seen = await session.run(plan.duration_s, stop)
        rows += load_rows(seen, plan)
        if seen.problem:
            notes.append(
                f"{count} windows ended after {seen.duration_s:.0f} s, because {seen.problem}."
            )
    return rows, notes


def load_rows(seen: Seen, plan: LoadPlan) -> list[Row]:
    """Return the figures of one number of windows."""
    kind = f"{KIND}{len(seen.answers)}"
    params: dict[str, Parameter] = {
        "minutes": round(seen.duration_s / 60, 2),
        "speed": plan.habits.speed,
    }
    rows = []
    for number, (answers, handled) in enumerate(zip(seen.answers, seen.handled, strict=True), 1):
        of_window = RowMaker(kind, f"window {number}", params)
        rows += time_rows(of_window, answers, handled)
        rows.append(of_window.single("answered", answered_share(answers), "share"))
    edits = {
        number: float(stages["edit"]["p99"])
        for number, stages in enumerate(seen.stages, 1)
        if "edit" in stages
    }
    for number, edit_ms in edits.items():
        rows.append(RowMaker(kind, f"window {number}", params).single(SERVER_EDIT, edit_ms, "ms"))
    of_all = RowMaker(kind, ALL, params)
    every_answer = list(chain.from_iterable(seen.answers))
    rows += time_rows(of_all, every_answer, list(chain.from_iterable(seen.handled)))
    rows += outcome_rows(of_all, every_answer)
    rows += [of_all.single(SERVER_EDIT, max(edits.values()), "ms")] if edits else []
    rows += _fairness_rows(of_all, seen.answers)
    rows += _engine_rows(of_all, seen.samples)
    return rows


def on_the_whole(report: Report) -> Report:
    """Leave single windows out."""
    return replace(report, rows=tuple(row for row in report.rows if row.arm == ALL))


def _fairness_rows(rows: RowMaker, windows: Sequence[Sequence[Answer]]) -> Iterator[Row]:
    """Compare the windows in which the model has written anything in time."""
    written = [each for each in map(written_answers, windows) if each]
    shares = [answered_share(answers) for answers in windows]
    yield rows.single("answered_alike", jain_index(shares), "index")
    yield rows.single("answered_least", min(shares), "share")
    for name in ("total", "waited"):
        medians = [median(getattr(each, f"{name}_ms") for each in window) for window in written]
        if medians:
            yield rows.single(f"{name}_alike", jain_index(medians), "index")
            yield rows.single(f"{name}_worst", worst_to_median(medians), "times")


def _engine_rows(rows: RowMaker, samples: Sequence[Sample]) -> Iterator[Row]:
    if not samples:
        return
    jobs = [float(sample.num_jobs) for sample in samples]
    yield rows.percentile("queue_p99", jobs, "jobs", 99)
    yield rows.single("queue_largest", max(jobs), "jobs")
    _, last = quarters(samples)
    yield rows.spread("engine_mb", [sample.engine_mb for sample in last], "MB")
    yield rows.spread("caches_mb", [sample.caches_mb for sample in last], "MB")
    yield rows.spread("servers_mb", [sample.server_mb for sample in last], "MB")
