"""The installed command on the real model, in processes of its own, as a shell calls it."""

import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

pytestmark = pytest.mark.e2e

CALL_TIMEOUT_S = 300
REPAIR_TOKENS = 160
"""What may be encoded beside the inserted text: windows at the edit and before the cursor."""

INSERTED = "# Tables nested deeper than 64 are refused.\n"

Call = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def call(warmline_command: Path, tmp_path: Path) -> Call:
    """Run the command in a folder with a hostile package named like one of ours."""
    hostile = tmp_path / "workspace" / "engine"
    hostile.mkdir(parents=True)
    (hostile / "__init__.py").write_text("raise SystemExit('hostile code ran')\n")

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [warmline_command, *arguments],
            cwd=hostile.parent,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=CALL_TIMEOUT_S,
            check=False,
        )

    return run


def _place(path: Path, offset: int) -> str:
    """Name `offset` of the file's text, in the command's form."""
    before = path.read_text(encoding="utf-8")[:offset]
    return f"{path}:{before.count(chr(10)) + 1}:{offset - before.rfind(chr(10))}"


def _end_place(path: Path) -> str:
    return _place(path, len(path.read_text(encoding="utf-8")))


def _complete(call: Call, path: Path, *options: str) -> dict[str, Any]:
    done = call("complete", _end_place(path), "--json", "--max-tokens", "16", *options)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    tokens = answer["tokens"]
    assert tokens["kept"] + tokens["moved"] + tokens["encoded"] == tokens["prompt"]
    return dict(answer)


def _real_source() -> str:
    """Return a module of the standard library, about 6,000 tokens, with work to do at its end."""
    text = Path(tomllib.__file__).with_name("_parser.py").read_text(encoding="utf-8")
    return text + "\n\ndef check_depth(depth: int) -> None:\n    if depth > "


@pytest.mark.timeout(3 * CALL_TIMEOUT_S)
def test_a_line_inserted_near_the_top_costs_what_was_inserted(
    call: Call, tmp_path: Path, default_model_directory: Path
) -> None:
    """The second call finds the first one's cache, moves it, and says what a recompute says."""
    path = tmp_path / "parser.py"
    text = _real_source()
    path.write_text(text, encoding="utf-8")
    first = _complete(call, path, "--no-retrieval")
    assert first["tokens"]["encoded"] == first["tokens"]["prompt"] > 5000

    edit = text.index("\n", len(text) // 10) + 1
    path.write_text(text[:edit] + INSERTED + text[edit:], encoding="utf-8")
    second = _complete(call, path, "--no-retrieval")
    tokenizer = Tokenizer.from_file(str(default_model_directory / "tokenizer.json"))
    num_inserted = len(tokenizer.encode(INSERTED).ids)
    tokens = second["tokens"]
    assert tokens["encoded"] <= num_inserted + REPAIR_TOKENS
    assert tokens["moved"] >= 0.8 * tokens["prompt"]

    never_seen = tmp_path / "elsewhere" / "parser.py"
    never_seen.parent.mkdir()
    never_seen.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    full = _complete(call, never_seen, "--no-retrieval")
    assert full["tokens"]["encoded"] == full["tokens"]["prompt"] == tokens["prompt"]
    assert second["text"] == full["text"] != ""


@pytest.mark.usefixtures("default_model_directory")
def test_the_cache_is_drawn_and_described(call: Call, tmp_path: Path) -> None:
    """A file that was not read before is read first; runs cover every token once."""
    path = tmp_path / "short.py"
    path.write_text("def double(x):\n    return ", encoding="utf-8")
    described = json.loads(call("cache", str(path), "--json").stdout)
    assert [run["start"] for run in described["runs"][1:]] == [
        run["stop"] for run in described["runs"][:-1]
    ]
    assert "newly encoded" in call("cache", str(path)).stdout


@pytest.mark.usefixtures("default_model_directory")
def test_several_candidates_are_written(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "short.py"
    path.write_text('def greet(name):\n    """Say hello."""\n    ', encoding="utf-8")
    answer = _complete(call, path, "-n", "3")
    assert 1 <= len(answer["candidates"]) <= 3
    assert answer["text"] == answer["candidates"][0]["text"]


@pytest.mark.usefixtures("default_model_directory")
def test_an_empty_file_has_an_answer(call: Call, tmp_path: Path) -> None:
    """Either a text or a reason."""
    path = tmp_path / "empty.py"
    path.touch()
    answer = _complete(call, path)
    assert bool(answer["text"]) != bool(answer["reason"])


@pytest.mark.usefixtures("default_model_directory")
def test_a_file_of_five_megabytes_is_refused_with_a_reason(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "large.py"
    path.write_text("x = 1\n" * 870_000, encoding="utf-8")
    done = call("complete", f"{path}:1:1", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["reason"] == "document-too-large"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["complete", "nothing.py:1:1"], 2, "there is no file nothing.py"),
        (["complete", "engine:1:1"], 2, "engine is a folder"),
        (["complete", "good.py"], 2, "FILE:LINE:COLUMN"),
        (["complete", "good.py:0:1"], 2, "begin at 1"),
        (["complete", "good.py:9:1"], 2, "no line 9: its last line is 2"),
        (["complete", "good.py:1:99"], 2, "no column 99: the last is 6"),
        (["complete", "latin.py:1:1"], 1, "not UTF-8: byte 7 is 0xe9"),
        (["complete", "good.py:1:1", "-n", "0"], 2, "0 is not a whole number above 0"),
        (["cache", "nothing.py"], 2, "there is no file nothing.py"),
        (["serve", "--tcp", "nowhere"], 2, "write HOST:PORT"),
        (["nonsense"], 2, "invalid choice: 'nonsense'"),
    ],
)
def test_a_wrong_call_is_one_clear_sentence(
    call: Call, tmp_path: Path, arguments: list[str], code: int, sentence: str
) -> None:
    (tmp_path / "workspace" / "good.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "workspace" / "latin.py").write_bytes(b"name = \xe9\n")
    done = call(*arguments)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
