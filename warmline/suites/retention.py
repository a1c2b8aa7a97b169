"""`warmline eval retention`: what would recorded authors have accepted, and kept?"""

import argparse
import os
from pathlib import Path

from engine.service.run import process_environment
from warmline.benchmarks.shared import add_number_arguments, add_run_arguments
from warmline.options import add_language_option, positive_int
from warmline.recordings import SHARED_RECORDING

SUMMARY = "suggest at the pauses of recorded typing, and see what its author would have kept"

CASES, QUICK_CASES = 200, 20
SECONDS_EACH, AUTHOR_SECONDS_EACH = 5.0, 0.02
"""About; on two cores, with the default model."""
_PROMPT_TOKENS = 2000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the suite's arguments."""
    parser.add_argument(
        "--file",
        type=Path,
        help=f"a recording; {SHARED_RECORDING} in the folder WARMLINE_DATA names when left out",
    )
    parser.add_argument("--quick", action="store_true", help="take about two minutes")
    parser.add_argument(
        "--minutes", type=positive_int, metavar="N", help="begin no further pause after so long"
    )
    parser.add_argument(
        "--cases",
        type=positive_int,
        metavar="N",
        help=f"pauses, drawn by the seed ({CASES}; quick: {QUICK_CASES})",
    )
    parser.add_argument(
        "--author-only",
        action="store_true",
        help="follow only what the author typed, as if it had been suggested; no model is loaded",
    )
    parser.add_argument(
        "--prompt-tokens",
        type=positive_int,
        default=_PROMPT_TOKENS,
        metavar="N",
        help=f"most tokens of text in the prompt ({_PROMPT_TOKENS})",
    )
    add_language_option(parser)
    add_run_arguments(parser)
    add_number_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure what was asked for and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the recording or the folder.
    """
    os.environ.update(process_environment())
    # It imports torch, which reads that environment once, and takes seconds.
    from warmline.suites.retention_pauses import measure_retention  # noqa: PLC0415

    return measure_retention(arguments)
