"""`warmline eval edits`: after an edit, is the corrected cache as good as a full recompute?"""

import argparse
import os

from engine.service.run import thread_environment
from evaluation.fidelity.case import KINDS
from warmline.benchmarks.shared import (
    add_number_arguments,
    add_run_arguments,
    names,
    require_known,
)
from warmline.options import positive_int

SUMMARY = "measure what a corrected cache says after real edits, beside a full recompute"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the suite's arguments."""
    parser.add_argument("--quick", action="store_true", help="take about two minutes")
    parser.add_argument(
        "--minutes", type=positive_int, metavar="N", help="begin no further case after so long"
    )
    parser.add_argument(
        "--kinds", type=names, metavar="NAMES", help=f"of {','.join(KINDS)}; all when left out"
    )
    parser.add_argument("--arms", type=names, metavar="NAMES", help="only these ways to answer")
    parser.add_argument(
        "--cases", type=positive_int, metavar="N", help="of each kind; 300 or 100 when left out"
    )
    parser.add_argument(
        "--prompt-tokens",
        type=_lengths,
        metavar="N,N",
        help="about how long prompts are, with commas between (1024,2048,4096; quick: 1024)",
    )
    add_run_arguments(parser)
    add_number_arguments(parser, storage_type="bfloat16")


def run(arguments: argparse.Namespace) -> int:
    """Measure what was asked for and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    require_known(arguments.kinds, KINDS, "kind")
    os.environ.update(thread_environment())
    # It imports torch, which reads that environment once, and takes seconds.
    from warmline.suites.edit_cases import measure_edits  # noqa: PLC0415

    return measure_edits(arguments)


def _lengths(text: str) -> tuple[int, ...]:
    return tuple(positive_int(part) for part in names(text))
