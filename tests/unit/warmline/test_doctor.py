"""`warmline doctor`: the order in which it looks, what it prints, and what it never prints."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.warmline.checks.machine import Machine, amiss
from warmline.checks.finding import Finding, Verdict, works
from warmline.checks.paths import typed, without_home
from warmline.checks.problems import Problem
from warmline.commands import doctor
from warmline.main import ExitCode, main


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> list[Finding]:
    """Call the command and return its findings."""
    code = main(["doctor", "--json", *words])
    told = json.loads(capsys.readouterr().out)
    assert told["works"] == (code == 0)
    return [Finding(**finding) for finding in told["findings"]]


def test_everything_is_looked_at_and_nothing_is_made(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = said(capsys)
    subjects = dict.fromkeys(finding.subject for finding in findings)
    assert [subject for subject in subjects if subject != "bfloat16"] == [
        "Python",
        "packages",
        "torch",
        "grammars",
        "environment",
        "folders",
        "model",
        "disk",
        "retriever",
        "analysers",
        "clients",
        "engine",
    ]
    assert Problem.MODEL_MISSING.id in amiss(findings)
    assert list(machine.cache.iterdir()) == []


def test_a_home_directory_is_never_named(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor is it in what a table shows."""
    home = machine.home
    machine.set(
        WARMLINE_CACHE=home / "cache",
        WARMLINE_RUNTIME_DIR=home / "run",
        WARMLINE_SNAPSHOT_DIR=home / "kept",
        XDG_STATE_HOME=home / "state",
    )
    machine.cache = home / "cache"
    machine.add_model(model_type="bert")
    (home / "kept").mkdir()
    (home / "kept").chmod(0o777)
    file = home / "settings.json"
    settings = {
        "model": str(home / "cache" / "models" / "tiny"),
        "retriever": str(home / "no.safetensors"),
        "maxTokens": str(home),
    }
    file.write_text(json.dumps(settings), encoding="utf-8")
    findings = said(capsys, "--settings", str(file))
    expected = {
        Problem.SETTING_IGNORED.id,
        Problem.FOLDER_OPEN.id,
        Problem.MODEL_UNSUPPORTED.id,
        Problem.RETRIEVER_UNUSABLE.id,
    }
    assert expected <= set(amiss(findings))
    assert main(["doctor", "--settings", str(file)]) == ExitCode.FAILED
    table = capsys.readouterr().out
    for told in (table, *(finding.found + finding.advice for finding in findings)):
        assert str(home) not in told


def test_options_count_more_than_the_file_of_settings(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    file = machine.root / "settings.json"
    file.write_text('{"warmline.model": "no-such-model"}', encoding="utf-8")
    assert Problem.MODEL_UNKNOWN.id in amiss(said(capsys, "--settings", str(file)))
    others = said(capsys, "--settings", str(file), "--model", "starcoder2-3b", "--offline")
    assert Problem.MODEL_OFFLINE.id in amiss(others)


@pytest.mark.usefixtures("machine")
def test_a_file_of_settings_that_is_not_there_is_a_wrong_call(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor", "--settings", "/no/such.json"]) == ExitCode.WRONG_CALL
    assert "No settings can be read from /no/such.json" in capsys.readouterr().err


def test_a_store_that_cannot_be_read_is_a_finding(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = machine.cache / "models"
    loop.symlink_to(loop)
    assert Problem.MODEL_MISSING.id in amiss(said(capsys))


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.WORKS, 0), (Verdict.WARNING, 0), (Verdict.BROKEN, 1)]
)
def test_only_what_is_broken_fails(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verdict: Verdict,
    code: int,
) -> None:
    finding = Finding("thing.odd", "thing", verdict, "[found]", "do this")
    look: Callable[..., list[Finding]] = lambda *_: [finding]  # noqa: E731 - a typed double
    monkeypatch.setattr(doctor, "_findings", look)
    assert main(["doctor", "--json"]) == code
    assert json.loads(capsys.readouterr().out) == {
        "works": code == 0,
        "findings": [
            {
                "id": "thing.odd",
                "subject": "thing",
                "verdict": verdict,
                "found": "[found]",
                "advice": "do this",
            }
        ],
    }
    assert main(["doctor"]) == code
    assert "[found]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("in /home/al/x and '/home/al'.", "in ~/x and '~'."),
        ("/home/alice /mnt/home/al /home/al-2", "/home/alice /mnt/home/al /home/al-2"),
        ("file:///home/al/x", "file://~/x"),
    ],
)
def test_a_home_directory_is_shown_as_a_tilde(
    monkeypatch: pytest.MonkeyPatch, text: str, shown: str
) -> None:
    monkeypatch.setenv("HOME", "/home/al")
    assert without_home(text) == shown
    assert works("Some thing", text) == Finding("some-thing.works", "Some thing", "works", shown)


def test_what_is_to_be_typed_is_quoted_behind_the_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/al")
    assert typed(Path("/home/al")) == "~"
    assert typed(Path("/home/al/a b")) == "~/'a b'"
    assert typed(Path("/tmp/a b")) == "'/tmp/a b'"  # noqa: S108  # nothing is written
