"""`warmline bench retrieval`: what searching a large repository costs."""

import argparse
import asyncio
from pathlib import Path

from rich.console import Console

from evaluation.bench.searching.plots import save_plots
from evaluation.bench.searching.repository import first_chunks, joined
from evaluation.bench.searching.run import FULL_PLAN, QUICK_PLAN, run_search_bench
from evaluation.corpus.catalogue import corpus_packages
from evaluation.corpus.fetching import fetch_all
from evaluation.errors import CannotMeasureError
from evaluation.report import Report, this_machine
from retrieval.errors import RetrieverFileError
from retrieval.model import RetrieverModel
from retrieval.model_file import default_model, load_model
from warmline import __version__
from warmline.benchmarks.shared import tell_report
from warmline.errors import UsageError
from warmline.options import add_json_option
from warmline.progress import shown_progress

SUMMARY = "index real packages, change them, and search in them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""
    parser.add_argument("--quick", action="store_true", help="a fifth of the repository")
    parser.add_argument(
        "--retriever", type=Path, metavar="FILE", help="a trained one, if not the package's own"
    )
    parser.add_argument("--seed", type=int, default=0, help="decides where questions are asked (0)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write report.json, table.md and a plot here"
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure and return the exit code.

    Raises:
        UsageError: If the retriever cannot be read, or no package is to be had.
    """
    console = Console(stderr=True, highlight=False)
    report = _measure(arguments, console)
    tell_report(report, arguments, save_plots, console)
    return 0


def _measure(arguments: argparse.Namespace, console: Console) -> Report:
    plan = QUICK_PLAN if arguments.quick else FULL_PLAN
    try:
        model = _model(arguments.retriever)
        with shown_progress() as progress:
            corpus = fetch_all(corpus_packages(), progress)
        texts = first_chunks(joined(corpus.sources), plan.num_chunks)
        rows = asyncio.run(
            run_search_bench(
                texts,
                plan,
                model,
                arguments.seed,
                lambda step: console.print(step, markup=False),
            )
        )
    except (RetrieverFileError, CannotMeasureError) as error:
        raise UsageError(str(error)) from error
    return Report(
        command="bench retrieval",
        version=__version__,
        machine=this_machine(),
        model=model.identity,
        seed=arguments.seed,
        rows=tuple(rows),
        notes=corpus.complaints,
    )


def _model(path: Path | None) -> RetrieverModel:
    return default_model() if path is None else load_model(path)
