"""`warmline doctor`: what is installed, what works, and what to do about the rest."""

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.settings import EngineSettings
from warmline.checks.analysers import check_analysers
from warmline.checks.engine import check_engine
from warmline.checks.finding import Finding, Verdict
from warmline.checks.installation import check_grammars, check_packages, check_python, check_torch
from warmline.checks.storage import check_cache_folder, check_model_and_space
from warmline.options import add_json_option, add_model_option, engine_settings, print_json

_MARKS = {
    Verdict.WORKS: Text("✓", "green"),
    Verdict.WARNING: Text("!", "yellow"),
    Verdict.BROKEN: Text("✗", "bold red"),
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "doctor",
        description="Look at what is installed, what works, and what to do about the rest.",
        epilog="Changes nothing. Exit code 1 if something that is needed does not work.",
    )
    parser.add_argument(
        "--start", action="store_true", help="start the engine if none runs, and load the model"
    )
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look at everything, print the findings, and return 1 if something is broken."""
    settings = engine_settings(arguments)
    findings = list(_findings(settings, may_start=arguments.start))
    works = all(finding.verdict is not Verdict.BROKEN for finding in findings)
    if arguments.json:
        print_json({"works": works, "findings": [asdict(finding) for finding in findings]})
    else:
        _print_table(findings)
    return int(not works)


def _findings(settings: EngineSettings, *, may_start: bool) -> Iterator[Finding]:
    yield check_python()
    yield check_packages()
    yield from check_torch()
    yield check_grammars()
    yield check_analysers()
    yield check_cache_folder()
    yield from check_model_and_space(settings.model)
    yield asyncio.run(check_engine(settings, may_start=may_start))


def _print_table(findings: list[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        told = Text(finding.found)
        if finding.advice:
            told.append(f"\n{finding.advice}", "bold")
        table.add_row(_MARKS[finding.verdict], finding.subject, told)
    Console(highlight=False).print(table)
