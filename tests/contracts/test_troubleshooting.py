"""The page of problems says what the code says, and each problem is made real by a test."""

import re
from pathlib import Path

import pytest

from warmline.checks.finding import Verdict
from warmline.checks.problems import Problem
from warmline.checks.troubleshooting import markdown
from warmline.main import COMMANDS

PROJECT = Path(__file__).resolve().parents[2]
CHECKS = PROJECT / "tests" / "unit" / "warmline" / "checks"


def test_the_page_is_the_one_that_is_generated() -> None:
    assert (PROJECT / "docs" / "troubleshooting.md").read_text(encoding="utf-8") == markdown()


def test_no_two_problems_have_one_name() -> None:
    names = [problem.id for problem in Problem]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+\.[a-z]+(-[a-z]+)*", name) for name in names)
    assert not any(name.endswith(".works") for name in names)


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_has_a_step_and_a_test(problem: Problem) -> None:
    assert problem.value.step
    assert problem.value.verdict is not Verdict.WORKS
    tests = "".join(file.read_text(encoding="utf-8") for file in CHECKS.glob("test_*.py"))
    assert re.search(rf"\bProblem\.{problem.name}\b", tests)


def test_commands_to_type_are_commands() -> None:
    """So that no step names a command that has been renamed."""

    steps = "".join(problem.value.step for problem in Problem)
    typed = set(re.findall(r"`warmline ([a-z-]+)", steps))
    assert typed
    assert typed <= set(COMMANDS)
