"""`warmline eval edits`: after an edit, is the corrected cache as good as a full recompute?"""

import argparse
import os

from engine.service.run import process_environment
from evaluation.fidelity.case import KINDS
from warmline.benchmarks.shared import require_known
from warmline.suites.fidelity_options import add_fidelity_arguments

SUMMARY = "measure what a corrected cache says after real edits, beside a full recompute"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the suite's arguments."""
    add_fidelity_arguments(parser, KINDS)


def run(arguments: argparse.Namespace) -> int:
    """Measure what was asked for and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    require_known(arguments.kinds, KINDS, "kind")
    os.environ.update(process_environment())
    # It imports torch, which reads that environment once, and takes seconds.
    from warmline.suites.edit_cases import EDITS, measure  # noqa: PLC0415

    return measure(EDITS, arguments)
