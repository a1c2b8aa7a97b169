"""The installed command measures real weights beside every peer that is installed here."""

import json
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from evaluation.bench.peers import PACKAGES, installed_version
from evaluation.bench.plan import ENGINE_ARMS, PEER_ARMS

pytestmark = pytest.mark.e2e

CALL_TIMEOUT_S = 280
METRICS = {"update_ms", "first_token_ms", "line_ms"}


@pytest.mark.usefixtures("default_model_directory")
@pytest.mark.parametrize("arms", [ENGINE_ARMS, *((arm,) for arm in PEER_ARMS)])
def test_rows_of_each_arm(warmline_command: Path, tmp_path: Path, arms: tuple[str, ...]) -> None:
    """In a folder with a hostile package named like one of ours."""
    if missing := [arm for arm in arms if arm in PACKAGES and installed_version(arm) is None]:
        pytest.skip(f"{PACKAGES[missing[0]]} is not installed: `make bench-peers` installs it")
    hostile = tmp_path / "engine"
    hostile.mkdir()
    (hostile / "__init__.py").write_text("raise SystemExit('hostile code ran')\n")
    call = [
        "bench",
        "edits",
        "--quick",
        "--arms",
        ",".join(arms),
        "--kinds",
        "insert@10,type-in-middle",
    ]
    report = _report(
        warmline_command, *call, "--prompt-tokens", "300", "--repeats", "1", cwd=tmp_path
    )
    if any("llama.cpp is not measured" in note for note in report["notes"]):
        pytest.skip(f"no weights for llama.cpp: {report['notes']}")
    for kind, arm in product(("insert@10", "type-in-middle"), arms):
        rows = [row for row in report["rows"] if (row["kind"], row["arm"]) == (kind, arm)]
        assert {row["metric"] for row in rows} >= METRICS, report["notes"]
        assert all(row["value"] > 0 for row in rows)


def _report(command: Path, *arguments: str, cwd: Path) -> dict[str, Any]:
    done = subprocess.run(
        [command, *arguments, "--json"],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=CALL_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report
