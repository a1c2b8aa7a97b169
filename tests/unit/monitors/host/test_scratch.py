"""Folders for what a server writes while it runs."""

import os
import subprocess
import sys
from pathlib import Path

from monitors.host.scratch import make_scratch


def _ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_ended_processes_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / f"warmline-java-{_ended_process()}-x"
    (left / "workspace").mkdir(parents=True)
    with make_scratch("java", tmp_path) as folder:
        assert not left.exists()
        assert Path(folder).parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_what_others_use_or_named_stays(tmp_path: Path) -> None:
    names = (f"warmline-java-{os.getpid()}-x", f"warmline-other-{_ended_process()}-x")
    kept = [tmp_path / name for name in (*names, "warmline-java-notes")]
    for folder in kept:
        folder.mkdir()
    with make_scratch("java", tmp_path):
        assert all(folder.exists() for folder in kept)
