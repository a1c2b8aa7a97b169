"""`warmline bench encoders`: what comparing texts costs, with each second-stage encoder."""

import argparse
import os
import sys
from pathlib import Path
from time import perf_counter

from rich.console import Console

from engine.service.run import process_environment
from engine.weights.encoders import encoder_store
from evaluation.bench.encoders import EncoderArm, encoder_task, measure_encoders
from evaluation.bench.plots import save_bars
from evaluation.bench.serving.tables import draw_table, markdown_table
from evaluation.bench.subject import physical_cores
from evaluation.report import Parameter, Report, this_machine
from retrieval.hashed_encoder import HashedEncoder
from retrieval.model import RetrieverModel
from warmline import __version__
from warmline.benchmarks.shared import names, write_report
from warmline.encoders.direct import DirectEncoder
from warmline.options import add_json_option, positive_int, print_json
from warmline.progress import shown_progress

SUMMARY = "encode queries and chunks with each second-stage encoder, hashed and transformers"

_WIDE_COLUMNS = 140


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the benchmark's arguments."""
    parser.add_argument(
        "--encoders",
        type=names,
        default=("all-minilm-l6-v2",),
        metavar="NAMES",
        help="text encoders beside the hashed one, by name or folder (all-minilm-l6-v2)",
    )
    parser.add_argument(
        "--storage-types",
        type=names,
        default=("bfloat16", "float32"),
        metavar="NAMES",
        help="number formats of each (bfloat16,float32)",
    )
    parser.add_argument("--repeats", type=positive_int, default=10, help="rounds (10)")
    parser.add_argument("--seed", type=int, default=0, help="chooses chunks and cursors (0)")
    parser.add_argument("--threads", type=int, default=0, help="0: physical cores")
    parser.add_argument("--offline", action="store_true", help="forbid every download")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write report.json, table.md and plots here"
    )
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure and return the exit code.

    Raises:
        ModelError: If an encoder cannot be had or used.
    """
    os.environ.update(process_environment())  # read once, when torch is imported
    console = Console(stderr=True, highlight=False)
    arms = _arms(arguments)
    rows = measure_encoders(
        arms,
        encoder_task(arguments.seed, arguments.repeats),
        arguments.repeats,
        on_step=lambda step: console.print(step, markup=False),
    )
    report = Report(
        command="bench encoders",
        version=__version__,
        machine=this_machine(),
        model=", ".join(dict.fromkeys(arm.name for arm in arms)),
        seed=arguments.seed,
        rows=tuple(rows),
    )
    if arguments.out is not None:
        write_report(report, arguments.out, markdown_table(report), save_bars, console)
    if arguments.json:
        print_json(report.to_json())
    else:
        # In a file or a pipe, nothing needs to fit.
        screen = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE_COLUMNS)
        screen.print(draw_table(report))
    return 0


def _arms(arguments: argparse.Namespace) -> list[EncoderArm]:
    threads = arguments.threads or physical_cores()
    _use_threads(threads)
    arms = [_hashed_arm(arguments.seed, threads)]
    store = encoder_store(offline=arguments.offline)
    for name in arguments.encoders:
        with shown_progress() as progress:
            folder = store.pull(name, progress)
        arms += [_arm(name, folder, kind, threads) for kind in arguments.storage_types]
    return arms


def _use_threads(threads: int) -> None:
    """Import torch before the clock starts: in the engine it is there already."""
    import torch  # noqa: PLC0415  (slow)

    import engine.encoding.encoder  # noqa: F401, PLC0415

    torch.set_num_threads(threads)


def _hashed_arm(seed: int, threads: int) -> EncoderArm:
    started = perf_counter()
    model = RetrieverModel.untrained(seed)
    encoder = HashedEncoder(model)
    load_ms = 1000 * (perf_counter() - started)
    weights_mb = sum(array.nbytes for array in model.arrays.values()) / 1e6
    return EncoderArm("hashed", encoder, load_ms, weights_mb, {"threads": threads})


def _arm(name: str, folder: Path, storage_type: str, threads: int) -> EncoderArm:
    started = perf_counter()
    encoder = DirectEncoder.load(folder, storage_type=storage_type)
    load_ms = 1000 * (perf_counter() - started)
    weights_mb = encoder.num_bytes / 1e6
    params: dict[str, Parameter] = {"threads": threads}
    return EncoderArm(f"{name} {storage_type}", encoder, load_ms, weights_mb, params)
