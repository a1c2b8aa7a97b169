"""`warmline bench edits`: the engine after an edit, beside its peers."""

import argparse

from evaluation.bench.chunk_sets import CHUNK_KINDS
from evaluation.bench.edits import FULL, QUICK, Selection, measure_edits
from evaluation.bench.growth import ARMS as GROWTH_ARMS
from evaluation.bench.growth import QUICK_SIZES, REPEATS, SIZES, measure_growth
from evaluation.bench.plan import ALL_ARMS
from evaluation.bench.plots import save_bars, save_curves
from evaluation.bench.run import Run
from evaluation.bench.scenarios import EDIT_KINDS
from warmline.benchmarks.shared import add_shared_arguments, require_known, run_benchmark
from warmline.options import positive_int

SUMMARY = "time what follows an edit: the cache update, the first token, the first line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""
    add_shared_arguments(parser)
    parser.add_argument(
        "--prompt-tokens", type=positive_int, metavar="N", help="length of all prompts"
    )
    parser.add_argument(
        "--growth", action="store_true", help="one kind of edit, over prompts of 1k to 32k tokens"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure what was asked for and return the exit code."""
    arms = GROWTH_ARMS if arguments.growth else ALL_ARMS
    require_known(arguments.arms, arms, "arm")
    require_known(arguments.kinds, (*EDIT_KINDS, *CHUNK_KINDS), "kind")
    if arguments.growth:
        return run_benchmark(
            arguments, "bench edits --growth", lambda run: _growth(run, arguments), save_curves
        )
    return run_benchmark(arguments, "bench edits", lambda run: _edits(run, arguments), save_bars)


async def _edits(run: Run, arguments: argparse.Namespace) -> None:
    selection = Selection(
        arguments.arms, arguments.kinds, arguments.repeats, arguments.prompt_tokens
    )
    groups = selection.apply(QUICK if arguments.quick else FULL)
    await measure_edits(run, groups, with_defaults=not arguments.quick)


async def _growth(run: Run, arguments: argparse.Namespace) -> None:
    sizes = QUICK_SIZES if arguments.quick else SIZES
    arms = arguments.arms or GROWTH_ARMS
    await measure_growth(run, sizes, arguments.repeats or REPEATS, arms)
