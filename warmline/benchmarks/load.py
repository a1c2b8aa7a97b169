"""`warmline bench load`: how windows share one engine."""

import argparse
from functools import partial

from rich.console import Console

from evaluation.bench.endurance.load import on_the_whole, run_load
from evaluation.bench.endurance.plan import LoadPlan
from evaluation.bench.endurance.plots import save_load_plots
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.report import Report, this_machine
from warmline import __version__
from warmline.benchmarks.endurance import (
    add_typing_arguments,
    habits_of,
    pace_of,
    run_until_stopped,
)
from warmline.benchmarks.shared import names, serve_command, tell_report
from warmline.errors import UsageError
from warmline.options import engine_settings, positive_int

SUMMARY = "type in 1, 4 and 16 windows on one engine, and see how long each waits"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""
    add_typing_arguments(parser, minutes=5, how_long="type so long with each number of windows")
    parser.add_argument(
        "--windows",
        type=lambda text: tuple(map(positive_int, names(text))),
        default=(1, 4, 16),
        metavar="NUMBERS",
        help="how many windows, one number after the other (1,4,16)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Type, report, and return the exit code.

    Raises:
        UsageError: If there is no recording to play, or the folder holds another run.
    """
    console = Console(stderr=True, highlight=False)
    settings = engine_settings(arguments)
    plan = LoadPlan(
        window_counts=arguments.windows,
        duration_s=60 * arguments.minutes,
        sample_s=arguments.sample_seconds,
        habits=habits_of(arguments),
    )
    try:
        work = partial(
            run_load,
            serve_command(settings),
            settings,
            pace_of(arguments),
            plan,
            folder=arguments.out,
            on_step=lambda step: console.print(step, markup=False),
        )
        rows, notes = run_until_stopped(lambda stop: work(stop=stop))
    except (CannotMeasureError, OtherConditionsError) as error:
        raise UsageError(str(error)) from error
    report = Report(
        command="bench load",
        version=__version__,
        machine=this_machine(),
        model=settings.model,
        seed=0,
        rows=tuple(rows),
        notes=tuple(notes),
    )
    tell_report(report, arguments, save_load_plots, console, on_screen=on_the_whole(report))
    return 0
