"""The Neovim plugin in a real Neovim, against a server that knows one text by heart."""

from pathlib import Path

import pytest

from tests.e2e.neovim import (
    TARGET,
    NeovimError,
    Workplace,
    skip_where_neovim_shows_suggestions,
    wait_for,
)

ESCAPE, TAB, WORD, LINE, DISMISS = "<Esc>", "<Tab>", "<C-Right>", "<C-Down>", "<C-]>"
REAL_TIMEOUT_S = 120.0


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
    editor.catch_up_with_server()
    assert len(editor.received("textDocument/inlineCompletion")) == num_requests


def test_an_answer_that_comes_after_a_newer_one_is_dropped(workplace: Workplace) -> None:
    editor = workplace.start("--hold-first", text="d")
    skip_where_neovim_shows_suggestions(editor)
    editor.type("A")
    editor.wait_for_received("textDocument/inlineCompletion", 1)
    editor.type("<BS>")
    editor.wait_for_ghost("0:0:" + TARGET)
    editor.catch_up_with_server()
    assert editor.ghost() == "0:0:" + TARGET


def test_columns_are_right_behind_characters_of_several_bytes(workplace: Workplace) -> None:
    before, after = TARGET[: TARGET.index("weite")], " # 😀"
    editor = workplace.start(text=before + after)
    editor.type("GA" + len(after) * "<Left>")
    line = before.split("\n")[-1]
    editor.wait_for_ghost(f"4:{len(line.encode())}:weite = (1, 2)\n")
    editor.type(TAB)
    editor.wait_for_text(TARGET + after)


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
    answers = wait_for(
        lambda: [answer for answer in editor.received(None) if answer["id"] == "settings"],
        bool,
        "the answer to workspace/configuration",
    )
    assert answers[0]["result"] == [settings]


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
    wait_for(editor.floating_text, lambda text: 'model = "fake"' in text, "the status in a window")
    editor.wait_for_status("Warmline: knows one text")


def test_a_wrong_command_or_option_says_what_would_be_right(workplace: Workplace) -> None:
    editor = workplace.start()
    with pytest.raises(NeovimError, match="use one of cache, doctor, explain"):
        editor.nvim.command("Warmline dance")
    with pytest.raises(NeovimError, match="known are cmd, debounce_ms, keymaps, settings"):
        editor.nvim.lua("require('warmline').setup({ colour = 'red' })")


def test_a_missing_program_is_one_sentence_with_the_step_to_take(workplace: Workplace) -> None:
    editor = workplace.start_at_once(setup="{ cmd = { 'no-such-warmline', 'serve' } }")
    assert '"no-such-warmline" is not a program' in editor.messages()


@pytest.mark.e2e
@pytest.mark.usefixtures("default_model_directory")
def test_the_real_server_suggests_in_neovim(workplace: Workplace, warmline_command: Path) -> None:
    editor = workplace.start_with_server([str(warmline_command), "serve"], "def add(a, b):\n")
    editor.wait_for_status("Warmline: ready", timeout_s=REAL_TIMEOUT_S)
    editor.type("Goreturn a")
    wait_for(editor.ghost, bool, "ghost text of the real model", REAL_TIMEOUT_S)
    before = editor.text()
    editor.type(TAB)
    after = wait_for(editor.text, lambda text: text != before, "the accepted text")
    assert after.startswith(before)
    assert after.strip() != before.strip()
