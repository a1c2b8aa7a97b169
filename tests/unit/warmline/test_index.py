"""`warmline index`: what it shows, what it keeps, and which calls are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from warmline.main import ExitCode, main


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WARMLINE_INDEX_DIR", str(tmp_path / "cache" / "index"))
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "x.py").write_text("def alpha():\n    return beta\n")
    (folder / "y.py").write_text("gamma = 1\n")
    (folder / ".env").write_text("TOKEN=1\n")
    return folder


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["index", *arguments, "--json"]) == 0
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown


def test_it_tells_what_is_there_and_what_is_not(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = call(capsys, str(root))
    assert (shown["files"], shown["chunks"], shown["files_read"]) == (2, 2, 2)
    assert shown["folder"] == str(root)
    assert shown["left_out"] == [{"path": ".env", "reason": "may hold secrets: *.env"}]
    assert Path(shown["store"]["path"]).stat().st_size == shown["store"]["bytes"]


def test_it_goes_on_from_what_was_kept(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not call(capsys, str(root))["store"]["was_kept"]
    assert call(capsys, str(root))["store"]["was_kept"]
    assert not call(capsys, str(root), "--fresh")["store"]["was_kept"]


def test_a_query_is_answered_and_verified(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = call(capsys, str(root), "--query", "call beta()", "--verify")
    assert [(each["path"], each["start_line"]) for each in shown["found"]] == [("x.py", 0)]
    assert shown["difference_from_rank_bm25"] < 1e-12
    assert shown["search_ms"] > 0


def test_kept_indexes_can_be_deleted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = Path(call(capsys, str(root))["store"]["path"])
    assert call(capsys, "--forget") == {"forgotten": 1}
    assert not kept.exists()
    assert call(capsys, "--forget") == {"forgotten": 0}


def test_people_see_a_summary(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", str(root)]) == 0
    shown = capsys.readouterr().out
    assert "2 files in 2 chunks" in shown
    assert "1 left out" in shown
    assert "may hold secrets" in shown


def test_people_see_where_a_chunk_begins(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "z.py").write_text("\n\n" + "delta = '\x1b[31m'\n" * 6)
    assert main(["index", str(root), "--query", "delta"]) == 0
    shown = capsys.readouterr().out
    assert "z.py:3" in shown
    assert "... 2 more lines" in shown
    assert "\x1b" not in shown  # the text of a repository steers no terminal


@pytest.mark.parametrize("arguments", [["no/such/folder"], ["--verify"]])
def test_wrong_calls(arguments: list[str], root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    assert main(["index", *arguments]) == ExitCode.WRONG_CALL
