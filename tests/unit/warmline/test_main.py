"""The entry point: exit codes, sentences, and what is imported."""

import argparse
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from engine.errors import EngineUnavailableError
from evaluation.errors import NoAnswerError
from warmline import main as entry
from warmline.errors import UsageError, WorkError


def _replace_command(monkeypatch: pytest.MonkeyPatch, error: BaseException | None) -> None:
    """Let `warmline doctor` end with `error`."""

    def run(_: argparse.Namespace) -> int:
        if error is not None:
            raise error
        return 0

    command = SimpleNamespace(add_parser=lambda parsers: parsers.add_parser("doctor"), run=run)
    monkeypatch.setattr(entry, "_command_module", lambda _: command)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, 0),
        (WorkError("it broke"), 1),
        (EngineUnavailableError("it broke"), 1),
        (NoAnswerError("it broke"), 1),
        (UsageError("it broke"), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_become_exit_codes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException | None,
    code: int,
) -> None:
    """A known error is one sentence on standard error, and nothing else."""
    _replace_command(monkeypatch, error)
    assert entry.main(["doctor"]) == code
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err == ("warmline: it broke\n" if str(error) == "it broke" else "")


def test_an_unknown_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours shows its traceback."""
    _replace_command(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        entry.main(["doctor"])


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["--nonsense"]])
def test_a_call_without_a_command_is_wrong(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        entry.main(argv)
    assert ended.value.code == 2


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        entry.main(["--help"])
    text = capsys.readouterr().out
    # the summary of a long name stands on a line of its own
    assert all(re.search(rf"^    {command}\s", text, re.MULTILINE) for command in entry.COMMANDS)


@pytest.mark.parametrize("command", list(entry.COMMANDS))
def test_every_command_has_a_parser(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        entry.main([command, "--help"])
    assert ended.value.code == 0
    assert f"warmline {command}" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["serve", "--help"]])
def test_torch_is_not_imported_without_need(argv: list[str]) -> None:
    """In a process of its own, because here other tests may have imported it."""
    code = (
        "import sys\n"
        "from warmline.main import main\n"
        "try:\n"
        f"    main({argv!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True)
