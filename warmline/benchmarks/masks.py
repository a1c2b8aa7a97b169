"""`warmline bench masks`: what it costs to hold a text to names that exist."""

import argparse
from pathlib import Path

from rich.console import Console

from engine.decoding.vocabulary import Vocabulary
from engine.settings import EngineSettings
from engine.weights.store import ModelStore
from evaluation.bench.masks.plots import save_plots
from evaluation.bench.masks.run import SIZES, measure_masks
from evaluation.errors import CannotMeasureError
from evaluation.report import Report, this_machine
from warmline import __version__
from warmline.benchmarks.shared import tell_report
from warmline.errors import UsageError
from warmline.options import add_json_option, add_model_option, positive_int
from warmline.progress import shown_progress

SUMMARY = "find the tokens that a set of names leaves open, at every step of writing one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""
    parser.add_argument(
        "--names",
        type=positive_int,
        nargs="+",
        default=SIZES,
        metavar="N",
        help=f"how many to allow ({' '.join(map(str, SIZES))})",
    )
    parser.add_argument("--walks", type=positive_int, default=50, help="of each kind (50)")
    parser.add_argument("--seed", type=int, default=0, help="chooses names and ways (0)")
    parser.add_argument("--offline", action="store_true", help="forbid every download")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write report.json, table.md and a plot here"
    )
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure and return the exit code.

    Raises:
        ModelError: If the model's tokenizer cannot be had or read.
        UsageError: If more names are asked for than there are.
    """
    console = Console(stderr=True, highlight=False)
    report = _measure(arguments, console)
    tell_report(report, arguments, save_plots, console)
    return 0


def _measure(arguments: argparse.Namespace, console: Console) -> Report:
    name = arguments.model or EngineSettings().model
    with shown_progress() as progress:
        directory = ModelStore(offline=arguments.offline).pull(name, progress)
    try:
        rows = measure_masks(
            Vocabulary.from_file(directory / "tokenizer.json"),
            tuple(arguments.names),
            arguments.walks,
            arguments.seed,
            lambda step: console.print(step, markup=False),
        )
    except CannotMeasureError as error:
        raise UsageError(str(error)) from error
    return Report(
        command="bench masks",
        version=__version__,
        machine=this_machine(),
        model=name,
        seed=arguments.seed,
        rows=tuple(rows),
    )
