"""`warmline bench serve`: what being served costs."""

import argparse
import asyncio
from pathlib import Path

from rich.console import Console

from evaluation.bench.serving.plan import FULL_PLAN, QUICK_PLAN
from evaluation.bench.serving.plots import save_plots
from evaluation.bench.serving.run import KINDS, run_serve_bench
from evaluation.report import Report, this_machine
from warmline import __version__
from warmline.benchmarks.shared import names, require_known, serve_command, tell_report
from warmline.options import add_json_option, add_model_option, engine_settings

SUMMARY = "start the real server and engine, type, do nothing, and open many documents"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""
    parser.add_argument("--quick", action="store_true", help="take at most five minutes")
    parser.add_argument(
        "--kinds", type=names, metavar="NAMES", help=f"of {','.join(KINDS)}; all when left out"
    )
    parser.add_argument("--seed", type=int, default=0, help="decides about the pace of typing (0)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write report.json, table.md and plots here"
    )
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure and return the exit code.

    Raises:
        UsageError: If a kind is unknown.
    """
    require_known(arguments.kinds, KINDS, "kind")
    console = Console(stderr=True, highlight=False)
    settings = engine_settings(arguments)
    rows = asyncio.run(
        run_serve_bench(
            serve_command(settings),
            settings,
            QUICK_PLAN if arguments.quick else FULL_PLAN,
            arguments.seed,
            on_step=lambda step: console.print(step, markup=False),
            kinds=arguments.kinds or KINDS,
        )
    )
    report = Report(
        command="bench serve",
        version=__version__,
        machine=this_machine(),
        model=settings.model,
        seed=arguments.seed,
        rows=tuple(rows),
    )
    tell_report(report, arguments, save_plots, console)
    return 0
