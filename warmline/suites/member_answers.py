"""The parts of `warmline eval members --analysers-only` put together: sites, arms, report."""

import argparse
from collections.abc import Mapping
from functools import partial

from rich.console import Console

from evaluation.bench.audience import watching
from evaluation.bench.runner import Deadline
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.members.asked_notes import notes_of
from evaluation.members.asked_summary import PLOTS, STYLE, rows_of
from evaluation.members.asking import asking_desks, read_asked
from evaluation.members.desks import DeskMeter
from evaluation.report import Parameter, Report, this_machine
from evaluation.shards.run import Outcome, measure_cases, open_journal
from warmline import __version__
from warmline.errors import UsageError
from warmline.main import ExitCode
from warmline.progress import shown_progress
from warmline.suites.measuring import budget_s, publish
from warmline.suites.member_analysers import arms_in, installed_host
from warmline.suites.member_sites import plan_sites

COMMAND = "eval members --analysers-only"


def measure_answers(arguments: argparse.Namespace) -> int:
    """Ask about what was asked for, show and write it, and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the folder.
    """
    console = Console(stderr=True, highlight=False)
    try:
        report, outcome = _measure(arguments, console)
    except (CannotMeasureError, OtherConditionsError) as error:
        raise UsageError(str(error)) from error
    publish(report, arguments, console, STYLE, PLOTS)
    return ExitCode.INTERRUPTED if outcome.is_interrupted else 0


def _measure(arguments: argparse.Namespace, console: Console) -> tuple[Report, Outcome]:
    deadline = Deadline(budget_s(arguments))
    with shown_progress() as progress:
        host = installed_host(progress)
        plan = plan_sites(arguments, progress)
    start_arms = partial(arms_in, host=host, is_cold=arguments.cold)
    desks = asking_desks(start_arms, arguments.budget_ms)
    journal = open_journal(arguments.out, _conditions(arguments), read_asked)
    with DeskMeter(plan.workspaces, desks) as meter, watching(console) as audience:
        outcome = measure_cases(plan.plan, meter, journal, deadline=deadline, audience=audience)
    report = Report(
        command=COMMAND,
        version=__version__,
        machine=this_machine(),
        model="none",
        seed=arguments.seed,
        rows=rows_of(journal.records, arguments.seed, _params(arguments)),
        notes=(*notes_of(journal.records), *plan.complaints, *outcome.notes()),
    )
    return report, outcome


def _params(arguments: argparse.Namespace) -> Mapping[str, Parameter]:
    documents = "opened" if arguments.cold else "read ahead"
    return {"budget_ms": arguments.budget_ms, "documents": documents}


def _conditions(arguments: argparse.Namespace) -> Mapping[str, Parameter]:
    """Say what must not differ between two shards of a run."""
    return {
        "command": COMMAND,
        "version": __version__,
        "processor": this_machine().processor,
        "split": arguments.split,
        "seed": arguments.seed,
        **_params(arguments),
    }
