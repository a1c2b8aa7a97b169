"""`warmline bench decode`: reading and writing, beside the peers."""

import argparse

from evaluation.bench.decode import (
    ARMS,
    DECODE_KINDS,
    QUICK_REPEATS,
    REPEATS,
    full_groups,
    measure_decode,
    quick_groups,
)
from evaluation.bench.plots import save_bars
from evaluation.bench.run import Run
from warmline.benchmarks.shared import add_shared_arguments, require_known, run_benchmark

SUMMARY = "time reading a prompt from nothing, and writing after it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""
    add_shared_arguments(parser, ARMS)


def run(arguments: argparse.Namespace) -> int:
    """Measure what was asked for and return the exit code."""
    require_known(arguments.arms, ARMS, "arm")
    return run_benchmark(arguments, "bench decode", lambda run: _decode(run, arguments), save_bars)


async def _decode(run: Run, arguments: argparse.Namespace) -> None:
    kinds, arms = arguments.kinds or DECODE_KINDS, arguments.arms or ARMS
    if arguments.quick:
        groups = quick_groups(kinds, arms, arguments.repeats or QUICK_REPEATS)
    else:
        groups = full_groups(kinds, arms, arguments.repeats or REPEATS)
    await measure_decode(run, groups)
