"""`warmline serve`: what the call comes to."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.settings import EngineSettings
from lsp_server.settings import Settings
from warmline import composition
from warmline.commands import serve
from warmline.errors import UsageError
from warmline.main import main


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:9257", ("127.0.0.1", 9257)), ("[::1]:0", ("::1", 0)), ("host:80", ("host", 80))],
)
def test_an_address_is_host_and_port(text: str, address: tuple[str, int]) -> None:
    assert serve.parse_address(text) == address


@pytest.mark.parametrize("text", ["", "9257", ":9257", "host:", "host:70000", "host:-1"])
def test_another_form_of_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        serve.parse_address(text)


def test_the_first_answer_waits_for_no_large_library() -> None:
    """They are imported while the editor works on it, which no editor notices."""
    large = {"attrs", "cattrs", "lsprotocol", "numpy", "pygls", "tokenizers", "websockets"}
    code = (
        "import sys, warmline.main, warmline.commands.serve, lsp_server.opening\n"
        f"print(sorted({large} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_model_in_the_call_comes_before_the_editors(monkeypatch: pytest.MonkeyPatch) -> None:
    """And everything else stays as the editor says."""
    seen: list[EngineSettings] = []
    monkeypatch.setattr(
        composition, "join_window", lambda settings, _: seen.append(settings.engine)
    )
    sent = Settings(engine=EngineSettings(model="editors", threads=3))
    serve._join(None, sent, "repository")
    serve._join("mine", sent, "repository")
    assert [(each.model, each.threads) for each in seen] == [("editors", 3), ("mine", 3)]


def test_an_address_that_is_taken_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(serve, "run_tcp", refuse)
    assert main(["serve", "--tcp", "127.0.0.1:1"]) == 1
    assert "cannot listen at 127.0.0.1:1: Address already in use" in capsys.readouterr().err


def test_two_ways_at_once_are_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--stdio", "--tcp", "127.0.0.1:1"]) == 2
    assert "exclude each other" in capsys.readouterr().err
