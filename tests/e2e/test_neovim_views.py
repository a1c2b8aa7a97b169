"""What the Neovim plugin shows beside suggestions: explanation, cache, models, doctor, log."""

import os
import signal

import pytest

from tests.e2e.neovim import READ_COLOURS, TARGET, Editor, NeovimError, Workplace, wait_for

CHOOSE = """
local wanted = ...
vim.ui.select = function(items, options, on_choice)
  _G.offered = vim.tbl_map(options.format_item, items)
  on_choice(items[wanted])
end
"""


def wait_for_message(editor: Editor, wanted: str) -> None:
    wait_for(editor.messages, lambda text: wanted in text, f"the message {wanted!r}")


def wait_for_buffer(editor: Editor, name: str) -> str:
    wait_for(lambda: editor.nvim.command("echo bufname()"), lambda shown: shown == name, name)
    return editor.text()


def test_explanation_shows_chunks_vetoes_and_times(workplace: Workplace) -> None:
    editor = workplace.start(text=TARGET)
    editor.nvim.command("Warmline explain")
    page = wait_for_buffer(editor, "warmline://explain")
    assert "source.py, written by fake" in page
    assert "helper.py:3-4  (score 0.75, words 4.50, ranking -)  21 tokens" in page
    assert "    | def helper():\n    |     return 1\n" in page
    assert "other.py:3-4  (score 0.75, words 4.50, ranking -)  It helps less than nothing." in page
    assert "member of self: add, total  (jedi, 3 ms)" in page
    assert "taken back: member self.sum, written instead: total  (jedi, 9 ms)" in page
    assert "model: 8 ms in all, of these cache 6 ms, search 0 ms; first token 7 ms" in page
    assert "300 tokens in all, of these 21 of at most 1024 from other files" in page
    assert "searched in 4 ms (words 1 ms, ranking 2 ms), laid out in 5 ms" in page


def test_enter_on_a_chunk_goes_to_its_file_and_q_closes(workplace: Workplace) -> None:
    (workplace.folder / "helper.py").write_text("1\n2\n3\n4\n", encoding="utf-8")
    editor = workplace.start(text=TARGET)
    editor.nvim.command("Warmline explain")
    wait_for_buffer(editor, "warmline://explain")
    editor.type("/helper.py<CR><CR>")
    place = "echo expand('%:t') line('.')"
    wait_for(lambda: editor.nvim.command(place), lambda told: told == "helper.py 3", "the chunk")
    editor.type("<C-w>pq")
    wait_for(lambda: editor.nvim.command("echo winnr('$')"), lambda told: told == "1", "one window")


def test_an_explanation_asked_for_again_takes_the_place_of_the_first(workplace: Workplace) -> None:
    editor = workplace.start(text=TARGET)
    editor.nvim.command("Warmline explain")
    first = wait_for_buffer(editor, "warmline://explain")
    editor.nvim.command("wincmd p")
    editor.nvim.command("Warmline explain")
    assert wait_for_buffer(editor, "warmline://explain") == first
    assert editor.nvim.command("echo winnr('$')") == "2"


def test_the_cache_is_coloured_where_its_text_stands(workplace: Workplace) -> None:
    editor = workplace.start(text=TARGET)
    editor.nvim.command("Warmline cache")
    colours = wait_for(lambda: editor.nvim.lua(READ_COLOURS), bool, "colours")
    lines = TARGET.split("\n")
    coloured = [""] * len(lines)
    for _, row, column, text in colours:
        assert len(coloured[row].encode()) == column
        coloured[row] += text
    assert coloured == lines
    groups = [group for group, _, _, _ in colours]
    assert groups == sorted(groups, key=["Exact", "Moved", "Encoded"].index)
    assert set(groups) == {"Exact", "Moved", "Encoded"}


