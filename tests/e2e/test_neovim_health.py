"""`:checkhealth warmline` in a real Neovim: each failure with the step that mends it."""

import sys
from pathlib import Path

import pytest

from engine.weights.location import CACHE_VARIABLE
from tests.e2e.neovim import PLUGIN, Workplace, wait_for
from warmline import __version__
from warmline.checks.clients import OLDEST_NEOVIM

OLD_NEOVIM = """
local has = vim.fn.has
vim.fn.has = function(name) return name:find('^nvim%-0') and 0 or has(name) end
"""


def test_everything_is_in_order(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.wait_for_status("Warmline: knows one text")
    report = editor.health()
    assert "ERROR" not in report
    assert "WARNING" not in report
    assert f"The server is {sys.executable}" in report
    assert "1 buffer(s) attached" in report
    assert "Normal knows one text" in report
    assert "source.py gets suggestions" in report
    assert "a thing that is works: enabled" in report


def test_the_plugin_is_of_the_servers_version() -> None:
    content = (PLUGIN / "lua" / "warmline" / "version.lua").read_text(encoding="utf-8")
    assert f"PLUGIN = '{__version__}'" in content
    assert f"OLDEST_NEOVIM = '{OLDEST_NEOVIM}'" in content


def test_neovim_is_too_old(workplace: Workplace) -> None:
    nvim = workplace.start_nvim()
    nvim.lua(OLD_NEOVIM)
    nvim.command(f"set runtimepath^={PLUGIN}")
    nvim.lua("require('warmline').setup()")
    assert "needs Neovim 0.10 or newer; see :checkhealth warmline" in nvim.command("messages")
    nvim.command("checkhealth warmline")
    report = "\n".join(nvim.ask("nvim_buf_get_lines", 0, 0, -1, True))
    assert "ERROR Neovim is too old: Warmline needs 0.10." in report
    assert "https://github.com/neovim/neovim/releases" in report


def test_it_is_not_set_up(workplace: Workplace) -> None:
    nvim = workplace.start_nvim()
    nvim.command(f"set runtimepath^={PLUGIN} | checkhealth warmline")
    report = "\n".join(nvim.ask("nvim_buf_get_lines", 0, 0, -1, True))
    assert "WARNING Not set up." in report
    assert 'Call require("warmline").setup()' in report


def test_the_program_is_not_found(workplace: Workplace) -> None:
    report = workplace.start_at_once(setup="{ cmd = { 'no-such-warmline', 'serve' } }").health()
    assert 'ERROR The program "no-such-warmline" cannot be started.' in report
    assert "so that `warmline --version` works in a terminal" in report


def test_the_program_is_another_one(workplace: Workplace) -> None:
    report = workplace.start("--plain").health()
    assert "ERROR The server offers no inline completion" in report
    assert "Give the path of `warmline` as cmd" in report


def test_the_server_is_of_another_version(workplace: Workplace) -> None:
    report = workplace.start("--version", "9.9").health()
    assert f"WARNING The plugin is version {__version__}, the server 9.9." in report
    assert "Update both to the same version, then `:Warmline restart`." in report


def test_the_server_has_ended(workplace: Workplace) -> None:
    editor = workplace.start_at_once("--die")
    wait_for(editor.messages, lambda text: "again and again" in text, "the last end")
    report = editor.health()
    assert "ERROR The server has ended (exit code 3)." in report
    assert "Mend what `:Warmline log` says, then `:Warmline restart`." in report
    assert "No server for source.py, though it could have one" in report


def test_the_file_has_no_type(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.command("edit unknown")
    report = editor.health()
    assert "WARNING No server for unknown: its file type is not known." in report
    assert "`:setfiletype python`" in report


def test_the_buffer_is_no_file(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.command("help")
    report = editor.health()
    assert "help.txt: it is no file." in report
    assert "WARNING" not in report


@pytest.mark.parametrize(
    ("command", "told", "step"),
    [
        ("Warmline toggle", "Suggestions are off.", "`:Warmline toggle` turns"),
        (
            "Warmline toggle-language",
            "Suggestions are off for files of type python.",
            "`:Warmline toggle-language` turns",
        ),
    ],
)
def test_suggestions_are_off(workplace: Workplace, command: str, told: str, step: str) -> None:
    editor = workplace.start()
    editor.nvim.command(command)
    report = editor.health()
    assert f"WARNING {told}" in report
    assert step in report


def test_the_server_refuses_the_file(workplace: Workplace) -> None:
    editor = workplace.start("--refuse")
    editor.type("idef")
    editor.wait_for_status("Warmline: off here: The name of the file promises secrets.")
    editor.type("<Esc>")
    report = editor.health()
    assert "WARNING No suggestions in source.py: The name of the file promises secrets." in report
    assert "docs/settings.md" in report


def test_what_the_doctor_finds_is_shown_with_its_steps(workplace: Workplace) -> None:
    setup = "{ settings = { maxTokens = 12, offline = true } }"
    report = workplace.start("--model", "some", setup=setup).health()
    assert "a thing that is works: enabled maxTokens offline --model some" in report
    assert "WARNING a thing that is warning: half full" in report
    assert "make room" in report
    assert "ERROR a thing that is broken: it is gone" in report
    assert "`warmline models pull small`" in report
    assert "Downloads are forbidden by the setting `offline`." in report


def test_the_doctor_breaks_down(workplace: Workplace) -> None:
    report = workplace.start(setup="{ settings = { model = 'ill' } }").health()
    assert "ERROR It found nothing: warmline: the doctor is ill" in report
    assert " doctor` in a terminal." in report


@pytest.mark.e2e
def test_the_model_is_not_here_and_may_not_be_had(
    workplace: Workplace, warmline_command: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the real server and the real doctor say it, where downloads are forbidden."""
    monkeypatch.setenv(CACHE_VARIABLE, str(workplace.folder / "nothing"))
    setup = "{ settings = { offline = true, monitors = false } }"
    editor = workplace.start_with_server([str(warmline_command), "serve"], "", setup)
    editor.wait_for_server()
    report = editor.health()
    assert "Downloads are forbidden by the setting `offline`." in report
    assert "ERROR model: " in report
    assert "`warmline models pull qwen2.5-coder-0.5b`" in report
    assert "plugin is version" not in report
