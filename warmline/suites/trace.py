"""`warmline eval trace`: recorded typing, played through the live cache."""

import argparse
import os
from pathlib import Path

from rich.console import Console

from engine.service.run import process_environment
from engine.settings import EngineSettings
from engine.weights.store import ModelStore
from evaluation.bench.audience import watching
from evaluation.bench.serving.tables import draw_table
from evaluation.bench.subject import physical_cores
from evaluation.bench.tables import markdown_page
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.report import Report
from warmline import __version__
from warmline.benchmarks.shared import add_run_arguments, write_report
from warmline.errors import UsageError
from warmline.options import positive_int, print_json
from warmline.progress import shown_progress
from warmline.recordings import SHARED_RECORDING, recording_path

SUMMARY = "play recorded typing through the cache, and see time, memory and error on the way"

_QUICK_TRANSACTIONS, _QUICK_SAMPLES = 2000, 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the suite's arguments."""
    parser.add_argument(
        "--file",
        type=Path,
        help=f"a recording; {SHARED_RECORDING} in the folder WARMLINE_DATA names when left out",
    )
    parser.add_argument(
        "--transactions", type=positive_int, metavar="N", help="play so many, from the first on"
    )
    parser.add_argument(
        "--tiny", action="store_true", help="random weights, a thousandth of the model's size"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"take at most two minutes: --tiny --transactions {_QUICK_TRANSACTIONS}",
    )
    parser.add_argument(
        "--samples",
        type=positive_int,
        default=200,
        metavar="N",
        help="pauses at which to compare with a full recompute (200)",
    )
    parser.add_argument(
        "--prompt-tokens",
        type=positive_int,
        default=2000,
        metavar="N",
        help="most tokens of text in the prompt (2000)",
    )
    add_run_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Play what was asked for and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the recording or the folder.
    """
    console = Console(stderr=True, highlight=False)
    try:
        report = _measure(arguments, console)
    except (CannotMeasureError, OtherConditionsError) as error:
        raise UsageError(str(error)) from error
    # These import what `_measure` has imported by now.
    from evaluation.trace.plots import save_plots  # noqa: PLC0415
    from evaluation.trace.run import on_the_whole  # noqa: PLC0415

    if arguments.out is not None:
        write_report(report, arguments.out, markdown_page(report), save_plots, console)
    if arguments.json:
        print_json(report.to_json())
    else:
        Console(highlight=False).print(draw_table(on_the_whole(report)), *report.notes, sep="\n")
    return 0


def _measure(arguments: argparse.Namespace, console: Console) -> Report:
    path = recording_path(arguments.file)
    with shown_progress() as progress:
        store = ModelStore(offline=arguments.offline)
        directory = store.pull(arguments.model or EngineSettings().model, progress)
    os.environ.update(process_environment())
    # These import torch, which reads that environment once, and takes seconds.
    from evaluation.trace.model import real_model, tiny_model  # noqa: PLC0415
    from evaluation.trace.plan import plan_for  # noqa: PLC0415
    from evaluation.trace.recording import read_recording  # noqa: PLC0415
    from evaluation.trace.run import TraceOptions, run_trace  # noqa: PLC0415

    is_tiny, is_quick = arguments.tiny or arguments.quick, arguments.quick
    recording = read_recording(path)
    plan = plan_for(
        recording,
        num_transactions=arguments.transactions or (_QUICK_TRANSACTIONS if is_quick else None),
        num_samples=_QUICK_SAMPLES if is_quick else arguments.samples,
        prompt_tokens=arguments.prompt_tokens,
    )
    name = arguments.model or EngineSettings().model
    settings = EngineSettings(model=name, threads=arguments.threads)
    if is_tiny:
        model = tiny_model(directory, arguments.seed)
    else:
        model = real_model(directory, name, settings)
    threads = 1 if is_tiny else arguments.threads or physical_cores()
    options = TraceOptions(__version__, arguments.seed, threads, arguments.out)
    with watching(console) as audience:
        return run_trace(recording, model, plan, options, audience)
