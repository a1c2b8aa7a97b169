"""`warmline bench load`: several windows on one engine, everybody typing.

Each window is a server process with a document of its own, at another place of the recording.
The kinds of rows are `load@N`, N windows at once:

- arms `window 1` and so on: how long edits and answers took there, see `time_rows`, and the
  share of requests that was `answered` before the next key;
- arm `warmline`: the same of all windows together, how requests ended, and
  - `total_alike`, `waited_alike`: Jain's index of the windows' medians, 1 where all are alike;
  - `total_worst`, `waited_worst`: the slowest window's median, in times of the median window's;
  - `queue_p99`, `queue_largest`: pieces of work of the engine that have not ended;
  - `engine_mb`, `caches_mb`, `servers_mb`: memory at the end of it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from engine.settings import EngineSettings
from evaluation.bench.endurance.figures import (
    Params,
    answered_share,
    count_row,
    outcome_rows,
    time_rows,
)
from evaluation.bench.endurance.pace import Pace
from evaluation.bench.endurance.plan import LoadPlan
from evaluation.bench.endurance.recorded_typist import Answer
from evaluation.bench.endurance.records import kept_in
from evaluation.bench.endurance.session import Seen, Session
from evaluation.bench.endurance.soak import OnStep
from evaluation.bench.endurance.trends import jain_index, quarters, worst_to_median
from evaluation.bench.endurance.windows import open_windows
from evaluation.bench.serving.private_engine import private_engines
from evaluation.report import Report, Row, summarise, summarise_percentile

KIND = "load@"
ALL = "warmline"


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
                    command, pace, starts_s, plan.settings, notes.append
                ) as windows:
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
    params: Params = {"minutes": round(seen.duration_s / 60, 2), "speed": plan.habits.speed}
    rows = []
    for number, (answers, handled) in enumerate(zip(seen.answers, seen.handled, strict=True), 1):
        arm = f"window {number}"
        rows += time_rows(kind, arm, answers, handled, params)
        share = answered_share(answers)
        rows.append(count_row(kind, arm, "answered", share, "share", params))
    answers = [each for window in seen.answers for each in window]
    handled = [each for window in seen.handled for each in window]
    rows += time_rows(kind, ALL, answers, handled, params)
    rows += outcome_rows(kind, ALL, answers, params)
    rows += _fairness_rows(kind, seen.answers, params)
    rows += _engine_rows(kind, seen, params)
    return rows


def on_the_whole(report: Report) -> Report:
    """Leave single windows out."""
    return replace(report, rows=tuple(row for row in report.rows if row.arm == ALL))


def _fairness_rows(kind: str, windows: Sequence[Sequence[Answer]], params: Params) -> Iterator[Row]:
    """Compare windows in which the model was asked."""
    written = [[each for each in window if each.first_token_ms] for window in windows]
    for name, medians in (
        ("total", [median(each.total_ms for each in window) for window in written if window]),
        ("waited", [median(each.waited_ms for each in window) for window in written if window]),
    ):
        if medians:
            yield count_row(kind, ALL, f"{name}_alike", jain_index(medians), "index", params)
            worst = worst_to_median(medians)
            yield count_row(kind, ALL, f"{name}_worst", worst, "times", params)


def _engine_rows(kind: str, seen: Seen, params: Params) -> Iterator[Row]:
    if not seen.samples:
        return
    jobs = [float(sample.num_jobs) for sample in seen.samples]
    yield summarise_percentile(kind, ALL, "queue_p99", jobs, "jobs", percent=99, params=params)
    yield count_row(kind, ALL, "queue_largest", max(jobs), "jobs", params)
    _, last = quarters(seen.samples)
    for metric, values in (
        ("engine_mb", [sample.engine_mb for sample in last]),
        ("caches_mb", [sample.caches_mb for sample in last]),
        ("servers_mb", [sample.server_mb for sample in last]),
    ):
        yield summarise(kind, ALL, metric, values, "MB", params=params)
