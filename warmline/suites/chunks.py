"""`warmline eval chunks`: other pieces of other files, and is the cache as good as a recompute?"""

import argparse
import os

from engine.service.run import process_environment
from evaluation.fidelity.case import CHUNK_KINDS
from warmline.benchmarks.shared import require_known
from warmline.suites.fidelity_options import add_fidelity_arguments

SUMMARY = "measure what a cache says after the pieces of other files in its prompt have changed"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the suite's arguments."""
    add_fidelity_arguments(parser, CHUNK_KINDS)


def run(arguments: argparse.Namespace) -> int:
    """Measure what was asked for and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    require_known(arguments.kinds, CHUNK_KINDS, "kind")
    os.environ.update(process_environment())
    # It imports torch, which reads that environment once, and takes seconds.
    from warmline.suites.edit_cases import CHUNKS, measure  # noqa: PLC0415

    return measure(CHUNKS, arguments)