@pytest.mark.parametrize("text", ["a", "ab = 1", "ab = 1\n", "a\nb", "a\nb\n", "if a < b > c:\n"])
def test_a_very_short_document_is_coloured_whole(workplace: Workplace, text: str) -> None:
    """Its only line may have all markers of the prompt in it: in front, at the cursor, behind."""
    editor = workplace.start(text=text)
    editor.nvim.command("Warmline cache")
    wait_for(lambda: editor.nvim.lua(READ_COLOURS), bool, "colours")
    coloured = "".join(part for _, _, _, part in editor.nvim.lua(READ_COLOURS))
    assert coloured == text.replace("\n", "")


def test_the_cache_follows_the_text_and_can_be_turned_off(workplace: Workplace) -> None:
    editor = workplace.start(text="a = 1\n" * 9)
    editor.nvim.command("Warmline cache")
    wait_for(lambda: editor.nvim.lua(READ_COLOURS), bool, "colours")
    editor.type("obb = 2<Esc>")

    def second_line() -> str:
        return "".join(text for _, row, _, text in editor.nvim.lua(READ_COLOURS) if row == 1)

    wait_for(second_line, lambda text: text == "bb = 2", "colours of the new line")
    editor.nvim.command("Warmline cache")
    assert editor.nvim.lua(READ_COLOURS) == []


def test_totals_of_the_cache_are_told(workplace: Workplace) -> None:
    editor = workplace.start(text="a = 1\n")
    editor.nvim.lua("vim.api.nvim_echo = function(chunks) _G.told = chunks[1][1] end")
    editor.nvim.command("Warmline cache")
    told = wait_for(lambda: editor.nvim.lua("return _G.told"), bool, "totals")
    assert "3 kept, 5 moved" in told
    assert told.endswith("exact up to token 7; last edit 12 ms")


