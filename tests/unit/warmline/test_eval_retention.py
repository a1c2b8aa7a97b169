"""`warmline eval retention`: the whole way on a tiny model, what is kept, what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import SMALL, make_transformers_model, save_network
from warmline.main import main

LINES = ("total = sum(values)\n", "print(total)\n", "return total\n")


def content() -> dict[str, Any]:
    """Lines typed key by key, one a second, with a pause of ten seconds before each."""
    transactions: list[dict[str, Any]] = []
    text, at_s = "", 0
    for line in LINES:
        for index, key in enumerate(line):
            at_s += 1 if index else 10
            minute, second = divmod(at_s, 60)
            time = f"2026-01-01T10:{minute:02d}:{second:02d}.000Z"
            transactions.append({"time": time, "patches": [[len(text), 0, key]]})
            text += key
    return {"startContent": "", "endContent": text, "txns": transactions}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = small_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    configuration = SMALL | {"vocab_size": tokenizer.get_vocab_size()}
    return save_network(make_transformers_model("qwen2", configuration), folder)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "typed.py.json"
    path.write_text(json.dumps(content()), "utf-8")
    return path


def _eval(file: Path, *arguments: str) -> int:
    return main(["eval", "retention", "--file", str(file), "--offline", *arguments])


def test_pauses_are_measured_printed_and_kept(
    model: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second call measures nothing and says the same."""
    numbers = ("--storage-type", "float32", "--threads", "1", "--prompt-tokens", "64")
    call = (*numbers, "--model", str(model), "--out", str(tmp_path / "out"), "--json")
    assert _eval(file, *call) == 0
    printed = capsys.readouterr()
    assert "2 pauses, 0 of them measured already" in printed.err
    report = json.loads(printed.out)
    assert report["command"] == "eval retention"
    assert {row["arm"] for row in report["rows"]} == {"line", "word", "author"}
    assert {row["params"]["clock"] for row in report["rows"]} == {"recorded"}
    journal = (tmp_path / "out" / "cases.jsonl").read_text("utf-8")
    assert "total" not in journal
    assert _eval(file, *call) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == report["rows"]
    assert (tmp_path / "out" / "cases.jsonl").read_text("utf-8") == journal


def test_the_authors_own_text_needs_no_model(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _eval(file, "--author-only", "--model", "no-such-model", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert {row["arm"] for row in report["rows"]} == {"author"}
    [accepted] = [row for row in report["rows"] if row["metric"] == "accepted"]
    assert (accepted["value"], accepted["n"]) == (1.0, 2)
    assert "After 2 of the 2 pauses" in report["notes"][1]


def test_a_recording_without_pauses_is_a_wrong_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "short.json"
    path.write_text(json.dumps({**content(), "txns": [], "endContent": ""}), "utf-8")
    assert _eval(path, "--author-only") == 2
    assert "name a longer recording" in capsys.readouterr().err


def test_other_conditions_need_another_folder(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ("--author-only", "--out", str(tmp_path / "out"))
    assert _eval(file, *call) == 0
    assert _eval(file, *call, "--language", "rust") == 2
    assert "name another folder" in capsys.readouterr().err
