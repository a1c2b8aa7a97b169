"""What the benchmarks share that play recorded typing to the real server and engine."""

import argparse
import asyncio
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from evaluation.bench.endurance.pace import Pace
from evaluation.bench.endurance.recorded_typist import Habits
from evaluation.trace.recording import read_recording
from warmline.options import (
    add_json_option,
    add_language_option,
    add_model_option,
    positive_number,
)
from warmline.recordings import SHARED_RECORDING, recording_language, recording_path

_Result = TypeVar("_Result")


def add_typing_arguments(parser: argparse.ArgumentParser, *, minutes: float, how_long: str) -> None:
    """Describe what is typed, how long and how fast.

    Args:
        parser: To add to.
        minutes: The default.
        how_long: Says what takes so many.
    """
    parser.add_argument(
        "--minutes",
        type=positive_number,
        default=minutes,
        metavar="N",
        help=f"{how_long} ({minutes:g})",
    )
    parser.add_argument(
        "--speed", type=positive_number, default=1.0, metavar="N", help="times the real pace (1)"
    )
    parser.add_argument(
        "--file",
        type=Path,
        help=f"a recording; {SHARED_RECORDING} in the folder WARMLINE_DATA names when left out",
    )
    add_language_option(parser)
    parser.add_argument(
        "--sample-seconds",
        type=positive_number,
        default=2.0,
        metavar="N",
        help="look at memory and queue so often (2)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="keep what is seen as it is seen, and write report.json, table.md and plots",
    )
    add_model_option(parser)
    add_json_option(parser)


def pace_of(arguments: argparse.Namespace) -> Pace:
    """Return the recording that was named.

    Raises:
        UsageError: If none was, and there is none.
        CannotMeasureError: If it is none that can be played at its pace.
    """
    path = recording_path(arguments.file)
    return Pace(read_recording(path), recording_language(path, arguments.language))


def habits_of(arguments: argparse.Namespace) -> Habits:
    """Return how the typing goes."""
    return Habits(speed=arguments.speed)


def run_until_stopped(work: Callable[[asyncio.Event], Coroutine[Any, Any, _Result]]) -> _Result:
    """Run `work`, which ends early and in order once its event is set: by Ctrl-C or SIGTERM."""

    async def run() -> _Result:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        return await work(stop)

    return asyncio.run(run())
