"""What the suites have in common on the command line that hold caches against a full recompute."""

import argparse
from collections.abc import Sequence

from warmline.benchmarks.shared import add_number_arguments, add_run_arguments, names
from warmline.options import positive_int


def add_fidelity_arguments(parser: argparse.ArgumentParser, kinds: Sequence[str]) -> None:
    """Describe the arguments of a suite with cases of `kinds`."""
    parser.add_argument("--quick", action="store_true", help="take about two minutes")
    parser.add_argument(
        "--minutes", type=positive_int, metavar="N", help="begin no further case after so long"
    )
    parser.add_argument(
        "--kinds", type=names, metavar="NAMES", help=f"of {','.join(kinds)}; all when left out"
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


def _lengths(text: str) -> tuple[int, ...]:
    return tuple(positive_int(part) for part in names(text))
