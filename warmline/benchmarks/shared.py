"""What the benchmarks of the engine share on the command line."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console

from engine.settings import EngineSettings
from engine.weights.store import ModelStore
from evaluation.bench.audience import watching
from evaluation.bench.calibration import QUICK, THOROUGH
from evaluation.bench.plan import ALL_ARMS
from evaluation.bench.plots import can_plot
from evaluation.bench.run import Run, RunOptions, open_run
from evaluation.bench.serving.tables import draw_table, markdown_table
from evaluation.bench.subject import load_subject
from evaluation.bench.tables import draw_tables, markdown_page
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.report import Report
from warmline import __version__
from warmline.errors import UsageError
from warmline.options import add_json_option, add_model_option, positive_int, print_json
from warmline.progress import shown_progress

QUICK_BUDGET_S = 260.0
"""When a quick run begins nothing more; what is under way then still ends within five minutes."""

_WIDE_COLUMNS = 140

SavePlots = Callable[[Report, Path], list[Path]]


def add_shared_arguments(parser: argparse.ArgumentParser, arms: tuple[str, ...] = ALL_ARMS) -> None:
    """Describe the arguments that all benchmarks of the engine have."""
    parser.add_argument("--quick", action="store_true", help="take at most five minutes")
    parser.add_argument(
        "--arms", type=names, metavar="NAMES", help=f"of {','.join(arms)}; all when left out"
    )
    parser.add_argument("--kinds", type=names, metavar="NAMES", help="what to measure")
    parser.add_argument("--repeats", type=positive_int, help="how often each is measured")
    parser.add_argument("--gguf", type=Path, metavar="FILE", help="the same weights, for llama.cpp")
    add_run_arguments(parser)
    add_number_arguments(parser)


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe what everything has that measures and may be gone on with."""
    parser.add_argument("--seed", type=int, default=0, help="decides about what is random (0)")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="keep measurements here, go on with those that are there, and write report.json,"
        " table.md and plots",
    )
    parser.add_argument("--threads", type=int, default=0, help="0: physical cores")
    parser.add_argument("--offline", action="store_true", help="forbid every download")
    add_model_option(parser)
    add_json_option(parser)


def add_number_arguments(parser: argparse.ArgumentParser, storage_type: str | None = None) -> None:
    """Describe where and in which number format to compute.

    Args:
        parser: To add to.
        storage_type: The default, if it is not the engine's.
    """
    defaults = {"storage_type": storage_type} if storage_type else {}
    for name in ("device", "storage_type"):
        field = EngineSettings.__dataclass_fields__[name]
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            choices=field.metadata["enum"],
            default=defaults.get(name, field.default),
            help=f"{field.metadata['description']} (%(default)s)",
        )


def run_benchmark(
    arguments: argparse.Namespace,
    command: str,
    measure: Callable[[Run], Awaitable[None]],
    save_plots: SavePlots,
) -> int:
    """Measure, print, write what was asked for, and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    console = Console(stderr=True)
    try:
        with shown_progress() as progress:
            store = ModelStore(offline=arguments.offline)
            directory = store.pull(arguments.model or EngineSettings().model, progress)
        report = asyncio.run(_measure(arguments, command, directory, measure, console))
    except (CannotMeasureError, OtherConditionsError) as error:
        raise UsageError(str(error)) from error
    if arguments.out is not None:
        write_report(report, arguments.out, markdown_page(report), save_plots, console)
    if arguments.json:
        print_json(report.to_json())
    else:
        # In a file or a pipe, nothing needs to fit.
        screen = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE_COLUMNS)
        screen.print(draw_tables(report, is_wide=screen.width >= _WIDE_COLUMNS))
    return 0


def require_known(names: tuple[str, ...] | None, known: tuple[str, ...], what: str) -> None:
    """Raise `UsageError` if the caller named something that is not there."""
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise UsageError(
            f"there is no {what} {unknown[0]!r} in this benchmark; it has {', '.join(known)}"
        )


def write_report(
    report: Report, folder: Path, page: str, save_plots: SavePlots, console: Console
) -> None:
    """Write report.json, table.md with `page` in it, and plots where they can be made."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report.to_json(), indent=2, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    (folder / "table.md").write_text(page, encoding="utf-8")
    if can_plot():
        save_plots(report, folder)
    else:
        console.print("no plots: matplotlib is not installed; the extra `bench` has it")
    console.print(f"written to {folder}", soft_wrap=True)


def tell_report(
    report: Report,
    arguments: argparse.Namespace,
    save_plots: SavePlots,
    console: Console,
    *,
    on_screen: Report | None = None,
) -> None:
    """Write a report of one table where it is wanted, and print it as it is wanted.

    On a terminal `on_screen` stands for it, if there is one.
    """
    if arguments.out is not None:
        write_report(report, arguments.out, markdown_table(report), save_plots, console)
    if arguments.json:
        print_json(report.to_json())
    else:
        Console(highlight=False).print(draw_table(on_screen or report), *report.notes, sep="\n")


async def _measure(
    arguments: argparse.Namespace,
    command: str,
    directory: Path,
    measure: Callable[[Run], Awaitable[None]],
    console: Console,
) -> Report:
    subject = load_subject(
        arguments.model or EngineSettings().model,
        directory,
        threads=arguments.threads,
        device=arguments.device,
        storage_type=arguments.storage_type,
    )
    options = RunOptions(
        command=command,
        version=__version__,
        seed=arguments.seed,
        budget_s=QUICK_BUDGET_S if arguments.quick else None,
        effort=QUICK if arguments.quick else THOROUGH,
        gguf=arguments.gguf,
        offline=arguments.offline,
        folder=arguments.out,
    )
    with watching(console) as audience:
        async with open_run(subject, options, audience) as run:
            await measure(run)
        return run.report()


def serve_command(settings: EngineSettings) -> list[str]:
    """Return how this very installation is started as a server."""
    # -I keeps a folder named `engine` in the current directory out of the import path.
    return [sys.executable, "-I", "-m", "warmline", "serve", "--model", settings.model]


def names(text: str) -> tuple[str, ...]:
    """Read names with commas between them, for argparse."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
