"""`warmline analysers`."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.errors import SetUpError
from warmline.commands import analysers
from warmline.errors import WorkError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WARMLINE_CACHE", str(tmp_path))
    return tmp_path


def call(*words: str) -> int:
    parser = argparse.ArgumentParser("warmline")
    analysers.add_parser(parser.add_subparsers())
    return analysers.run(parser.parse_args(["analysers", *words]))


def pretend(monkeypatch: pytest.MonkeyPatch, failure: Exception | None = None) -> list[bool]:
    """Have an installation do no more than say so."""
    calls: list[bool] = []

    def install(
        self: AnalysisEnvironment, progress: Callable[[str], None], *, is_again: bool = False
    ) -> None:
        calls.append(is_again)
        progress("Collecting ty==1.0")
        if failure:
            raise failure
        self.python.parent.mkdir(parents=True)
        self.python.touch()
        (self.folder / "warmline-stamp").write_text(self._digest)

    monkeypatch.setattr(AnalysisEnvironment, "install", install)
    return calls


def test_the_state_is_the_default(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 0
    said = capsys.readouterr().out
    assert "not installed" in said
    assert str(cache / "analysers") in said
    assert "warmline analysers install" in said


@pytest.mark.parametrize("words", [("--json",), ("status", "--json"), ("--json", "status")])
def test_the_state_as_json(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ready"] is False
    assert said["bytes_on_disk"] == 0
    assert said["packages"]["multilspy"] == "0.1.1"


def test_installing_shows_progress_apart_from_the_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = pretend(monkeypatch)
    assert call("install", "--json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["ready"] is True
    assert said.err == "Collecting ty==1.0\n"
    assert calls == [False]


def test_installing_again_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pretend(monkeypatch)
    assert call("install", "--again") == 0
    assert calls == [True]


def test_what_is_installed_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch)
    call("install")
    assert "multilspy 0.1.1" in capsys.readouterr().out


def test_a_failure_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, SetUpError("pip cannot reach its registry."))
    with pytest.raises(WorkError, match="registry"):
        call("install")
