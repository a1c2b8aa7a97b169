"""`warmline eval confidence`: is a suggestion that is called likely as often right as that says?"""

import argparse

from evaluation.corpus.splits import Split
from warmline.benchmarks.shared import add_number_arguments, add_run_arguments
from warmline.options import positive_int

SUMMARY = "measure how often suggestions are right that are called likely"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the suite's arguments."""
    parser.add_argument("--quick", action="store_true", help="take about two minutes")
    parser.add_argument(
        "--minutes", type=positive_int, metavar="N", help="begin no further line after so long"
    )
    parser.add_argument(
        "--split",
        choices=[each.value for each in Split],
        default=Split.TEST.value,
        help="packages to take lines from (%(default)s)",
    )
    parser.add_argument(
        "--cases",
        type=positive_int,
        metavar="N",
        help="lines, each asked for three times (150; quick: 8)",
    )
    parser.add_argument(
        "--no-healing",
        action="store_true",
        help="leave a word that is begun in the prompt, as with the setting healWords off",
    )
    add_run_arguments(parser)
    add_number_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure what was asked for and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    # It imports what takes long to import.
    from warmline.suites.confidence_cases import measure_confidence  # noqa: PLC0415

    return measure_confidence(arguments)
