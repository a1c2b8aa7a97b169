"""Python, packages and torch that do not fit."""

import json
import os
import subprocess
import sys
from importlib import metadata

import pytest

from completion import grammars
from tests.unit.warmline.checks.machine import only
from warmline.checks import installation
from warmline.checks.finding import Verdict
from warmline.checks.installation import check_grammars, check_packages, check_python
from warmline.checks.problems import Problem
from warmline.checks.processor import check_torch

LOOK_AT_TORCH = """
import json, os
os.cpu_count = lambda: 8
from warmline.checks.processor import check_torch
print(json.dumps({finding.id: finding.advice for finding in check_torch()}))
"""


def test_a_python_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_python().verdict is Verdict.WORKS
    monkeypatch.setattr(installation, "OLDEST_PYTHON", (9, 0))
    assert check_python().id == Problem.PYTHON_OLD.id


def test_a_package_that_is_missing_or_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = ["pytest>=9000", "no-such-package", "rich>=1", "absent; extra == 'dev'"]
    monkeypatch.setattr(installation, "requires", lambda _: wanted)
    finding = check_packages()
    assert finding.id == Problem.PACKAGES_WRONG.id
    assert "wanted >=9000" in finding.found
    assert "no-such-package is missing" in finding.found
    assert "rich" not in finding.found
    assert "absent" not in finding.found


def test_warmline_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "requires", lambda _: metadata.requires("no-such-package"))
    assert check_packages().id == Problem.NOT_INSTALLED.id


def test_a_grammar_that_does_not_load_costs_only_quality(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_grammars().verdict is Verdict.WORKS
    monkeypatch.setitem(grammars.GRAMMARS, "klingon", ("tree_sitter_klingon", "language"))
    finding = check_grammars()
    assert finding.id == Problem.GRAMMARS_BROKEN.id
    assert finding.found == "cannot be loaded: klingon"
    assert not grammars.has_grammar("klingon")


def test_a_torch_that_cannot_be_loaded_is_the_only_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert only(check_torch()).id == Problem.TORCH_BROKEN.id


def test_a_torch_that_is_held_back_is_found() -> None:
    """By variables that torch reads itself, once, when it is loaded."""
    held_back = {
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOOK_AT_TORCH],
        env=os.environ | held_back,
        cwd=installation.__file__.split("warmline/checks")[0],
        capture_output=True,
        check=True,
        timeout=200,
    )
    advice = json.loads(done.stdout)
    assert list(advice) == [
        Problem.TORCH_INSTRUCTIONS.id,
        Problem.TORCH_THREADS.id,
        Problem.BFLOAT16_SLOW.id,
    ]
    assert advice[Problem.TORCH_THREADS.id] == "`unset OMP_NUM_THREADS`"
