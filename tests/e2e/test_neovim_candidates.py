"""Several suggestions to choose from in a real Neovim, against a server that has three."""

from tests.e2e.neovim import (
    TARGET,
    Editor,
    Workplace,
    skip_where_neovim_shows_suggestions,
    wait_for,
)

TRIGGER, NEXT, PREVIOUS, DISMISS, TAB = "<M-\\>", "<M-]>", "<M-[>", "<C-]>", "<Tab>"
METHOD = "textDocument/inlineCompletion"
REST = TARGET[3:]
FIRST_LINE = REST.split("\n", maxsplit=1)[0]


def started(workplace: Workplace, *server_arguments: str) -> Editor:
    editor = workplace.start(*server_arguments)
    skip_where_neovim_shows_suggestions(editor)
    editor.type("idef")
    return editor


def test_asking_by_hand_shows_the_first_of_several(workplace: Workplace) -> None:
    editor = started(workplace)
    editor.wait_for_ghost("0:3:" + REST)
    editor.type(TRIGGER)
    editor.wait_for_ghost("0:3:" + REST + "|0:3:(1/3)")
    assert editor.received(METHOD)[-1]["params"]["context"] == {"triggerKind": 1}


def test_the_next_one_is_asked_for_once_and_the_last_is_followed_by_the_first(
    workplace: Workplace,
) -> None:
    editor = started(workplace)
    editor.wait_for_ghost("0:3:" + REST)
    for shown, number in ((FIRST_LINE, 2), (" ", 3), (REST, 1)):
        editor.type(NEXT)
        editor.wait_for_candidate(shown, number)
    kinds = [each["params"]["context"]["triggerKind"] for each in editor.received(METHOD)]
    assert kinds == [2, 1]
    editor.type(PREVIOUS)
    editor.wait_for_candidate(" ", 3)


def test_what_is_chosen_is_what_is_written(workplace: Workplace) -> None:
    editor = started(workplace)
    editor.wait_for_ghost("0:3:" + REST)
    editor.type(NEXT)
    editor.wait_for_candidate(FIRST_LINE, 2)
    editor.type(TAB)
    editor.wait_for_text("def" + FIRST_LINE)


def test_typing_along_leaves_those_to_choose_from_that_fit(workplace: Workplace) -> None:
    editor = started(workplace)
    editor.wait_for_ghost("0:3:" + REST)
    editor.type(TRIGGER)
    editor.wait_for_candidate(REST, 1)
    num_requests = len(editor.received(METHOD))
    editor.type(" a")
    editor.wait_for_ghost(f"0:5:{REST[2:]}|0:5:(1/2)")
    editor.type(NEXT)
    editor.wait_for_ghost(f"0:5:{FIRST_LINE[2:]}|0:5:(2/2)")
    editor.catch_up_with_server()
    assert len(editor.received(METHOD)) == num_requests


def test_without_a_suggestion_the_keys_are_ordinary(workplace: Workplace) -> None:
    editor = started(workplace)
    editor.wait_for_ghost("0:3:" + REST)
    editor.type(DISMISS)
    editor.wait_for_ghost("")
    assert editor.nvim.lua("return require('warmline').next()") is False


def test_the_command_begins_to_insert(workplace: Workplace) -> None:
    editor = workplace.start(text=TARGET[:8])
    skip_where_neovim_shows_suggestions(editor)
    editor.nvim.command("setlocal virtualedit=onemore | normal! $l")
    editor.nvim.command("Warmline trigger")
    editor.wait_for_ghost(f"0:8:{TARGET[8:]}|0:8:(1/3)")


def test_who_asks_and_gets_nothing_is_told_why(workplace: Workplace) -> None:
    editor = started(workplace, "--refuse")
    editor.wait_for_status("Warmline: off here: The name of the file promises secrets.")
    editor.type(TRIGGER)
    reason = "no suggestion here: The name of the file promises secrets."
    wait_for(editor.messages, lambda text: reason in text, "the reason")
