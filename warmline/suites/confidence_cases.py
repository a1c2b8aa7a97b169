"""The parts of `warmline eval confidence` put together: lines, engine, journal, report."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import islice

from rich.console import Console

from completion.completer import Completer
from engine.weights.progress import Progress
from engine.weights.store import ModelStore
from evaluation.bench.audience import watching
from evaluation.bench.runner import Deadline
from evaluation.bench.subject import load_subject
from evaluation.confidence.calibration import fit
from evaluation.confidence.summary import PLOTS, STYLE, rows_of
from evaluation.confidence.writing import (
    KINDS,
    Cursor,
    SureRecord,
    SureWriter,
    cursor_of,
    read_sure,
)
from evaluation.corpus.catalogue import corpus_packages
from evaluation.corpus.fetching import fetch_all
from evaluation.corpus.splits import Split, packages_of
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.fidelity.case import FILL_IN
from evaluation.repo.selection import PackageTasks, all_tasks
from evaluation.repo.task import LINE
from evaluation.report import Parameter, Report, this_machine
from evaluation.shards.looped import LoopedMeter
from evaluation.shards.plan import Plan, Stream
from evaluation.shards.run import Outcome, measure_cases, open_journal
from warmline import __version__
from warmline.errors import UsageError
from warmline.main import ExitCode
from warmline.progress import shown_progress
from warmline.suites.measuring import budget_s, publish
from warmline.suites.repo_corpus import QUICK_PACKAGES
from warmline.suites.writing_engine import (
    PREFIX_TOKENS,
    SUFFIX_TOKENS,
    conditions_of_writing,
    engine_settings,
    line_settings,
    writing_engine,
)

COMMAND = "eval confidence"
CASES, QUICK_CASES = 150, 8
_FEWEST_TO_FIT = 30


def measure_confidence(arguments: argparse.Namespace) -> int:
    """Measure what was asked for, show and write it, and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    console = Console(stderr=True, highlight=False)
    try:
        report, outcome = _measure(arguments, console)
    except (CannotMeasureError, OtherConditionsError) as error:
        raise UsageError(str(error)) from error
    publish(report, arguments, console, STYLE, PLOTS)
    return ExitCode.INTERRUPTED if outcome.is_interrupted else 0


def _measure(arguments: argparse.Namespace, console: Console) -> tuple[Report, Outcome]:
    with shown_progress() as progress:
        plan, complaints = _plan(arguments, progress)
    journal = open_journal(
        arguments.out, conditions_of_writing(COMMAND, arguments, _params(arguments)), read_sure
    )
    with _Meter(arguments) as meter, watching(console) as audience:
        deadline = Deadline(budget_s(arguments))  # from when the model is loaded
        outcome = measure_cases(plan, meter, journal, deadline=deadline, audience=audience)
    report = Report(
        command=COMMAND,
        version=__version__,
        machine=this_machine(),
        model=engine_settings(arguments).model,
        seed=arguments.seed,
        rows=rows_of(journal.records, arguments.seed, _params(arguments)),
        notes=(*_fitted(journal.records), *complaints, *outcome.notes()),
    )
    return report, outcome


def _plan(
    arguments: argparse.Namespace, progress: Progress
) -> tuple[Plan[Cursor], tuple[str, ...]]:
    """Return all cursors of each line, one after the other, so that a line is read once."""
    settings = engine_settings(arguments)
    directory = ModelStore(offline=settings.offline).pull(settings.model, progress)
    subject = load_subject(settings.model, directory, threads=settings.threads)
    if not subject.layout.family.fills_in_the_middle:
        raise CannotMeasureError(
            f"{subject.name} does not read text after the cursor; name another with --model"
        )
    count = cache(lambda line: len(subject.tokenization.encode(line)))  # many lines are alike
    packages = packages_of(Split(arguments.split), corpus_packages())
    corpus = fetch_all(packages[: QUICK_PACKAGES if arguments.quick else None], progress)
    sources = [PackageTasks(source, count) for source in corpus.sources]
    num_cases = arguments.cases or (QUICK_CASES if arguments.quick else CASES)
    drawn = all_tasks(LINE, FILL_IN, sources, per_package=num_cases, seed=arguments.seed)
    tasks = tuple(islice(drawn, num_cases))
    streams = [Stream(kind, num_cases, [cursor_of(task, kind) for task in tasks]) for kind in KINDS]
    return Plan(streams), corpus.complaints


class _Meter(LoopedMeter):
    """Measures cursors with one completer over an engine of its own. To be used as a context."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        super().__init__()
        self._settings = engine_settings(arguments)
        self._completion_settings = replace(line_settings(), heal_words=not arguments.no_healing)

    def measure(self, cursor: Cursor) -> SureRecord:
        """Return what came of a cursor.

        Raises:
            CannotMeasureError: If the engine did not answer.
        """
        return self._loop.run(self._writer.measure(cursor))

    async def _begin(self) -> None:
        engine = await self._exits.enter_async_context(
            writing_engine(self._settings, f"warmline {COMMAND}")
        )
        completer = Completer(engine, self._completion_settings)
        self._exits.push_async_callback(completer.aclose)
        self._writer = SureWriter(completer)


def _fitted(records: Sequence[SureRecord]) -> tuple[str, ...]:
    """Say which weights fit best what was measured."""
    offered = [each for each in records if each.is_offered]
    if len(offered) < _FEWEST_TO_FIT:
        return ()
    told = ", ".join(f"{weight:.4g}" for weight in fit(offered))
    return (f"Weights fitted to these {len(offered)} suggestions: {told}.",)


def _params(arguments: argparse.Namespace) -> dict[str, Parameter]:
    """Say what every figure depends on."""
    return {
        "split": arguments.split,
        "prefix_tokens": PREFIX_TOKENS,
        "suffix_tokens": SUFFIX_TOKENS,
        "heals_words": not arguments.no_healing,
    }
