"""`warmline bench soak`: what grows in an hour of typing."""

import argparse
from functools import partial

from rich.console import Console

from evaluation.bench.endurance.plan import SoakPlan
from evaluation.bench.endurance.plots import save_soak_plots
from evaluation.bench.endurance.soak import run_soak
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.report import Report, this_machine
from warmline import __version__
from warmline.benchmarks.endurance import (
    add_typing_arguments,
    habits_of,
    pace_of,
    run_until_stopped,
)
from warmline.benchmarks.shared import serve_command, tell_report
from warmline.errors import UsageError
from warmline.main import ExitCode
from warmline.options import engine_settings

SUMMARY = "play an hour of recorded typing to the real server and engine, and see what grows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""
    add_typing_arguments(parser, minutes=60, how_long="type so long; Ctrl-C ends it in order")
    parser.add_argument(
        "--start",
        type=float,
        default=0.0,
        metavar="MINUTES",
        help="begin so far into the recording (0)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Type, report, and return the exit code: 1 where something broke on the way.

    Raises:
        UsageError: If there is no recording to play, or the folder holds another run.
    """
    console = Console(stderr=True, highlight=False)
    settings = engine_settings(arguments)
    plan = SoakPlan(
        duration_s=60 * arguments.minutes,
        sample_s=arguments.sample_seconds,
        start_s=60 * arguments.start,
        habits=habits_of(arguments),
    )
    try:
        work = partial(
            run_soak,
            serve_command(settings),
            settings,
            pace_of(arguments),
            plan,
            folder=arguments.out,
            on_step=lambda step: console.print(step, markup=False),
        )
        soaked = run_until_stopped(lambda stop: work(stop=stop))
    except (CannotMeasureError, OtherConditionsError) as error:
        raise UsageError(str(error)) from error
    report = Report(
        command="bench soak",
        version=__version__,
        machine=this_machine(),
        model=settings.model,
        seed=0,
        rows=soaked.rows,
        notes=soaked.notes,
    )
    tell_report(
        report, arguments, lambda _, folder: save_soak_plots(soaked.samples, folder), console
    )
    return 0 if soaked.is_whole else ExitCode.FAILED
