"""Variables and settings that mean nothing."""

import re
from pathlib import Path

import pytest

from tests.unit.warmline.checks.machine import Machine, amiss, only
from warmline.checks import environment
from warmline.checks.editor_settings import check_settings, read_editor_settings
from warmline.checks.environment import check_environment
from warmline.checks.problems import Problem
from warmline.errors import UsageError

PROJECT = Path(environment.__file__).resolve().parents[2]
ROOMS = ("completion", "engine", "evaluation", "lsp_server", "monitors", "retrieval", "warmline")


def test_known_variables_are_named_and_right(machine: Machine) -> None:
    del machine
    finding = only(check_environment())
    assert finding.id == "environment.works"
    assert finding.found == "WARMLINE_CACHE, WARMLINE_RUNTIME_DIR"


def test_a_misspelled_variable_comes_with_the_one_that_may_be_meant(machine: Machine) -> None:
    machine.set(WARMLINE_SNAPSHOTS_DIR="/tmp", WARMLINE_XYZ="")  # noqa: S108  # never written to
    misspelled, unknown = check_environment()
    assert misspelled.id == unknown.id == Problem.VARIABLE_UNKNOWN.id
    assert misspelled.advice.startswith("`unset WARMLINE_SNAPSHOTS_DIR`; WARMLINE_SNAPSHOT_DIR may")
    assert unknown.advice == "`unset WARMLINE_XYZ`"


def test_a_folder_that_depends_on_where_one_stands_is_pinned_down(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(machine.home)
    machine.set(WARMLINE_CACHE="my cache", WARMLINE_INDEX_DIR="~/index")
    finding = only(check_environment())
    assert finding.id == Problem.VARIABLE_RELATIVE.id
    assert finding.advice == "`export WARMLINE_CACHE=~/'my cache'`"


def test_a_transport_that_is_none_is_found_once(machine: Machine) -> None:
    machine.set(WARMLINE_TRANSPORT="pigeon")
    finding = only(check_environment())
    assert finding.id == Problem.TRANSPORT_UNKNOWN.id
    assert "'pigeon'" in finding.found


def test_every_variable_that_the_code_reads_is_known() -> None:
    """So that nobody is told to unset a variable that counts."""
    files = [file for room in ROOMS for file in (PROJECT / room).rglob("*.py")]
    text = "".join(file.read_text("utf-8") for file in [*files, PROJECT / "README.md"])
    read = set(re.findall(r"WARMLINE_[A-Z]+(?:_[A-Z]+)*", text))
    assert read == {*environment.FOLDER_VARIABLES, *environment.OTHER_VARIABLES}


def test_settings_of_vscode_are_read_with_their_comments(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(
        """{
        "editor.fontSize": 12, // not ours
        /* the next one is misspelled */
        "warmline.modell": "x",
        "warmline.maxTokens": "many",
        "warmline.model": "http://not/a/comment",
        "warmline.disabledPaths": ["a",],
        }""",
        encoding="utf-8",
    )
    settings, problems = read_editor_settings(file)
    assert settings.engine.model == "http://not/a/comment"
    assert settings.completion.disabled_paths == ("a",)
    findings = list(check_settings(problems, is_given=True))
    assert amiss(findings) == [Problem.SETTING_IGNORED.id] * 2
    assert "no setting warmline.modell" in findings[0].found
    assert "a whole number is wanted" in findings[1].found


def test_settings_without_a_section_are_all_ours(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"offline": true}', encoding="utf-8")
    settings, problems = read_editor_settings(file)
    assert settings.engine.offline
    assert only(check_settings(problems, is_given=True)).id == "settings.works"
    assert list(check_settings((), is_given=False)) == []


@pytest.mark.parametrize("text", ["{", "[]", None])
def test_a_file_without_settings_is_a_wrong_call(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "settings.json"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"settings\.json"):
        read_editor_settings(file)
