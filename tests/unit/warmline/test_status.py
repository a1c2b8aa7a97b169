"""`warmline status`: what people, scripts and Prometheus are shown of windows and the engine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from completion.usage.tally import Event, Family, Stage, Tally
from engine.errors import EngineUnavailableError
from engine.protocol.messages import EngineState, EngineStatus, Phase
from lsp_server.figures_file import FiguresFile, WindowFigures
from warmline.commands import status
from warmline.figures import describe_window
from warmline.main import main

ENGINE = EngineStatus(EngineState(Phase.READY, 1.0, "It is ready."), 42, 5.0, 2, (), 10, 100, 0)

_SUGGESTIONS = (
    "  suggestions: 10 shown, 4 accepted (3 whole), 1 taken back, 0 typed along; acceptance 30%"
)


def tally() -> Tally:
    tally = Tally()
    for event, number in (
        (Event.OFFERED, 12),
        (Event.SHOWN, 10),
        (Event.ACCEPTED, 4),
        (Event.ACCEPTED_WHOLE, 3),
        (Event.TAKEN_BACK, 1),
    ):
        tally.add(Family.SUGGESTIONS, event, number)
    tally.add(Family.RETENTION_PIECES, "30s", 3)
    tally.add(Family.RETENTION_WHOLE, "30s", 2)
    tally.add(Family.RETENTION_CHARACTERS, "30s", 200)
    tally.add(Family.RETENTION_KEPT, "30s", 150)
    tally.add(Family.ANSWERS, "typed_along", 1200)
    tally.add(Family.EMPTY_ANSWERS, "timed-out", 2)
    tally.time(Stage.TOTAL, 100.0)
    return tally


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FiguresFile]:
    """This process, posing as a window."""
    monkeypatch.setenv("WARMLINE_RUNTIME_DIR", str(tmp_path))
    file = FiguresFile("1.0")
    file.write(tally())
    yield file
    file.close()


def test_people_read_shares_and_percentiles() -> None:
    lines = describe_window(WindowFigures(7, "1.0", 4000.0, tally())).splitlines()
    assert lines == [
        "window 7, version 1.0, up 1 h 7 min",
        _SUGGESTIONS,
        "  still there after 30 s: 75% of the characters, 2 of 3 whole",
        "  answers: 1,200 typed along; empty: 2 timed-out",
        "  ms                  n      p50      p90      p95      p99  longest",
        "  total               1      100      100      100      100      100",
    ]


def test_a_window_that_counted_nothing_says_so() -> None:
    assert describe_window(WindowFigures(7, "1.0", 5.0, Tally())).splitlines() == [
        "window 7, version 1.0, up 5 s",
        "  no suggestions yet",
    ]
    assert "another version" in describe_window(WindowFigures(7, "1.0", 5.0, None))


@pytest.mark.usefixtures("window")
def test_json_has_engine_and_windows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["engine"] == {"running": False, "problem": None}
    [shown] = value["windows"]
    assert shown["metrics"]["suggestions"]["acceptance"] == 0.3
    assert shown["metrics"]["retention"]["30s"] == {"pieces": 3, "whole": 2, "kept": 0.75}
    assert shown["metrics"]["retention"]["5min"]["kept"] is None


@pytest.mark.usefixtures("window")
def test_prometheus_has_both(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def answer(_: object) -> EngineStatus:
        return ENGINE

    monkeypatch.setattr(status, "running_status", answer)
    assert main(["status", "--prometheus"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "warmline_engine_up 1" in lines
    assert "warmline_engine_clients 2" in lines
    assert any(line.endswith('event="shown"} 10') for line in lines)


@pytest.mark.usefixtures("window")
def test_an_engine_that_does_not_answer_does_not_hide_the_windows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fail(_: object) -> EngineStatus:
        raise EngineUnavailableError("It does not answer.")

    monkeypatch.setattr(status, "running_status", fail)
    assert main(["status"]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("It does not answer.\n")
    assert "10 shown" in shown
    assert main(["status", "--prometheus"]) == 1
    printed = capsys.readouterr()
    assert "warmline_engine_up 0" in printed.out
    assert "It does not answer." in printed.err


def test_two_forms_at_once_are_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json", "--prometheus"]) == 2
    assert "exclude each other" in capsys.readouterr().err