def test_a_model_that_is_here_is_used_at_once(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.lua(CHOOSE, 1)
    editor.nvim.command("Warmline model")
    wait_for_message(editor, "the model is small")
    assert editor.nvim.lua("return _G.offered") == [
        "small  491 MB, on this machine, in use",
        "large  1117 MB, to be downloaded",
        "broken  unknown size, to be downloaded",
    ]
    changed = editor.wait_for_received("workspace/didChangeConfiguration", 2)
    assert changed[-1]["params"]["settings"]["warmline"]["model"] == "small"


def test_a_model_that_is_not_here_is_got_first(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.lua(CHOOSE, 2)
    editor.nvim.command("Warmline model")
    wait_for_message(editor, "Downloading: 50%")
    changed = editor.wait_for_received("workspace/didChangeConfiguration", 2)
    assert changed[-1]["params"]["settings"]["warmline"]["model"] == "large"


def test_a_model_that_cannot_be_had_changes_nothing(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.lua(CHOOSE, 3)
    editor.nvim.command("Warmline model")
    wait_for_message(editor, "broken could not be had: warmline: models pull broken cannot be done")
    assert len(editor.received("workspace/didChangeConfiguration")) == 1


def test_doctor_and_log_open_windows(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.command("Warmline doctor")
    assert wait_for_buffer(editor, "warmline://doctor") == "everything works"
    editor.nvim.command("Warmline log")
    assert editor.nvim.command("echo expand('%:t')") == "lsp.log"


def test_suggestions_can_be_off_for_one_type_of_file(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.nvim.command("Warmline toggle-language")
    editor.wait_for_status("Warmline: off for python")
    changed = editor.wait_for_received("workspace/didChangeConfiguration", 2)
    wanted = {"enabled": True, "disabledLanguages": ["python"]}
    assert changed[-1]["params"]["settings"]["warmline"] == wanted
    editor.type("idef")
    editor.catch_up_with_server()
    assert editor.ghost() == ""
    editor.nvim.command("Warmline toggle-language")
    editor.wait_for_status("Warmline: knows one text")
    editor.type(" ")
    editor.wait_for_ghost("0:4:" + TARGET[4:])


STATUS_TEXTS = [
    ({"kind": "Normal", "busy": False, "message": ""}, (), "ready"),
    ({"kind": "Normal", "busy": True, "message": ""}, (), "thinking"),
    ({"kind": "Normal", "busy": True, "message": "The model is loading."}, (40,), "loading 40 %"),
    (
        {"kind": "Normal", "busy": True, "message": "The model is loading."},
        (),
        "The model is loading.",
    ),
    ({"kind": "Warning", "busy": False, "message": "Too large."}, (), "Too large."),
    ({"kind": "Error", "busy": False, "message": "No weights."}, (), "error: No weights."),
    ({"kind": "Inactive", "busy": False, "message": "All off."}, (), "off: All off."),
]


def test_the_status_line_says_each_state(workplace: Workplace) -> None:
    editor = workplace.start()
    describe = "return require('warmline.statusline').describe(...)"
    for status, percent, wanted in STATUS_TEXTS:
        assert editor.nvim.lua(describe, status, 1, *percent) == "Warmline: " + wanted
    editor.nvim.command("Warmline toggle")
    editor.wait_for_status("Warmline: off")


def test_the_share_of_the_model_that_is_loaded_comes_from_progress(workplace: Workplace) -> None:
    editor = workplace.start()
    follow = "require('warmline.server').follow_progress({ value = ... })"
    percent = "return require('warmline.server').percent"
    editor.nvim.lua(follow, {"kind": "report", "percentage": 40})
    assert editor.nvim.lua(percent) == 40
    editor.nvim.lua(follow, {"kind": "end"})
    assert editor.nvim.lua(percent) is None


def test_commands_complete_their_names(workplace: Workplace) -> None:
    editor = workplace.start()
    found = editor.nvim.ask("nvim_call_function", "getcompletion", ["Warmline to", "cmdline"])
    assert found == ["toggle", "toggle-language"]
    everything = editor.nvim.ask("nvim_call_function", "getcompletion", ["Warmline ", "cmdline"])
    for name in everything:
        assert editor.nvim.lua("return require('warmline')[...] ~= nil", name.replace("-", "_"))


def test_a_server_that_is_killed_is_started_again(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.wait_for_received("textDocument/didOpen", 1)
    (started,) = editor.received("started")
    os.kill(started["pid"], signal.SIGKILL)
    wait_for_message(editor, "the server ended (signal 9) and is started again")
    editor.wait_for_received("textDocument/didOpen", 2)
    editor.wait_for_server()
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])


def test_a_server_that_always_dies_is_left_alone_at_last(workplace: Workplace) -> None:
    editor = workplace.start_at_once("--die")
    wait_for_message(editor, "the server ends again and again (exit code 3)")
    assert editor.messages().count("is started again") == 3


def test_another_buffer_has_suggestions_of_its_own(workplace: Workplace) -> None:
    editor = workplace.start()
    editor.type("idef")
    editor.wait_for_ghost("0:3:" + TARGET[3:])
    editor.type("<Esc>")
    editor.nvim.command(f"silent write | edit {workplace.folder / 'second.py'}")
    assert editor.ghost() == ""
    editor.wait_for_server()
    editor.type("idef add")
    editor.wait_for_ghost("0:7:" + TARGET[7:])


def test_leaving_insert_mode_cancels_the_request(workplace: Workplace) -> None:
    editor = workplace.start("--hold-first")
    editor.type("idef")
    editor.wait_for_received("textDocument/inlineCompletion", 1)
    editor.type("<Esc>")
    (cancelled,) = editor.wait_for_received("$/cancelRequest", 1)
    (asked,) = editor.received("textDocument/inlineCompletion")
    assert cancelled["params"]["id"] == asked["id"]


def test_a_wrong_key_action_is_named(workplace: Workplace) -> None:
    editor = workplace.start()
    with pytest.raises(NeovimError, match='"fly" is no action'):
        editor.nvim.lua("require('warmline').setup({ keymaps = { fly = '<C-f>' } })")
