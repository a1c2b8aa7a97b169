"""`warmline eval members`: are the names that are offered there, and what does that cost?"""

import argparse

from evaluation.members.site import KINDS
from warmline.benchmarks.shared import (
    add_number_arguments,
    add_run_arguments,
    names,
    require_known,
)
from warmline.options import positive_int
from warmline.suites.member_sites import SPLITS

SUMMARY = "measure whether offered members, imports and keyword arguments exist"

BUDGET_MS = 50
"""What an automatic suggestion waits for analysis by default."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the suite's arguments."""
    parser.add_argument("--quick", action="store_true", help="take about two minutes")
    parser.add_argument(
        "--minutes", type=positive_int, metavar="N", help="begin no further site after so long"
    )
    parser.add_argument(
        "--analysers-only",
        action="store_true",
        help="ask the analysers and the monitors alone; no model is loaded",
    )
    parser.add_argument(
        "--cold",
        action="store_true",
        help="with --analysers-only: ask before analysers have read a document ahead",
    )
    parser.add_argument(
        "--split",
        choices=SPLITS,
        default=SPLITS[0],
        help="packages to take Python sites from (%(default)s)",
    )
    parser.add_argument(
        "--packages", type=names, metavar="NAMES", help="only these; all of the split when left out"
    )
    parser.add_argument(
        "--kinds", type=names, metavar="NAMES", help=f"of {','.join(KINDS)}; all when left out"
    )
    parser.add_argument(
        "--cases", type=positive_int, metavar="N", help="sites of each kind; quick: 12"
    )
    parser.add_argument(
        "--budget-ms",
        type=positive_int,
        default=BUDGET_MS,
        metavar="N",
        help=f"an answer that takes longer comes too late ({BUDGET_MS})",
    )
    add_run_arguments(parser)
    add_number_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure what was asked for and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    require_known(arguments.kinds, KINDS, "kind")
    # They import what takes long to import.
    if arguments.analysers_only:
        from warmline.suites.member_answers import measure_answers  # noqa: PLC0415

        return measure_answers(arguments)
    from warmline.suites.member_completions import measure_completions  # noqa: PLC0415

    return measure_completions(arguments)
