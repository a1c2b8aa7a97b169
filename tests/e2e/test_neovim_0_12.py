"""The plugin's path for Neovim 0.12, in a Neovim of today with a double of the module it uses.

This checks what the plugin asks of `vim.lsp.inline_completion` and what it makes of the answers,
not Neovim 0.12 itself.
"""

from pathlib import Path

import pytest

from tests.e2e.neovim import TARGET, Editor, Workplace, wait_for

DOUBLE = Path(__file__).with_name("inline_completion_double.lua").read_text(encoding="utf-8")
TAB, WORD, LINE, DISMISS, ESCAPE = "<Tab>", "<C-Right>", "<C-Down>", "<C-]>", "<Esc>"
TRIGGER, NEXT = "<M-\\>", "<M-]>"
FIRST_LINE = TARGET.split("\n", maxsplit=1)[0]


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    if workplace.start_nvim().lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this Neovim has what is doubled here")
    return workplace


def start(place: Workplace, text: str = "", keys: str = "idef", *arguments: str) -> Editor:
    editor = place.start(*arguments, before=DOUBLE, text=text)
    editor.type(keys)
    return editor


def is_enabled(editor: Editor) -> bool:
    return bool(editor.nvim.lua("return vim.lsp.inline_completion.is_enabled({ bufnr = 1 })"))


def test_neovim_shows_suggestions_itself(place: Workplace) -> None:
    editor = start(place)
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    assert editor.nvim.lua("return package.loaded['warmline.ghost'] == nil")


def test_accepting_writes_it_all_and_one_undo_takes_it_back(place: Workplace) -> None:
    editor = start(place)
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type(TAB)
    editor.wait_for_text(TARGET)
    assert editor.nvim.ask("nvim_win_get_cursor", 0) == [6, 0]
    editor.type(ESCAPE + "u")
    editor.wait_for_text("def")


def test_a_word_then_a_line_are_taken_and_the_rest_is_asked_for(place: Workplace) -> None:
    editor = start(place)
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type(WORD)
    editor.wait_for_text("def add")
    editor.wait_for_ghost("0:7:" + TARGET[7:])
    editor.type(LINE)
    editor.wait_for_text(FIRST_LINE)
    editor.wait_for_ghost(f"0:{len(FIRST_LINE)}:" + TARGET[len(FIRST_LINE) :])


def test_what_the_suggestion_replaces_is_not_doubled(place: Workplace) -> None:
    before = TARGET[: TARGET.index("\n")]
    editor = start(place, before, "A<Left>")
    editor.wait_for_ghost(f"0:{len(before) - 1}:" + TARGET[len(before) - 1 :])
    editor.type(TAB)
    editor.wait_for_text(TARGET)


def test_what_is_dismissed_stays_away_until_the_cursor_moves(place: Workplace) -> None:
    editor = start(place)
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.catch_up_with_server()
    num_requests = len(editor.received("textDocument/inlineCompletion"))
    editor.type(DISMISS)
    editor.wait_for_ghost("")
    assert editor.text() == "def"
    editor.catch_up_with_server()
    assert len(editor.received("textDocument/inlineCompletion")) == num_requests
    editor.type(" ")
    editor.wait_for_ghost("0:4:" + TARGET[4:])


def test_without_a_suggestion_the_keys_are_ordinary(place: Workplace) -> None:
    editor = start(place, "", ":", "--refuse")
    editor.type(ESCAPE)
    editor.nvim.command("setlocal noexpandtab")
    editor.type("ix" + TAB)
    editor.wait_for_text("x\t")


def test_toggling_turns_neovims_own_suggestions_off_and_on(place: Workplace) -> None:
    editor = start(place)
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    for command in ("Warmline toggle", "Warmline toggle-language"):
        editor.nvim.command(command)
        assert not is_enabled(editor)
        assert editor.ghost() == ""
        editor.nvim.command(command)
        assert is_enabled(editor)
    editor.type(" ")
    editor.wait_for_ghost("0:4:" + TARGET[4:])


@pytest.mark.parametrize(("key", "shown"), [(TRIGGER, 1), (NEXT, 2)])
def test_neovim_is_silent_while_several_are_shown(place: Workplace, key: str, shown: int) -> None:
    editor = start(place)
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type(key)
    wait_for(editor.ghost, lambda ghost: ghost.endswith(f"({shown}/3)"), "one of three")
    assert not is_enabled(editor)
    editor.type(ESCAPE)
    wait_for(lambda: is_enabled(editor), bool, "Neovim's own suggestions")
    assert editor.ghost() == ""


def test_what_is_chosen_of_several_is_what_is_written(place: Workplace) -> None:
    editor = start(place)
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type(NEXT)
    wait_for(editor.ghost, lambda ghost: ghost.endswith("(2/3)"), "the second of three")
    editor.type(TAB)
    editor.wait_for_text(FIRST_LINE)
    wait_for(lambda: is_enabled(editor), bool, "Neovim's own suggestions")


def test_several_that_cannot_be_had_leave_neovims_own(place: Workplace) -> None:
    editor = start(place, "", "idef", "--refuse")
    editor.wait_for_received("textDocument/inlineCompletion", 1)
    editor.type(TRIGGER)
    wait_for(editor.messages, lambda text: "no suggestion here" in text, "the reason")
    assert is_enabled(editor)


def test_a_restarted_server_is_asked_again(place: Workplace) -> None:
    editor = start(place)
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.nvim.command("Warmline restart")
    editor.wait_for_received("textDocument/didOpen", 2)
    editor.wait_for_server()
    editor.type(" ")
    editor.wait_for_ghost("0:4:" + TARGET[4:])


def test_checkhealth_says_who_shows_suggestions(place: Workplace) -> None:
    report = start(place, keys=ESCAPE).health()
    assert "Suggestions are shown by vim.lsp.inline_completion." in report
