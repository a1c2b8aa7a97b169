"""The Neovim plugin as it is installed, and its help."""

import os
import re

import pytest

from tests.e2e.neovim import PLUGIN, Workplace

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


def test_the_lsp_file_is_what_enable_reads(workplace: Workplace) -> None:
    nvim = workplace.start_nvim()
    nvim.command(f"set runtimepath^={PLUGIN}")
    assert nvim.lua("return vim.lsp.config.warmline.name") == "warmline"
