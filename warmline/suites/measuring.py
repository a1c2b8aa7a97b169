"""What suites share that hold arms against each other: model, time, conditions, report."""

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from engine.cache.kernels import Kernels
from engine.decoding.vocabulary import Vocabulary
from engine.model.loader import RotatingModel, load_model
from engine.settings import EngineSettings
from engine.weights.hashes import sha256_of
from engine.weights.progress import Progress
from engine.weights.store import ModelStore
from evaluation.bench.subject import Subject, load_subject
from evaluation.comparison.plots import Plot, save_plots
from evaluation.comparison.tables import Style, draw_tables, markdown_page
from evaluation.decoding.lines import LineReader
from evaluation.decoding.workbench import Workbench
from evaluation.errors import CannotMeasureError
from evaluation.report import Parameter, Report, this_machine
from warmline import __version__
from warmline.benchmarks.shared import write_report
from warmline.options import print_json

QUICK_BUDGET_S = 100.0
"""After which a quick run begins no further case, so that all of it takes about two minutes."""
_WIDE_COLUMNS = 200

PackageType = TypeVar("PackageType")


@dataclass(frozen=True, slots=True)
class MeasuredModel:
    """A model ready to be measured.

    Attributes:
        subject: How it is called and laid out.
        sha256: Of its weights.
        bench: Makes caches of it.
        reader: Reads what it writes.
    """

    subject: Subject
    sha256: str
    bench: Workbench
    reader: LineReader


def load_measured(arguments: argparse.Namespace, progress: Progress) -> MeasuredModel:
    """Load the model that was asked for.

    Raises:
        CannotMeasureError: If it has no live cache.
    """
    name = arguments.model or EngineSettings().model
    directory = ModelStore(offline=arguments.offline).pull(name, progress)
    settings = EngineSettings(
        model=name,
        device=arguments.device,
        storage_type=arguments.storage_type,
        decode_weights="full",
        threads=arguments.threads,
    )
    subject = load_subject(name, directory, threads=arguments.threads)
    model = load_model(directory, name, settings)
    if not isinstance(model, RotatingModel):
        raise CannotMeasureError(
            f"{name} has no live cache to measure: {model.description.rotation_note};"
            " name another with --model"
        )
    vocabulary = Vocabulary.from_file(directory / "tokenizer.json")
    weights = hash_of_weights(directory, progress)
    # the engine's own choice may be another one tomorrow, and with it the rounding
    kernels = Kernels.settled(model.parts.decoder.configuration.attention_softcap)
    bench = Workbench(replace(model.parts, kernels=kernels))
    return MeasuredModel(subject, weights, bench, LineReader(vocabulary))


def budget_s(arguments: argparse.Namespace) -> float | None:
    """Return after how long nothing more is begun; None means never."""
    if arguments.minutes is not None:
        return float(arguments.minutes * 60)
    return QUICK_BUDGET_S if arguments.quick else None


def conditions_of(command: str, model: MeasuredModel, seed: int) -> dict[str, Parameter]:
    """Say what must not differ between two shards of whatever run."""
    decoder = model.bench.parts.decoder
    return {
        "command": command,
        "version": __version__,
        "weights": model.sha256,
        "storage type": str(decoder.dtype).removeprefix("torch."),
        "device": str(decoder.device),
        "processor": this_machine().processor,
        "threads": model.subject.threads,
        "seed": seed,
        "slice": model.bench.slice_tokens,
        "attention": type(model.bench.parts.kernels.for_many).__name__,
    }


def publish(
    report: Report,
    arguments: argparse.Namespace,
    console: Console,
    style: Style,
    plots: Mapping[str, Plot],
) -> None:
    """Write and print a report as the arguments ask."""
    if arguments.out is not None:
        page = markdown_page(report, style)
        write_report(report, arguments.out, page, partial(save_plots, plots), console)
    if arguments.json:
        print_json(report.to_json())
        return
    # In a file or a pipe, nothing needs to fit.
    screen = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE_COLUMNS)
    screen.print(draw_tables(report, style, is_wide=screen.width >= _WIDE_COLUMNS))


def turned(packages: Sequence[PackageType], by: int) -> Sequence[PackageType]:
    """Begin with another package, so that no package is always among the last."""
    start = by % max(1, len(packages))
    return [*packages[start:], *packages[:start]]


def hash_of_weights(directory: Path, progress: Progress) -> str:
    """Return one hash of all weights of a folder."""
    files = sorted(directory.glob("*.safetensors"))
    hashes = [sha256_of(file, file.name, progress) for file in files]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256(" ".join(hashes).encode()).hexdigest()
