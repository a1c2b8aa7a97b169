"""`warmline doctor`: what is installed, what works, and what to do about the rest."""

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.errors import ModelError
from lsp_server.settings import Settings
from warmline.checks.analysers import check_analysers
from warmline.checks.clients import check_clients
from warmline.checks.disk import check_disk
from warmline.checks.editor_settings import check_settings, read_editor_settings
from warmline.checks.engine import check_engine, runs_engine
from warmline.checks.environment import check_environment
from warmline.checks.finding import Finding, Verdict
from warmline.checks.folders import check_folders
from warmline.checks.installation import check_grammars, check_packages, check_python
from warmline.checks.memory import check_memory
from warmline.checks.model import check_model
from warmline.checks.problems import Problem
from warmline.checks.processor import check_torch
from warmline.checks.retrieval import check_retrieval
from warmline.options import add_json_option, add_model_option, print_json

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
        epilog="Changes nothing. Exit code 1 if something that is needed does not work. What it "
        "prints holds no text of your files and can be attached to a bug report; "
        "docs/troubleshooting.md explains each finding.",
    )
    parser.add_argument(
        "--start", action="store_true", help="start the engine if none runs, and load the model"
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="look with an editor's settings: a JSON file such as VS Code's settings.json",
    )
    parser.add_argument("--offline", action="store_true", help="as if every download was forbidden")
    add_model_option(parser)
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look at everything, print the findings, and return 1 if something is broken.

    Raises:
        UsageError: If the file of settings cannot be read.
    """
    findings = list(_findings(arguments))
    works = all(finding.verdict is not Verdict.BROKEN for finding in findings)
    if arguments.json:
        print_json({"works": works, "findings": [asdict(finding) for finding in findings]})
    else:
        _print_table(findings)
    return int(not works)


def _findings(arguments: argparse.Namespace) -> Iterator[Finding]:
    settings, problems = _settings(arguments)
    yield check_python()
    yield check_packages()
    yield from check_torch()
    yield check_grammars()
    yield from check_environment()
    yield from check_settings(problems, is_given=arguments.settings is not None)
    yield from check_folders(settings.engine)
    yield from _check_weights(settings)
    yield from check_analysers()
    yield from check_clients()
    yield from asyncio.run(check_engine(settings.engine, may_start=arguments.start))


def _settings(arguments: argparse.Namespace) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings to look with, and what of the caller's file means nothing."""
    settings, problems = Settings(), tuple[str, ...]()
    if arguments.settings is not None:
        settings, problems = read_editor_settings(arguments.settings)
    engine = replace(
        settings.engine,
        model=arguments.model or settings.engine.model,
        offline=arguments.offline or settings.engine.offline,
    )
    return replace(settings, engine=engine), problems


def _check_weights(settings: Settings) -> Iterator[Finding]:
    """Look at the model, at what room it takes, and at what finds text of other files."""
    try:
        check = check_model(settings.engine)
        yield check.finding
        if check.folder is not None and not runs_engine(settings.engine):
            yield from check_memory(settings.engine, check.folder)
        yield from check_disk(settings.engine, check.folder)
        yield from check_retrieval(settings.completion)
    except ModelError as error:  # a folder that should hold weights cannot be read
        yield Problem.MODEL_UNUSABLE.finding(str(error))


def _print_table(findings: list[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        told = Text(finding.found)
        if finding.advice:
            told.append(f"\n{finding.advice}", "bold")
        table.add_row(_MARKS[finding.verdict], finding.subject, told)
    Console(highlight=False).print(table)
