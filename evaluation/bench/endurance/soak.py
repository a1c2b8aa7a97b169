"""`warmline bench soak`: recorded typing for an hour, and whether anything grows.

The real server and engine, one window. The kinds of rows:

- `typing`: how long edits and answers took, see `time_rows`; `keys`, `accepted`.
- `answers`: how many requests ended how, empty ones by reason.
- `memory`: arms `server`, `analysers`, `engine` (in RAM), `caches` and `engine over caches`
  (what the engine has written itself, without its caches); `first_quarter` and `last_quarter`
  of the time, and `growth_an_hour` over all but the first quarter, with a 95 % interval.
- `queue`: the same for pieces of work of the engine that have not ended, and `largest`.
- `files`: the same for open files.
- `stages`: what the server itself says of how long its stages took, by name; `edit` is the time in
  which it could do nothing else.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from engine.settings import EngineSettings
from evaluation.bench.endurance.figures import RowMaker, outcome_rows, stage_rows, time_rows
from evaluation.bench.endurance.growth import growth_rows, verdicts
from evaluation.bench.endurance.pace import Pace
from evaluation.bench.endurance.plan import SoakPlan
from evaluation.bench.endurance.records import kept_in
from evaluation.bench.endurance.samples import Sample
from evaluation.bench.endurance.session import Seen, Session
from evaluation.bench.endurance.windows import open_windows
from evaluation.bench.serving.private_engine import private_engines
from evaluation.report import Parameter, Row

OnStep = Callable[[str], None]
RECORDS = "soak.jsonl"


@dataclass(frozen=True, slots=True)
class Soaked:
    """What came of a soak: figures, sentences about them, and what plots are made of."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    samples: tuple[Sample, ...]
    is_whole: bool  # nothing broke


async def run_soak(
    command: Sequence[str],
    settings: EngineSettings,
    pace: Pace,
    plan: SoakPlan,
    *,
    folder: Path | None,
    on_step: OnStep,
    stop: asyncio.Event,
) -> Soaked:
    """Type for as long as the plan says, or until somebody stops it.

    Args:
        command: Starts the language server for the model of `settings`.
        settings: Of the engine that is started.
        pace: The recording.
        plan: How long, and how.
        folder: Keeps what is seen, as it is seen.
        on_step: Hears what is done next.
        stop: Ends it early, with the same report.

    Raises:
        EvaluationError: If it cannot begin. What breaks later is told in the result.
        EngineError: If there is no engine.
    """
    messages: list[str] = []
    seen = Seen([[]], [[]])
    records = None if folder is None else folder / RECORDS
    with kept_in(records) as tell:
        async with private_engines(settings):
            on_step("starting server and engine, and reading the file")
            async with open_windows(
                command, pace, [plan.start_s], plan.settings, hear=messages.append, stop=stop
            ) as windows:
                if windows:
                    on_step("typing")
                    session = Session(windows, plan.habits, plan.sample_s, tell)
                    seen = await session.run(plan.duration_s, stop)
    return soaked(seen, plan, messages)


def soaked(seen: Seen, plan: SoakPlan, messages: Sequence[str]) -> Soaked:
    """Make figures and sentences of what was seen."""
    params: dict[str, Parameter] = {
        "minutes": round(seen.duration_s / 60, 2),
        "speed": plan.habits.speed,
    }
    (answers,), (handled,) = seen.answers, seen.handled
    typing = RowMaker("typing", "warmline", params)
    growth = growth_rows(seen.samples, params)
    rows = [
        *time_rows(typing, answers, handled),
        typing.single("keys", seen.num_keys, "keys"),
        typing.single("accepted", seen.num_accepted, "suggestions"),
        *outcome_rows(RowMaker("answers", "warmline", params), answers),
        *growth,
        *chain.from_iterable(
            stage_rows(RowMaker("stages", name, params), stage)
            for stages in seen.stages
            for name, stage in stages.items()
        ),
    ]
    notes = [*verdicts(growth, seen), *(f"The editor was to show: {each}" for each in messages)]
    return Soaked(tuple(rows), tuple(notes), tuple(seen.samples), is_whole=not seen.problem)
