import os
import sys
from pathlib import Path

import pytest

from engine.weights.child import ChildStalledError, last_words, run_child

TELL_AND_SLEEP = """
import os, pathlib, sys, time
pathlib.Path("child.pid").write_text(str(os.getpid()))
time.sleep(600)
"""


def run(folder: Path, code: str, watch: object = lambda: 0, stall_s: float = 60.0) -> int:
    return run_child(
        [sys.executable, "-c", code],
        folder=folder,
        log=folder / "log",
        environment={"GREETING": "hello"},
        watch=watch,  # type: ignore[arg-type]
        stall_s=stall_s,
    )


def assert_gone(pid: int) -> None:
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_exit_code_and_output_come_back(tmp_path: Path) -> None:
    code = "import os, sys; print(os.environ['GREETING']); sys.exit(3)"
    assert run(tmp_path, code) == 3
    assert last_words(tmp_path / "log") == "hello"


def test_a_child_is_killed_when_its_watcher_raises(tmp_path: Path) -> None:
    pid_file = tmp_path / "child.pid"

    def watch() -> int:
        if pid_file.exists() and pid_file.read_text():
            raise KeyboardInterrupt
        return 0

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, TELL_AND_SLEEP, watch)
    assert_gone(int(pid_file.read_text()))


def test_a_child_without_progress_is_killed(tmp_path: Path) -> None:
    def watch() -> int:
        return int((tmp_path / "child.pid").exists())

    with pytest.raises(ChildStalledError):
        run(tmp_path, TELL_AND_SLEEP, watch, stall_s=1.0)
    assert_gone(int((tmp_path / "child.pid").read_text()))


def test_a_child_sees_no_input_while_its_parent_lives(tmp_path: Path) -> None:
    code = "import select, sys; print(select.select([0], [], [], 0)[0])"
    assert run(tmp_path, code) == 0
    assert last_words(tmp_path / "log") == "[]"
