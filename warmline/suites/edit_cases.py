"""The parts of `warmline eval edits|chunks` put together: model, cases, arms, journal, report."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from evaluation.bench.audience import watching
from evaluation.bench.runner import Deadline
from evaluation.decoding.workbench import FLOOR_SLICE_TOKENS
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.fidelity.arms import ARMS, REFERENCE, Arm, describe
from evaluation.fidelity.case import CHUNK_KINDS, KINDS
from evaluation.fidelity.chunk_arms import CHUNK_ARMS
from evaluation.fidelity.measure import Meter, read_record
from evaluation.fidelity.plots import PLOTS
from evaluation.fidelity.prompts import Prompter
from evaluation.fidelity.summary import rows_of
from evaluation.fidelity.tables import STYLE
from evaluation.report import Parameter, Report, this_machine
from evaluation.shards.run import Outcome, measure_cases, open_journal
from warmline import __version__
from warmline.benchmarks.shared import require_known
from warmline.errors import UsageError
from warmline.main import ExitCode
from warmline.progress import shown_progress
from warmline.suites.edit_corpus import Wishes, choose_cases
from warmline.suites.measuring import (
    MeasuredModel,
    budget_s,
    conditions_of,
    load_measured,
    publish,
)


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
    publish(report, arguments, console, STYLE, PLOTS)
    return ExitCode.INTERRUPTED if outcome.is_interrupted else 0


def _measure(
    suite: FidelitySuite, arguments: argparse.Namespace, console: Console
) -> tuple[Report, Outcome]:
    deadline = Deadline(budget_s(arguments))
    arms = _chosen_arms(suite.arms, arguments.arms)
    with shown_progress() as progress:
        model = load_measured(arguments, progress)
        plan, complaints = choose_cases(
            suite.wishes, arguments, model.subject.tokenization, progress
        )
    conditions = _conditions(suite, model, arms, arguments.seed)
    journal = open_journal(arguments.out, conditions, read_record)
    prompter = Prompter(model.subject.layout, model.subject.tokenization)
    meter = Meter(model.bench, prompter, model.reader, arms)
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


def _chosen_arms(arms: Mapping[str, Arm], chosen: Sequence[str] | None) -> dict[str, Arm]:
    """Return the arms that were named, and what they are compared with."""
    require_known(tuple(chosen) if chosen else None, tuple(arms), "arm")
    return {name: arm for name, arm in arms.items() if not chosen or name in (*chosen, REFERENCE)}


def _conditions(
    suite: FidelitySuite, model: MeasuredModel, arms: Mapping[str, Arm], seed: int
) -> dict[str, Parameter]:
    """Say what must not differ between two shards of a run."""
    return {
        **conditions_of(suite.command, model, seed),
        "floor slice": FLOOR_SLICE_TOKENS,
        "floor attention": type(model.bench.parts.kernels.exchanged().for_many).__name__,
        **{f"arm {name}": describe(arm) for name, arm in arms.items()},
    }
