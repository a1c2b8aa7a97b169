"""The Neovim plugin on the real server, with an engine in a process of its own that writes words.

One editor serves all tests, each with a file of its own. The model is tiny and its words are
random, so that it may have nothing to say; then tests type on until it has.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from completion.healing import held_back
from engine.client.remote import RESTART_NOTICE
from tests.e2e.neovim import READ_COLOURS, skip_where_neovim_shows_suggestions, wait_for
from tests.e2e.neovim_service import (
    MODEL,
    OTHER_MODEL,
    PATIENCE_S,
    ServiceEditor,
    service_editor,
)

pytestmark = pytest.mark.e2e

TAB, WORD, LINE, DISMISS, ESCAPE = "<Tab>", "<C-Right>", "<C-Down>", "<C-]>", "<Esc>"
CHOOSE = """
local wanted = ...
vim.ui.select = function(items, _, on_choice)
  on_choice(vim.iter(items):find(function(item) return item.name == wanted end))
end
"""


@pytest.fixture(scope="module")
def only_editor(
    tmp_path_factory: pytest.TempPathFactory, warmline_command: Path
) -> Iterator[ServiceEditor]:
    with service_editor(tmp_path_factory.mktemp("neovim"), warmline_command) as editor:
        yield editor


@pytest.fixture
def editor(only_editor: ServiceEditor, request: pytest.FixtureRequest) -> Iterator[ServiceEditor]:
    """The editor with a file of the test's own, and with messages of its own."""
    skip_where_neovim_shows_suggestions(only_editor)
    only_editor.open(f"{request.node.name}.txt")
    only_editor.nvim.command("messages clear")
    yield only_editor
    only_editor.type(ESCAPE)
    only_editor.nvim.command("silent only | silent write")


def test_a_suggestion_is_accepted_whole_and_undone_at_once(editor: ServiceEditor) -> None:
    rest = editor.ghost_after("a")
    before = editor.text()
    editor.type(TAB)
    editor.wait_for_text(before + rest)
    editor.type(ESCAPE + "u")
    editor.wait_for_text(before)
    assert "rror" not in editor.messages()


def test_a_word_then_the_rest_of_the_line_are_accepted(editor: ServiceEditor) -> None:
    rest = editor.ghost_after("a")
    before = editor.text()
    word = editor.nvim.lua("return require('warmline.text').first_word(...)", rest)
    editor.type(WORD)
    editor.wait_for_text(before + word)
    if word != rest:
        wait_for(editor.ghost_text, lambda ghost: ghost == rest[len(word) :], "what is left")
        editor.type(LINE)
        editor.wait_for_text(before + rest.split("\n")[0])


def test_typing_along_asks_neither_server_nor_model(editor: ServiceEditor) -> None:
    rest = editor.ghost_after("a")
    before, answers = editor.text(), editor.status()["metrics"]["answers"]
    assert answers["model"] > 0
    for number, letter in enumerate(rest[:-1], start=1):
        editor.type(letter)
        wait_for(editor.ghost_text, lambda ghost, left=rest[number:]: ghost == left, "the rest")
    assert editor.text() == before + rest[:-1]
    assert editor.status()["metrics"]["answers"] == answers


def test_what_is_dismissed_stays_away_until_something_is_typed(editor: ServiceEditor) -> None:
    editor.ghost_after("a")
    asked = editor.last_suggestion()
    editor.type(DISMISS)
    editor.wait_for_ghost("")
    assert editor.last_suggestion() == asked
    assert editor.ghost() == ""
    assert editor.ghost_after(" on")


def test_leaving_insert_mode_cancels_what_the_engine_is_at(editor: ServiceEditor) -> None:
    editor.ghost_after("a")
    engine = editor.engine()
    engine.suspend()
    try:
        editor.type(" and on")
        editor.wait_for_status("Warmline: thinking")
        editor.type(ESCAPE)
        editor.wait_for_status("Warmline: ready")  # though the engine still cannot answer
        assert editor.ghost() == ""
    finally:
        engine.resume()
    assert editor.ghost_after("a again")


