"""`warmline engine` on the model double, with a service in a process of its own."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.client.launch import engine_command
from engine.errors import EngineError, EngineUnavailableError
from engine.protocol.endpoint import Transport, endpoint_for
from engine.settings import EngineSettings
from tests.unit.engine.doubles import WAIT_S
from warmline.commands import engine as command

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).with_name("double_service.py")

Call = Callable[..., Any]


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return parser.parse_args(["engine", *words])


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Call]:
    """Run the command on an engine of the double; returns what it prints, as JSON."""
    monkeypatch.setenv("WARMLINE_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("WARMLINE_TRANSPORT", raising=False)
    script = [sys.executable, str(SCRIPT), str(tmp_path), Transport.UNIX, "60"]
    monkeypatch.setattr("engine.client.launch.engine_command", lambda _settings: script)

    def call(action: str, *more: str) -> Any:
        assert command.run(parse(action, "--model", "double", "--json", *more)) == 0
        return json.loads(capsys.readouterr().out)

    yield call
    endpoint = endpoint_for("double")
    card = endpoint.read_card()
    if card is not None and endpoint.has_service():
        os.kill(card.pid, signal.SIGKILL)


def test_starting_asking_and_stopping(call: Call) -> None:
    assert call("status") == {"running": False}
    started = call("start")
    assert started["state"]["phase"] == "ready"
    status = call("status")
    assert status["running"]
    assert status["pid"] == started["pid"]
    process = psutil.Process(status["pid"])
    assert call("stop") == {"stopped": True}
    process.wait(WAIT_S)
    assert call("stop") == {"stopped": False}
    assert call("status") == {"running": False}


def test_an_engine_that_does_not_answer_is_killed(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(command.launcher_for.__globals__["_CONNECTION"], "open_timeout", 0.2)
    monkeypatch.setattr(command, "_STOP_TIMEOUT_S", 0.2)
    process = psutil.Process(call("start")["pid"])
    process.suspend()
    with pytest.raises(EngineUnavailableError, match="does not answer; stop it"):
        call("status")
    assert call("stop") == {"stopped": True}
    process.wait(WAIT_S)


def test_what_people_read_without_json(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    call("start")
    capsys.readouterr()
    assert command.run(parse("--model", "double")) == 0
    assert "double is ready." in capsys.readouterr().out


def test_forgetting_deletes_what_engines_have_kept(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "snapshots"
    monkeypatch.setenv("WARMLINE_SNAPSHOT_DIR", str(kept))
    kept.mkdir()
    (kept / "abc.snapshot").write_bytes(b"text of a document")
    assert call("stop") == {"stopped": False}
    assert len(list(kept.iterdir())) == 1
    assert call("stop", "--forget") == {"stopped": False}
    assert not list(kept.iterdir())


def test_only_a_stop_forgets(call: Call) -> None:
    with pytest.raises(EngineError, match="goes with `warmline engine stop`"):
        call("status", "--forget")


def test_the_command_for_the_service_says_every_setting_again() -> None:
    settings = EngineSettings(model="m", offline=True, drafts=False, device="cpu", threads=2)
    words = engine_command(settings)
    assert words[1:6] == ["-I", "-m", "warmline", "engine", "run"]
    arguments = vars(parse(*words[5:]))
    assert (
        EngineSettings(**{name: arguments[name] for name in EngineSettings.__slots__}) == settings
    )
