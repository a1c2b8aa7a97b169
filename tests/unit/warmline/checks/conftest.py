"""A machine of its own for each check: folders, variables and programs."""

from pathlib import Path

import pytest

from tests.unit.warmline.checks.machine import Machine


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)
