"""The service's log stays short, whoever opened it."""

import logging
from pathlib import Path

import pytest

from engine.service import logs


def test_a_log_file_begins_anew_when_it_has_grown_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_LOG_BYTES", 1000)
    path = tmp_path / "engine.log"
    with path.open("a") as file:
        handler = logs.BoundedHandler(file)
        for number in range(300):
            handler.emit(logging.makeLogRecord({"msg": f"line {number}"}))
    assert path.stat().st_size <= 1000 + len("line 299\n")
    assert path.read_text().endswith("line 298\nline 299\n")
