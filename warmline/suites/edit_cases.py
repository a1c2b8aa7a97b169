"""The parts of `warmline eval edits|chunks` put together: model, cases, arms, journal, report."""

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from engine.decoding.vocabulary import Vocabulary
from engine.model.loader import RotatingModel, load_model
from engine.settings import EngineSettings
from engine.weights.hashes import sha256_of
from engine.weights.progress import Progress
from engine.weights.store import ModelStore
from evaluation.bench.audience import watching
from evaluation.bench.runner import Deadline
from evaluation.bench.subject import Subject, load_subject
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.fidelity.arms import ARMS, REFERENCE, Arm, describe
from evaluation.fidelity.case import CHUNK_KINDS, KINDS
from evaluation.fidelity.chunk_arms import CHUNK_ARMS
from evaluation.fidelity.lines import LineReader
from evaluation.fidelity.measure import Meter
from evaluation.fidelity.plots import save_plots
from evaluation.fidelity.prompts import Prompter
from evaluation.fidelity.run import Outcome, measure_cases, open_journal
from evaluation.fidelity.summary import rows_of
from evaluation.fidelity.tables import draw_tables, markdown_page
from evaluation.fidelity.workbench import FLOOR_SLICE_TOKENS, Workbench
from evaluation.report import Parameter, Report, this_machine
from warmline import __version__
from warmline.benchmarks.shared import require_known, write_report
from warmline.errors import UsageError
from warmline.main import ExitCode
from warmline.options import print_json
from warmline.progress import shown_progress
from warmline.suites.edit_corpus import Wishes, choose_cases

QUICK_BUDGET_S = 100.0
"""After which a quick run begins no further case, so that all of it takes about two minutes."""
_WIDE_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class FidelitySuite:
    """What is measured, and how often."""

    command: str
    arms: Mapping[str, Arm]
    wishes: Wishes


EDITS = FidelitySuite("eval edits", ARMS, Wishes(KINDS, frozenset({"related", "real", "typing"})))
CHUNKS = FidelitySuite("eval chunks", CHUNK_ARMS, Wishes(CHUNK_KINDS, frozenset({"chunk-set"})))


def measure(suite: FidelitySuite, arguments: argparse.Namespace) -> int:
    """Measure what was asked for, show and write it, and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    console = Console(stderr=True, highlight=False)
    try:
        report, outcome = _measure(suite, arguments, console)
    except (CannotMeasureError, OtherConditionsError) as error:
        raise UsageError(str(error)) from error
    _publish(report, arguments, console)
    return ExitCode.INTERRUPTED if outcome.is_interrupted else 0


def _measure(
    suite: FidelitySuite, arguments: argparse.Namespace, console: Console
) -> tuple[Report, Outcome]:
    deadline = Deadline(_budget_s(arguments))
    arms = _chosen_arms(suite.arms, arguments.arms)
    with shown_progress() as progress:
        model = _load(arguments, progress)
        plan, complaints = choose_cases(
            suite.wishes, arguments, model.subject.tokenization, progress
        )
    journal = open_journal(arguments.out, _conditions(suite, model, arms, arguments.seed))
    meter = Meter(model.bench, model.prompter, model.reader, arms)
    with watching(console) as audience:
        outcome = measure_cases(plan, meter, journal, deadline=deadline, audience=audience)
    report = Report(
        command=suite.command,
        version=__version__,
        machine=this_machine(),
        model=model.subject.name,
        seed=arguments.seed,
        rows=rows_of(journal.records, arguments.seed, suite.wishes.kinds),
        notes=(*complaints, *outcome.notes()),
    )
    return report, outcome


def _budget_s(arguments: argparse.Namespace) -> float | None:
    if arguments.minutes is not None:
        return float(arguments.minutes * 60)
    return QUICK_BUDGET_S if arguments.quick else None


def _chosen_arms(arms: Mapping[str, Arm], chosen: Sequence[str] | None) -> dict[str, Arm]:
    """Return the arms that were named, and what they are compared with."""
    require_known(tuple(chosen) if chosen else None, tuple(arms), "arm")
    return {name: arm for name, arm in arms.items() if not chosen or name in (*chosen, REFERENCE)}


@dataclass(frozen=True, slots=True)
class _LoadedModel:
    """A model ready to be measured."""

    subject: Subject
    sha256: str
    bench: Workbench
    prompter: Prompter
    reader: LineReader


def _load(arguments: argparse.Namespace, progress: Progress) -> _LoadedModel:
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
    return _LoadedModel(
        subject=subject,
        sha256=_hash(directory, progress),
        bench=Workbench(model.parts),
        prompter=Prompter(subject.layout, subject.tokenization),
        reader=LineReader(Vocabulary.from_file(directory / "tokenizer.json")),
    )


def _hash(directory: Path, progress: Progress) -> str:
    """Return one hash of all weights of a folder."""
    files = sorted(directory.glob("*.safetensors"))
    hashes = [sha256_of(file, file.name, progress) for file in files]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def _conditions(
    suite: FidelitySuite, model: _LoadedModel, arms: Mapping[str, Arm], seed: int
) -> dict[str, Parameter]:
    """Say what must not differ between two shards of a run."""
    decoder = model.bench.parts.decoder
    return {
        "command": suite.command,
        "version": __version__,
        "weights": model.sha256,
        "storage type": str(decoder.dtype).removeprefix("torch."),
        "device": str(decoder.device),
        "processor": this_machine().processor,
        "threads": model.subject.threads,
        "seed": seed,
        "slice": model.bench.slice_tokens,
        "attention": type(model.bench.parts.kernels.for_many).__name__,
        "floor slice": FLOOR_SLICE_TOKENS,
        "floor attention": type(model.bench.parts.kernels.exchanged().for_many).__name__,
        **{f"arm {name}": describe(arm) for name, arm in arms.items()},
    }


def _publish(report: Report, arguments: argparse.Namespace, console: Console) -> None:
    if arguments.out is not None:
        write_report(report, arguments.out, markdown_page(report), save_plots, console)
    if arguments.json:
        print_json(report.to_json())
        return
    # In a file or a pipe, nothing needs to fit.
    screen = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE_COLUMNS)
    screen.print(draw_tables(report, is_wide=screen.width >= _WIDE_COLUMNS))
