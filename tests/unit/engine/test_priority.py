"""The engine's priority, in processes of their own, which keep what they are given."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.service.priority import NICENESS

PROGRAM = """
import os, pathlib
os.setpriority(os.PRIO_PROCESS, 0, int(os.environ["BEFORE"]))
from engine.service.priority import give_way
give_way()
group = pathlib.Path("/proc/self/autogroup")
print(os.getpriority(os.PRIO_PROCESS, 0), group.read_text() if group.exists() else "")
"""

pytestmark = pytest.mark.skipif(
    not hasattr(os, "setpriority") or os.getpriority(os.PRIO_PROCESS, 0) > 0,
    reason="there is no niceness here, or these tests run with one that cannot be taken back",
)


def told(before: int, *, has_own_session: bool) -> tuple[int, str]:
    """Return niceness and autogroup of a process that gave way."""
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "BEFORE": str(before)},
        start_new_session=has_own_session,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    niceness, _, group = output.partition(" ")
    return int(niceness), group.strip()


@pytest.mark.parametrize(("before", "after"), [(0, NICENESS), (NICENESS + 4, NICENESS + 4)])
def test_others_go_first(before: int, after: int) -> None:
    niceness, group = told(before, has_own_session=True)
    assert niceness == after
    assert not group or group.endswith(f"nice {after}")


def test_a_terminal_keeps_its_place() -> None:
    """What was started in a session of others changes nothing for them."""
    group = Path("/proc/self/autogroup")
    if not group.exists():
        pytest.skip("sessions are not told apart here")
    before = group.read_text().strip()
    assert told(0, has_own_session=False) == (NICENESS, before)
