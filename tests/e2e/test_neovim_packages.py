"""The Neovim plugin as it is installed, its help, and Neovim 0.12's functions in stand-ins."""

import os
import re

import pytest

from tests.e2e.neovim import PLUGIN, Editor, Workplace, wait_for

HELP = (PLUGIN / "doc" / "warmline.txt").read_text(encoding="utf-8")


def documented(pattern: str) -> set[str]:
    return set(re.findall(pattern, HELP, re.MULTILINE))


def test_every_command_function_option_and_colour_is_in_the_help(workplace: Workplace) -> None:
    lua = workplace.start().nvim.lua
    commands = lua("return vim.tbl_keys(require('warmline.commands').descriptions)")
    assert documented(r"^:Warmline ([a-z-]+)") == set(commands)
    functions = lua("return vim.tbl_keys(require('warmline'))")
    section = HELP.split("*warmline-functions*")[1]
    assert set(re.findall(r"^([a-z_]+)\(", section, re.MULTILINE)) == set(functions)
    options = lua("return vim.tbl_keys(require('warmline.config').defaults)")
    assert documented(r"^      ([a-z_]+) = ") == set(options)
    keymaps = lua("return require('warmline.config').defaults.keymaps")
    assert dict(re.findall(r"^        ([a-z_]+) = '(.*)',", HELP, re.MULTILINE)) == keymaps
    source = "".join(path.read_text(encoding="utf-8") for path in PLUGIN.rglob("*.lua"))
    groups = set(re.findall(r"\bWarmline(?:Ghost|Count|Cache\w+|Heading|Chunk|Detail)\b", source))
    assert documented(r"^(Warmline\w+)") == groups
    assert set(lua("return vim.fn.getcompletion('Warmline', 'highlight')")) == groups


def test_a_plain_package_has_commands_and_help(workplace: Workplace) -> None:
    start = workplace.folder / "site" / "pack" / "any" / "start"
    start.mkdir(parents=True)
    (start / "warmline").symlink_to(PLUGIN)
    nvim = workplace.start_nvim()
    nvim.command(f"set packpath^={workplace.folder / 'site'} | packloadall!")
    assert nvim.ask("nvim_call_function", "exists", [":Warmline"]) == 2
    assert nvim.lua("return vim.lsp.config.warmline.cmd") == ["warmline", "serve"]
    nvim.lua("require('warmline').setup({ cmd = { 'no-such-warmline', 'serve' } })")
    assert "no-such-warmline" in nvim.command("messages")


def test_lazy_nvim_sets_it_up(workplace: Workplace) -> None:
    lazy = os.environ.get("WARMLINE_TEST_LAZY")
    if not lazy:
        pytest.skip("WARMLINE_TEST_LAZY names no checkout of folke/lazy.nvim")
    nvim = workplace.start_nvim()
    nvim.command(f"set runtimepath^={lazy}")
    nvim.lua(
        "require('lazy').setup({ spec = {{ dir = ..., main = 'warmline', opts = {"
        " cmd = { 'no-such-warmline', 'serve' } } }}, rocks = { enabled = false } })",
        str(PLUGIN),
    )
    assert nvim.lua("return require('warmline.config').options.cmd[1]") == "no-such-warmline"
    assert nvim.ask("nvim_call_function", "exists", [":Warmline"]) == 2


STAND_IN = """
_G.calls = {}
local function note(name, answer)
  return function(...)
    table.insert(_G.calls, { name, ... })
    return answer
  end
end
vim.lsp.inline_completion = { enable = note('enable'), get = note('get', false) }
"""


@pytest.fixture
def with_0_12(workplace: Workplace) -> Editor:
    """An editor of today with stand-ins for what 0.12 has.

    This checks what the plugin asks of Neovim 0.12, not Neovim 0.12 itself.
    """
    nvim = workplace.start_nvim()
    if nvim.lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this Neovim has what is stood in for here")
    return workplace.start(before=STAND_IN, text="de")


def calls(editor: Editor, name: str) -> list[list[object]]:
    return [rest for called, *rest in editor.nvim.lua("return _G.calls") if called == name]


def test_0_12_shows_suggestions_itself(with_0_12: Editor) -> None:
    assert calls(with_0_12, "enable")[-1][0] is True
    with_0_12.nvim.command("Warmline toggle")
    assert calls(with_0_12, "enable")[-1][0] is False


def test_0_12_is_silent_while_several_are_shown_to_choose_from(with_0_12: Editor) -> None:
    with_0_12.type("Af")
    with_0_12.type("<M-\\>")
    wait_for(with_0_12.ghost, lambda ghost: ghost.endswith("(1/3)"), "the first of three")
    assert calls(with_0_12, "enable")[-1][0] is False
    with_0_12.type("<Esc>")
    with_0_12.wait_for_ghost("")
    wait_for(lambda: calls(with_0_12, "enable")[-1][0], bool, "Neovim's own suggestions")


def test_the_lsp_file_is_what_enable_reads(workplace: Workplace) -> None:
    nvim = workplace.start_nvim()
    nvim.command(f"set runtimepath^={PLUGIN}")
    assert nvim.lua("return vim.lsp.config.warmline.name") == "warmline"
