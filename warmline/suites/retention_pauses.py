"""The parts of `warmline eval retention` put together: recording, model, pauses, report."""

import argparse
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass

from rich.console import Console

from completion.settings import CompletionSettings
from engine.settings import EngineSettings
from engine.weights.store import ModelStore
from evaluation.bench.audience import watching
from evaluation.bench.runner import Deadline
from evaluation.errors import CannotMeasureError, OtherConditionsError, UnexpectedResultError
from evaluation.journal import Journal
from evaluation.report import Parameter, Report, this_machine
from evaluation.retention.author import Author
from evaluation.retention.cases import PauseCase, Pauses, choose_pauses, find_pauses
from evaluation.retention.measure import AUTHOR, PauseRecord, RetentionMeter, Writer, read_record
from evaluation.retention.summary import ARMS, PLOTS, STYLE, rows_of
from evaluation.retention.writer import SilentWriter, completer_writer, writer_settings
from evaluation.shards.plan import Plan
from evaluation.shards.run import Outcome, measure_cases, open_journal
from evaluation.trace.recording import Recording, read_recording
from warmline import __version__
from warmline.errors import UsageError, WorkError
from warmline.main import ExitCode
from warmline.progress import shown_progress
from warmline.recordings import recording_language, recording_path
from warmline.suites.measuring import budget_s, hash_of_weights, publish
from warmline.suites.retention import AUTHOR_SECONDS_EACH, CASES, QUICK_CASES, SECONDS_EACH

COMMAND = "eval retention"


def measure_retention(arguments: argparse.Namespace) -> int:
    """Measure what was asked for, show and write it, and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the recording or the folder.
        WorkError: If the model cannot be loaded.
    """
    console = Console(stderr=True, highlight=False)
    try:
        report, outcome = _measure(arguments, console)
    except (CannotMeasureError, OtherConditionsError) as error:
        raise UsageError(str(error)) from error
    except UnexpectedResultError as error:
        raise WorkError(str(error)) from error
    publish(report, arguments, console, STYLE, PLOTS)
    return ExitCode.INTERRUPTED if outcome.is_interrupted else 0


@dataclass(frozen=True, slots=True)
class _Source:
    """Where suggestions come from.

    Attributes:
        model: Its name.
        weights: Their hash.
        writer: To be entered, which may load the model.
        arms: What there is to report.
        seconds_each: About how long a pause takes.
    """

    model: str
    weights: str
    writer: AbstractContextManager[Writer]
    arms: Sequence[str]
    seconds_each: float


def _measure(arguments: argparse.Namespace, console: Console) -> tuple[Report, Outcome]:
    deadline = Deadline(budget_s(arguments))
    path = recording_path(arguments.file)
    recording, language = read_recording(path), recording_language(path, arguments.language)
    author = Author(recording)
    num_cases = arguments.cases or (QUICK_CASES if arguments.quick else CASES)
    pauses = find_pauses(author)
    plan = choose_pauses(pauses.goes_on, num_cases, arguments.seed)
    settings = writer_settings(arguments.prompt_tokens)
    source = _source(arguments, recording, language, settings)
    conditions = _conditions(arguments, recording, source.weights, language, settings)
    journal = open_journal(arguments.out, conditions, read_record)
    console.print(_expectation(plan, journal, source.seconds_each), soft_wrap=True)
    with source.writer as writer, watching(console) as audience:
        meter = RetentionMeter(author, writer)
        outcome = measure_cases(plan, meter, journal, deadline=deadline, audience=audience)
    notes = _notes(recording, pauses, outcome)
    return _report(arguments, recording, source, journal, notes), outcome


def _source(
    arguments: argparse.Namespace,
    recording: Recording,
    language: str,
    settings: CompletionSettings,
) -> _Source:
    """Find the model, unless nothing is to be suggested; it is loaded when it is needed."""
    if arguments.author_only:
        nobody = nullcontext(SilentWriter())
        return _Source("none", "none", nobody, (AUTHOR,), AUTHOR_SECONDS_EACH)
    engine = EngineSettings(
        model=arguments.model or EngineSettings().model,
        offline=True,  # whatever is wanted has been pulled by then
        device=arguments.device,
        storage_type=arguments.storage_type,
        threads=arguments.threads,
        refresh="off",
        snapshots=False,
    )
    with shown_progress() as progress:
        directory = ModelStore(offline=arguments.offline).pull(engine.model, progress)
        weights = hash_of_weights(directory, progress)
    writer = completer_writer(engine, settings, recording.name, language)
    return _Source(engine.model, weights, writer, ARMS, SECONDS_EACH)


def _expectation(plan: Plan[PauseCase], journal: Journal[PauseRecord], seconds_each: float) -> str:
    """Say what is about to be done, and how long that may take."""
    num_cases, num_done = plan.num_cases().total(), len(journal.records)
    minutes = max(1, round((num_cases - num_done) * seconds_each / 60))
    return (
        f"{num_cases} pauses, {num_done} of them measured already; on two cores with nothing else"
        f" to do one takes about {seconds_each:g} s, all that are left about {minutes} min"
    )


def _conditions(
    arguments: argparse.Namespace,
    recording: Recording,
    weights: str,
    language: str,
    settings: CompletionSettings,
) -> dict[str, Parameter]:
    """Say what must not differ between two shards of a run."""
    return {
        "command": COMMAND,
        "version": __version__,
        "recording": recording.name,
        "transactions": len(recording.transactions),
        "language": language,
        "weights": weights,
        "storage type": arguments.storage_type,
        "device": arguments.device,
        "processor": this_machine().processor,
        "threads": arguments.threads,
        "seed": arguments.seed,
        **{f"setting {name}": _plain(value) for name, value in asdict(settings).items()},
    }


def _plain(value: Parameter | tuple[str, ...]) -> Parameter:
    return ",".join(value) if isinstance(value, tuple) else value


def _report(
    arguments: argparse.Namespace,
    recording: Recording,
    source: _Source,
    journal: Journal[PauseRecord],
    notes: tuple[str, ...],
) -> Report:
    params: dict[str, Parameter] = {
        "recording": recording.name,
        "prompt_tokens": arguments.prompt_tokens,
        "clock": "recorded" if recording.has_times else "transactions",
    }
    return Report(
        command=COMMAND,
        version=__version__,
        machine=this_machine(),
        model=source.model,
        seed=arguments.seed,
        rows=rows_of(journal.records, arguments.seed, params, source.arms),
        notes=notes,
    )


def _notes(recording: Recording, pauses: Pauses, outcome: Outcome) -> tuple[str, ...]:
    clock = (
        "Times are those of the recording, in whole seconds."
        if recording.has_times
        else "No times were recorded: a second is one transaction, and any of them may be a pause."
    )
    share = (
        f"After {len(pauses.goes_on):,} of the {pauses.num_all:,} pauses the author typed at the"
        " cursor; only such pauses are measured."
    )
    return clock, share, *outcome.notes()
