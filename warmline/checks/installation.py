"""Python, the installed packages, and the grammars."""

import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from completion.grammars import GRAMMARS, has_grammar
from warmline.checks.finding import Finding, works
from warmline.checks.problems import Problem

OLDEST_PYTHON = (3, 11)


def check_python() -> Finding:
    """Look at the interpreter that runs this."""
    found = f"{sys.version.split()[0]} in {sys.prefix}"
    return Problem.PYTHON_OLD.finding(found) if _is_old() else works("Python", found)


def _is_old() -> bool:
    return sys.version_info < OLDEST_PYTHON


def check_packages() -> Finding:
    """Compare what is installed with what the project asks for."""
    try:
        wanted = [Requirement(line) for line in requires("warmline") or ()]
    except PackageNotFoundError:
        return Problem.NOT_INSTALLED.finding("Warmline runs without being installed")
    needed = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    problems = [problem for one in needed if (problem := _problem_with(one))]
    if problems:
        return Problem.PACKAGES_WRONG.finding("; ".join(problems))
    return works("packages", f"all {len(needed)} as wanted")


def _problem_with(wanted: Requirement) -> str | None:
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is missing"
    if wanted.specifier.contains(found, prereleases=True):
        return None
    return f"{wanted.name} is {found}, wanted {wanted.specifier}"


def check_grammars() -> Finding:
    """Load the grammar of every language that has one."""
    broken = [language for language in GRAMMARS if not has_grammar(language)]
    if broken:
        return Problem.GRAMMARS_BROKEN.finding(f"cannot be loaded: {', '.join(broken)}")
    return works("grammars", f"all {len(GRAMMARS)} load")
