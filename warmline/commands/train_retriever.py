"""`warmline train-retriever PATH...`: teach the retriever what helps in somebody's repositories."""

import argparse
import os
from pathlib import Path

from engine.service.run import process_environment
from warmline.benchmarks.shared import add_number_arguments
from warmline.errors import UsageError
from warmline.options import add_json_option, add_model_option, positive_int

LONGEST_MINUTES = 30
OBJECTIVES = ("soft", "best")
"""As in `retrieval.training.objectives`, which imports torch."""
_SIZES = {"samples": 300, "held_out": 60, "rounds": 6, "candidates": 8}
_QUICK_SIZES = {"samples": 8, "held_out": 4, "rounds": 2, "candidates": 3}
"""About two minutes for a model of half a billion parameters on two cores."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "train-retriever",
        description=(
            "Teach the retriever which parts of other files help the model to foresee the next"
            " line. The same call goes on with a training that was stopped."
        ),
    )
    parser.add_argument(
        "paths", type=Path, nargs="*", metavar="PATH", help="the root of a repository"
    )
    parser.add_argument(
        "--corpus",
        action="store_true",
        help="learn from the packages that Warmline's own retriever learned from",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("warmline-retriever"),
        metavar="DIR",
        help="where the retriever, its model card and the progress go (%(default)s)",
    )
    parser.add_argument(
        "--minutes", type=_minutes, metavar="N", help="stop after so long, at most 30; go on later"
    )
    _add_sizes(parser)
    parser.add_argument("--seed", type=int, default=0, help="decides about what is random (0)")
    parser.add_argument("--threads", type=int, default=0, help="0: physical cores")
    parser.add_argument("--offline", action="store_true", help="forbid every download")
    add_number_arguments(parser, storage_type="bfloat16")
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    if bool(arguments.paths) == arguments.corpus:
        raise UsageError("name repositories to learn from, or give --corpus, and not both")
    for name, value in (_QUICK_SIZES if arguments.quick else _SIZES).items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)
    os.environ.update(process_environment())
    # It imports torch, which reads that environment once, and takes seconds.
    from warmline.training.run import train  # noqa: PLC0415

    return train(arguments)


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quick", action="store_true", help="a few samples with short prompts: two minutes"
    )
    for name, what in (
        ("samples", "lines to learn from"),
        ("held_out", "lines that only decide which round is the best"),
        ("rounds", "rounds, each with candidates of the retriever as it is by then"),
        ("candidates", "candidates the model is asked about, for each line and round"),
    ):
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=positive_int,
            metavar="N",
            help=f"{what} ({_SIZES[name]}; quick: {_QUICK_SIZES[name]})",
        )
    parser.add_argument(
        "--explored",
        type=positive_int,
        default=2,
        metavar="N",
        help="of the candidates, so many by chance (2)",
    )
    parser.add_argument(
        "--epochs",
        type=positive_int,
        default=3,
        metavar="N",
        help="times a round goes through all samples (3)",
    )
    parser.add_argument(
        "--pace",
        type=float,
        default=1.0,
        metavar="TIMES",
        help="learn in steps so many times as long as usual (1)",
    )
    parser.add_argument(
        "--objective",
        choices=OBJECTIVES,
        default="soft",
        help="count all candidates by what they bring, or only the best one (%(default)s)",
    )


def _minutes(text: str) -> int:
    minutes = positive_int(text)
    if minutes > LONGEST_MINUTES:
        raise argparse.ArgumentTypeError(f"{minutes} is more than {LONGEST_MINUTES}")
    return minutes
