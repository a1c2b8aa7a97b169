"""`warmline eval repo`: does the rest of the repository help, and who chooses it best?"""

import argparse
import os
from pathlib import Path

from engine.service.run import process_environment
from evaluation.corpus.splits import Split
from evaluation.repo.arms import ARMS, ENCODER_ARMS
from evaluation.repo.oracle import ORACLE_CANDIDATES
from evaluation.repo.task import KINDS, LAYOUTS
from warmline.benchmarks.shared import (
    add_number_arguments,
    add_run_arguments,
    names,
    require_known,
)
from warmline.options import positive_int

SUMMARY = "measure what chunks of other files bring, by who chose them"

CHUNKINGS = ("natural", "definitions")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the suite's arguments."""
    parser.add_argument("--quick", action="store_true", help="take about two minutes")
    parser.add_argument(
        "--minutes", type=positive_int, metavar="N", help="begin no further task after so long"
    )
    _add_what_is_asked(parser)
    _add_what_is_read(parser)
    add_run_arguments(parser)
    add_number_arguments(parser, storage_type="bfloat16")


def run(arguments: argparse.Namespace) -> int:
    """Measure what was asked for and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    require_known(arguments.kinds, KINDS, "kind")
    known = (*ARMS, *ENCODER_ARMS) if arguments.encoder else ARMS
    require_known(arguments.arms, known, "arm")
    require_known(arguments.layouts, LAYOUTS, "layout")
    os.environ.update(process_environment())
    # It imports torch, which reads that environment once, and takes seconds.
    from warmline.suites.repo_tasks import measure_repo  # noqa: PLC0415

    return measure_repo(arguments)


def _add_what_is_asked(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--split",
        choices=[each.value for each in Split],
        default=Split.TEST.value,
        help="packages to take tasks from (%(default)s)",
    )
    parser.add_argument(
        "--kinds", type=names, metavar="NAMES", help=f"of {','.join(KINDS)}; all when left out"
    )
    parser.add_argument(
        "--layouts", type=names, metavar="NAMES", help=f"of {','.join(LAYOUTS)}; both when left out"
    )
    parser.add_argument(
        "--cases", type=positive_int, metavar="N", help="of each kind and layout (150; quick: 4)"
    )


def _add_what_is_read(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--arms", type=names, metavar="NAMES", help=f"of {','.join(ARMS)}; all when left out"
    )
    parser.add_argument(
        "--retriever",
        type=Path,
        metavar="FILE",
        help="a trained retriever; the one that comes with Warmline when left out",
    )
    parser.add_argument(
        "--encoder",
        metavar="NAME",
        help=f"a text encoder, by name or folder, for the arms {' and '.join(ENCODER_ARMS)} too",
    )
    parser.add_argument(
        "--chunking", choices=CHUNKINGS, default=CHUNKINGS[0], help="how files are cut (natural)"
    )
    for name, tokens, what in (
        ("chunk", 512, "chunks of other files"),
        ("before", 512, "the text before the cursor"),
        ("after", 128, "the text after it"),
    ):
        parser.add_argument(
            f"--{name}-tokens",
            type=positive_int,
            metavar="N",
            help=f"most of {what} ({tokens}; quick: {tokens // 2})",
        )
    parser.add_argument(
        "--chunks", type=positive_int, default=10, metavar="N", help="most chunks in a prompt (10)"
    )
    parser.add_argument(
        "--oracle-share",
        type=_share,
        default=0.25,
        metavar="SHARE",
        help="of the tasks the oracle is asked about; each costs"
        f" {ORACLE_CANDIDATES + 1} prompts more (0.25)",
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1")
    return share