def test_each_file_has_suggestions_and_a_cache_of_its_own(editor: ServiceEditor) -> None:
    editor.ghost_after("a first")
    first_file, first_text = editor.nvim.command("echo expand('%:p')"), editor.text()
    editor.type(ESCAPE)
    editor.open("another.txt", "something else to begin with")
    assert editor.ghost() == ""
    editor.ghost_after("a second")
    editor.type(ESCAPE)
    assert "something else" in cached_text(editor)
    assert "some words" not in cached_text(editor)
    editor.nvim.command(f"silent write | edit {first_file}")
    assert editor.text() == first_text
    assert editor.ghost_after("A third")
    assert "some words" in cached_text(editor)


def cached_text(editor: ServiceEditor) -> str:
    return "".join(run["text"] for run in editor.ask_server("warmline/cache")["runs"])


def test_another_model_writes_from_now_on(editor: ServiceEditor) -> None:
    editor.ghost_after("a")
    editor.type(ESCAPE)
    before = editor.engine()
    for model in (OTHER_MODEL, MODEL):
        editor.nvim.lua(CHOOSE, model)
        editor.nvim.command("Warmline model")
        wait_for(
            # Neovim leaves out what is null, as the state is between two sessions.
            lambda: editor.status().get("state", {}).get("model", {}),
            lambda now, model=model: now.get("name") == model,
            f"an engine with {model}",
            PATIENCE_S,
        )
        assert editor.ghost_after("a so")
        assert editor.last_suggestion()["model"] == model
        editor.type(ESCAPE)
        assert (editor.engine() == before) == (model == MODEL)
    assert "rror" not in editor.messages()


@pytest.fixture
def editor_with_context(editor: ServiceEditor) -> Iterator[ServiceEditor]:
    editor.allow_context(512)
    yield editor
    editor.allow_context(0)


def test_explanation_shows_what_the_server_found_and_where(
    editor_with_context: ServiceEditor,
) -> None:
    editor = editor_with_context
    editor.open("caller.py", "from helper import scale_parcel\n\nheavy = scale_parcel(")
    wait_for(
        lambda: [each["phase"] for each in editor.status()["repositories"]],
        lambda phases: phases == ["ready"],
        "the repository to be indexed",
        PATIENCE_S,
    )
    editor.ghost_after("A")
    editor.type(ESCAPE)
    editor.nvim.command("Warmline explain")
    name = "return vim.fn.bufname()"
    wait_for(lambda: editor.nvim.lua(name), lambda shown: shown == "warmline://explain", "the page")
    page = editor.text()
    assert page.startswith(f"caller.py, written by {MODEL}\n")
    assert "helper.py:1-2  (score " in page
    assert "    | def scale_parcel(parcel, factor):" in page
    assert "The latest suggestion\n" in page
    assert " tokens in all, of these " in page
    editor.type("/helper.py:<CR><CR>")
    wait_for(lambda: editor.nvim.command("echo expand('%:t')"), lambda it: it == "helper.py", "it")


def test_the_live_cache_is_coloured_as_the_engine_has_it(editor: ServiceEditor) -> None:
    editor.ghost_after("a")
    editor.type(ESCAPE)
    text = editor.text()
    read = text.removesuffix(held_back(text, len(text)))  # the word at the end is written anew
    editor.nvim.command("Warmline cache")
    wait_for(lambda: coloured_text(editor), lambda text: text == read, "colours")
    editor.type("Onew words")
    wait_for(lambda: coloured_text(editor), lambda text: "new" in text, "colours of the new line")
    editor.type(ESCAPE)
    editor.nvim.command("Warmline cache")
    assert coloured_text(editor) == ""


def coloured_text(editor: ServiceEditor) -> str:
    return "".join(text for _, _, _, text in editor.nvim.lua(READ_COLOURS))


def test_an_engine_that_is_killed_is_back_and_told_of_once(editor: ServiceEditor) -> None:
    editor.ghost_after("a")
    killed = editor.engine()
    killed.kill()
    killed.wait(PATIENCE_S)
    assert editor.ghost_after(" on")
    assert editor.ghost_after(" and on")
    assert editor.engine() != killed
    messages = editor.messages()
    assert messages.count(RESTART_NOTICE) == 1
    assert "rror" not in messages.replace(RESTART_NOTICE, "")
    editor.wait_for_status("Warmline: ready")
