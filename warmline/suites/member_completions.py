"""The parts of `warmline eval members` put together: sites, engine, checkers, journals, report."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from engine.weights.progress import Progress
from engine.weights.store import ModelStore
from evaluation.bench.audience import watching
from evaluation.bench.runner import Deadline
from evaluation.corpus.errors import CorpusError
from evaluation.errors import CannotMeasureError, OtherConditionsError
from evaluation.journal import Journal
from evaluation.members.checking.basedpyright import Basedpyright
from evaluation.members.checking.checker import Checker
from evaluation.members.checking.gcc import GnuCompiler
from evaluation.members.checking.javac import JavaCompiler
from evaluation.members.checking.judging import Court
from evaluation.members.checking.tools import (
    basedpyright_command,
    gnu_compiler,
    java_compiler,
    tsc_command,
)
from evaluation.members.checking.tsc import JavaScriptCompiler, TypeScriptCompiler
from evaluation.members.checking.verdicts import Verdict, WrittenSite, read_verdict
from evaluation.members.desks import DeskMeter
from evaluation.members.writing import WrittenRecord, read_written
from evaluation.members.written_summary import PLOTS, STYLE, rows_of
from evaluation.report import Parameter, Report, this_machine
from evaluation.shards.run import measure_cases, open_journal
from monitors.analysis.launching import InstalledHost
from warmline import __version__
from warmline.errors import UsageError
from warmline.main import ExitCode
from warmline.progress import shown_progress
from warmline.suites.measuring import budget_s, publish
from warmline.suites.member_analysers import installed_host
from warmline.suites.member_sites import MembersPlan, plan_sites
from warmline.suites.member_writing import writing_desks
from warmline.suites.writing_engine import (
    PREFIX_TOKENS,
    SUFFIX_TOKENS,
    conditions_of_writing,
    engine_settings,
)

COMMAND = "eval members"
VERDICTS_NAME = "verdicts.jsonl"
_GNU_COMPILERS = {"c": "gcc", "cpp": "g++"}
_WRITING_SHARE = 0.6
"""Of the time there is; the rest is for checking."""


def measure_completions(arguments: argparse.Namespace) -> int:
    """Measure what was asked for, show and write it, and return the exit code.

    Raises:
        UsageError: If what was asked for does not fit the model or the folder.
    """
    console = Console(stderr=True, highlight=False)
    try:
        run = _prepare(arguments)
        is_interrupted, notes = run.measure(console)
    except (CannotMeasureError, CorpusError, OtherConditionsError) as error:
        raise UsageError(str(error)) from error
    publish(run.report(notes), arguments, console, STYLE, PLOTS)
    return ExitCode.INTERRUPTED if is_interrupted else 0


@dataclass(frozen=True, slots=True)
class _Run:
    """What is measured, with what, and where it is kept."""

    arguments: argparse.Namespace
    plan: MembersPlan
    host: InstalledHost
    checkers: Mapping[str, Checker]
    written: Journal[WrittenRecord]
    verdicts: Journal[Verdict]

    def measure(self, console: Console) -> tuple[bool, tuple[str, ...]]:
        """Write, then check; say whether somebody pressed Ctrl-C, and what there is to note."""
        desks = writing_desks(self.arguments, self.host)
        with DeskMeter(self.plan.workspaces, desks) as meter, watching(console) as audience:
            deadline = self._deadline(_WRITING_SHARE)  # from when the model is loaded
            outcome = measure_cases(
                self.plan.plan, meter, self.written, deadline=deadline, audience=audience
            )
        notes = outcome.notes()
        if outcome.is_interrupted:
            return True, notes
        court = Court(self.checkers, self.plan.workspaces)
        with watching(console) as audience:
            deadline = self._deadline(1 - _WRITING_SHARE)
            judged = court.judge_all(self._to_judge(), self.verdicts, deadline, audience)
        return judged.is_interrupted, (*notes, *judged.notes())

    def report(self, notes: Sequence[str]) -> Report:
        verdicts = {each.key: each for each in self.verdicts.records}
        params = _params(self.arguments)
        checked_by = ", ".join(dict.fromkeys(each.name for each in self.checkers.values()))
        return Report(
            command=COMMAND,
            version=__version__,
            machine=this_machine(),
            model=engine_settings(self.arguments).model,
            seed=self.arguments.seed,
            rows=rows_of(self.written.records, verdicts, self.arguments.seed, params),
            notes=(
                f"Checked by {checked_by or 'nobody'}.",
                *_unchecked(self.plan, self.checkers),
                *self.plan.complaints,
                *notes,
            ),
        )

    def _deadline(self, share: float) -> Deadline:
        """Return when a part of the time is over, counted from now."""
        whole_s = budget_s(self.arguments)
        return Deadline(None if whole_s is None else whole_s * share)

    def _to_judge(self) -> list[WrittenSite]:
        """Return the sites at which something was written that can be checked, in their order."""
        return [
            WrittenSite(site, self.written[site.key].texts)
            for site in self.plan.plan.cases()
            if site.key in self.written
            and self.plan.workspaces[site.package].language in self.checkers
        ]


def _prepare(arguments: argparse.Namespace) -> _Run:
    """Bring everything that must be there before the clock starts."""
    with shown_progress() as progress:
        host = installed_host(progress)
        plan = plan_sites(arguments, progress)
        checkers = _checkers({each.language for each in plan.workspaces.values()}, progress)
        ModelStore(offline=arguments.offline).pull(engine_settings(arguments).model, progress)
    conditions = conditions_of_writing(COMMAND, arguments, _params(arguments))
    folder: Path | None = arguments.out
    verdicts = Journal(folder / VERDICTS_NAME if folder else None, conditions, read_verdict)
    written = open_journal(folder, conditions, read_written)
    return _Run(arguments, plan, host, checkers, written, verdicts)


def _checkers(languages: set[str], progress: Progress) -> dict[str, Checker]:
    checkers: dict[str, Checker] = {}
    if "python" in languages:
        checkers["python"] = Basedpyright(basedpyright_command(progress))
    if "typescript" in languages:
        checkers["typescript"] = TypeScriptCompiler(tsc_command(progress))
    if "javascript" in languages:
        checkers["javascript"] = JavaScriptCompiler(tsc_command(progress))
    for language in languages & _GNU_COMPILERS.keys():
        if (command := gnu_compiler(_GNU_COMPILERS[language])) is not None:
            checkers[language] = GnuCompiler(command)
    if "java" in languages and (command := java_compiler()) is not None:
        checkers["java"] = JavaCompiler(command)
    return checkers


def _unchecked(plan: MembersPlan, checkers: Mapping[str, Checker]) -> Iterator[str]:
    languages = {workspace.language for workspace in plan.workspaces.values()}
    for language in sorted(languages - checkers.keys()):
        program = "javac" if language == "java" else f"GNU's {_GNU_COMPILERS[language]}"
        yield f"Nothing that was written in {language} was checked: there is no {program} here."


def _params(arguments: argparse.Namespace) -> dict[str, Parameter]:
    """Say what every figure depends on."""
    return {
        "budget_ms": arguments.budget_ms,
        "split": arguments.split,
        "prefix_tokens": PREFIX_TOKENS,
        "suffix_tokens": SUFFIX_TOKENS,
    }
