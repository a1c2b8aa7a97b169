import argparse
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DownloadError
from engine.weights.progress import Progress, ProgressReport
from engine.weights.store import ModelStore
from warmline.commands import models


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WARMLINE_CACHE", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


def call(*words: str) -> int:
    parser = argparse.ArgumentParser("warmline")
    models.add_parser(parser.add_subparsers())
    return models.run(parser.parse_args(["models", *words]))


def put_partial(cache: Path, name: str) -> None:
    partial = cache / "models" / ".partial" / name
    partial.mkdir(parents=True)
    (partial / "part").write_bytes(bytes(1500))


def test_the_list_is_the_default(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_partial(cache, "smollm2-135m")
    assert call() == 0
    output = capsys.readouterr().out
    lines = {line.split()[0]: line for line in output.splitlines() if line}
    assert "absent" in lines["qwen2.5-coder-0.5b"]
    assert "491 MB" in lines["qwen2.5-coder-0.5b"]
    assert lines["smollm2-135m"].split()[1:4] == ["partial", "2", "kB"]
    assert f"Kept in {cache / 'models'}" in output
    models, encoders = output.split("Text encoders")
    assert "all-minilm-l6-v2" in encoders
    assert "all-minilm-l6-v2" not in models
    assert f"Kept in {cache / 'encoders'}" in encoders


@pytest.mark.parametrize("words", [("--json",), ("list", "--json"), ("--json", "list")])
def test_the_list_as_json(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*words) == 0
    said = json.loads(capsys.readouterr().out)
    encoders = {row["name"]: row for row in said["encoders"]}
    assert encoders["all-minilm-l6-v2"]["license"] == "Apache-2.0"
    rows = {row["name"]: row for row in said["models"]}
    assert "all-minilm-l6-v2" not in rows
    assert rows["qwen2.5-coder-0.5b"]["default"]
    assert rows["qwen2.5-coder-0.5b"]["state"] == "absent"
    assert rows["starcoder2-3b"]["sha256"] is None


def test_narrow_terminals_keep_names_and_states(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert call("list") == 0
    assert "deepseek-coder-1.3b-base  absent" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [("pull",), ("remove",), ("fetch", "x"), ("pull", "a", "b"), ("--jsn",)]
)
def test_malformed_calls_are_wrong_calls(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        call(*words)
    assert caught.value.code == 2


@pytest.mark.parametrize("action", ["pull", "remove"])
def test_an_unknown_name_is_a_wrong_call(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(action, "no-such-model") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("warmline: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("words", [("--offline", "pull"), ("pull", "--offline")])
def test_offline_pulls_fail(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*words, "smollm2-135m") == 1
    assert "`offline` forbids" in capsys.readouterr().err


def pretend(monkeypatch: pytest.MonkeyPatch, work: Any) -> None:
    """Let `work(progress)` stand for the store's pull."""

    def pull(_store: ModelStore, _name: str, progress: Progress) -> Path:
        work(progress)
        return Path("/somewhere/tiny")

    monkeypatch.setattr(ModelStore, "pull", pull)


def test_a_pull_prints_plain_lines_and_then_the_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(progress: Progress) -> None:
        for done in range(101):
            progress(ProgressReport("download", done, 100, "Downloading"))
        progress(ProgressReport("convert", 0, None, "Converting"))

    pretend(monkeypatch, work)
    assert call("pull", "tiny") == 0
    said = capsys.readouterr()
    assert said.out == "/somewhere/tiny\n"
    lines = said.err.splitlines()
    assert lines[0] == "Downloading"
    assert lines[-1] == "Converting"
    assert 10 <= len(lines) <= 13


def test_a_terminal_gets_a_bar_below_each_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(progress: Progress) -> None:
        progress(ProgressReport("download", 50, 100, "Downloading [tiny]"))
        progress(ProgressReport("convert", 0, None, "Converting"))
        progress(ProgressReport("convert", 7, 9, "Converting"))

    pretend(monkeypatch, work)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert call("pull", "tiny") == 0
    said = capsys.readouterr()
    assert said.out == "/somewhere/tiny\n"
    assert "Downloading [tiny]" in said.err
    assert said.err.count("Converting") == 1
    assert "7/9" in said.err


def test_a_pull_as_json_prints_json_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, lambda progress: progress(ProgressReport("x", 0, None, "Working")))
    assert call("pull", "tiny", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"name": "tiny", "path": "/somewhere/tiny"}


def test_a_failed_pull_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_progress: Progress) -> None:
        raise DownloadError("Nobody gave it.")

    pretend(monkeypatch, fail)
    assert call("pull", "tiny") == 1
    assert capsys.readouterr().err == "warmline: Nobody gave it.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pull_can_be_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    pretend(monkeypatch, lambda _progress: os.kill(os.getpid(), number))
    before = signal.getsignal(signal.SIGTERM)
    interrupted = signal.getsignal(signal.SIGINT)  # ignored in what a shell starts with `&`
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert call("pull", "tiny") == 1
    finally:
        signal.signal(signal.SIGINT, interrupted)
    assert "what has been downloaded is kept" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == before


def test_removing_says_what_was_freed(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_partial(cache, "smollm2-135m")
    assert call("remove", "smollm2-135m") == 0
    assert capsys.readouterr().out == "Removed smollm2-135m, 2 kB.\n"
    put_partial(cache, "smollm2-135m")
    assert call("remove", "smollm2-135m", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"name": "smollm2-135m", "freed_bytes": 1500}


def test_an_encoder_is_pulled_into_a_folder_of_its_own(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can serve it as a model that writes code."""
    asked: list[Path] = []

    def pull(store: ModelStore, _name: str, _progress: Progress) -> Path:
        asked.append(store.directory)
        return Path("/somewhere")

    monkeypatch.setattr(ModelStore, "pull", pull)
    assert call("pull", "all-MiniLM-L6-v2") == 0
    assert call("pull", "smollm2-135m") == 0
    assert asked == [cache / "encoders", cache / "models"]


def test_an_encoder_is_removed_from_its_own_folder(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    partial = cache / "encoders" / ".partial" / "all-minilm-l6-v2"
    partial.mkdir(parents=True)
    (partial / "part").write_bytes(bytes(1500))
    assert call("remove", "all-minilm-l6-v2") == 0
    assert "2 kB" in capsys.readouterr().out
    assert not partial.exists()
