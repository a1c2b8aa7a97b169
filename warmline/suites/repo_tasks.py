"""The parts of `warmline eval repo` put together: model, tasks, arms, journal, report."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from rich.console import Console

from engine.weights.encoders import encoder_store
from evaluation.bench.audience import watching
from evaluation.bench.runner import Deadline
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.journal import Journal
from evaluation.repo.arms import (
    ARMS,
    ENCODER_ARMS,
    NONE,
    ORACLE,
    TRAINED,
    TRAINED_NOSTOP,
    Chooser,
    choosers,
)
from evaluation.repo.measure import OracleSettings, RepoMeter, TaskRecord, read_record
from evaluation.repo.oracle import ORACLE_CANDIDATES
from evaluation.repo.plots import PLOTS
from evaluation.repo.pools import POOL_CHUNKS, Pools
from evaluation.repo.prompts import Budget, RepoPrompter
from evaluation.repo.summary import rows_of
from evaluation.repo.tables import STYLE
from evaluation.report import Parameter, Report, this_machine
from evaluation.shards.run import Outcome, measure_cases, open_journal
from retrieval.errors import RetrieverFileError
from retrieval.model import RetrieverModel
from retrieval.model_file import default_model, load_model
from retrieval.types import Encoder
from warmline import __version__
from warmline.encoders.direct import DirectEncoder
from warmline.errors import UsageError
from warmline.main import ExitCode
from warmline.progress import shown_progress
from warmline.suites.measuring import (
    MeasuredModel,
    budget_s,
    conditions_of,
    load_measured,
    publish,
)
from warmline.suites.repo_corpus import RepoPlan, plan_tasks

COMMAND = "eval repo"
_UNTRAINED_NOTE = (
    "No trained retriever: none comes with this version and --retriever names none, so its arms"
    " are missing."
)


def measure_repo(arguments: argparse.Namespace) -> int:
    """Measure what was asked for, show and write it, and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    console = Console(stderr=True, highlight=False)
    try:
        report, outcome = _measure(arguments, console)
    except (CannotMeasureError, OtherConditionsError, RetrieverFileError) as error:
        raise UsageError(str(error)) from error
    publish(report, arguments, console, STYLE, PLOTS)
    return ExitCode.INTERRUPTED if outcome.is_interrupted else 0


@dataclass(frozen=True, slots=True)
class _Contest:
    """Who chooses, and what is said about who does not."""

    choosers: Mapping[str, Chooser]
    oracle: OracleSettings | None
    retriever: str
    encoder: str | None
    notes: tuple[str, ...]


def _measure(arguments: argparse.Namespace, console: Console) -> tuple[Report, Outcome]:
    deadline = Deadline(budget_s(arguments))
    contest = _contest(arguments)
    with shown_progress() as progress:
        model = load_measured(arguments, progress)
        plan = plan_tasks(arguments, model.subject, progress)
    journal = open_journal(arguments.out, _conditions(arguments, model, contest), read_record)
    meter = _meter(arguments, model, plan, contest)
    with watching(console) as audience:
        outcome = measure_cases(plan.plan, meter, journal, deadline=deadline, audience=audience)
    notes = (*contest.notes, *plan.complaints, *outcome.notes())
    params = _params(arguments, contest)
    return _report(model.subject.name, arguments.seed, journal, params, notes), outcome


def _contest(arguments: argparse.Namespace) -> _Contest:
    """Return the arms that were named, and `none`, which all are compared with."""
    encoder = _encoder(arguments)
    wanted = (NONE, *(arguments.arms or (*ARMS, *ENCODER_ARMS)))
    model = load_model(arguments.retriever) if arguments.retriever else default_model()
    trained: RetrieverModel | None = model if model.training or arguments.retriever else None
    found = choosers(trained, arguments.seed, arguments.chunks, encoder)
    chosen = {name: chooser for name, chooser in found.items() if name in wanted}
    is_asked = ORACLE in wanted and arguments.oracle_share > 0
    oracle = OracleSettings(arguments.oracle_share, ORACLE_CANDIDATES, arguments.seed)
    is_missed = trained is None and {TRAINED, TRAINED_NOSTOP}.intersection(wanted)
    return _Contest(
        chosen,
        oracle if is_asked else None,
        model.identity if trained else "none",
        encoder.identity if encoder else None,
        (_UNTRAINED_NOTE,) if is_missed else (),
    )


def _encoder(arguments: argparse.Namespace) -> Encoder | None:
    if arguments.encoder is None:
        return None
    with shown_progress() as progress:
        folder = encoder_store(offline=arguments.offline).pull(arguments.encoder, progress)
    return DirectEncoder.load(folder)


def _budget(arguments: argparse.Namespace) -> Budget:
    """Return what was asked for; for the rest the default, and half of it for a quick run."""
    usual, divisor = Budget(), 2 if arguments.quick else 1
    return Budget(
        chunk_tokens=arguments.chunk_tokens or usual.chunk_tokens // divisor,
        before_tokens=arguments.before_tokens or usual.before_tokens // divisor,
        after_tokens=arguments.after_tokens or usual.after_tokens // divisor,
    )


def _meter(
    arguments: argparse.Namespace, model: MeasuredModel, plan: RepoPlan, contest: _Contest
) -> RepoMeter:
    prompter = RepoPrompter(model.subject.layout, model.subject.tokenization, _budget(arguments))
    return RepoMeter(
        model.bench,
        prompter,
        model.reader,
        Pools(plan.files, plan.chunker, POOL_CHUNKS),
        choosers=contest.choosers,
        oracle=contest.oracle,
    )


def _conditions(
    arguments: argparse.Namespace, model: MeasuredModel, contest: _Contest
) -> dict[str, Parameter]:
    """Say what must not differ between two shards of a run."""
    oracle = asdict(contest.oracle) if contest.oracle else {"share": 0.0}
    return {
        **conditions_of(COMMAND, model, arguments.seed),
        **_params(arguments, contest),
        **{f"oracle_{name}": value for name, value in oracle.items()},
        "arms": ",".join(contest.choosers),
    }


def _params(arguments: argparse.Namespace, contest: _Contest) -> dict[str, Parameter]:
    """Say what every figure depends on."""
    return {
        "split": arguments.split,
        "chunking": arguments.chunking,
        "pool": POOL_CHUNKS,
        "most_chunks": arguments.chunks,
        **asdict(_budget(arguments)),
        "retriever": contest.retriever,
        **({"encoder": contest.encoder} if contest.encoder else {}),
    }


def _report(
    model: str,
    seed: int,
    journal: Journal[TaskRecord],
    params: Mapping[str, Parameter],
    notes: tuple[str, ...],
) -> Report:
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in params.items())
    return Report(
        command=COMMAND,
        version=__version__,
        machine=this_machine(),
        model=model,
        seed=seed,
        rows=rows_of(journal.records, seed, params),
        notes=(f"Conditions: {told}.", *notes),
    )
