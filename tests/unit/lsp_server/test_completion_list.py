"""`textDocument/completion`, for editors that cannot show suggestions in the text."""

from typing import Any

import pytest
from lsp_editor import Editor, at, span

A = "file:///a.py"
OLD_CLIENT: dict[str, Any] = {"textDocument": {}}


async def complete(editor: Editor, line: int, character: int) -> Any:
    return await editor.ask("textDocument/completion", at(A, line, character))


@pytest.fixture
async def opened(editor: Editor) -> Editor:
    result = await editor.initialize(OLD_CLIENT)
    assert "." in result["capabilities"]["completionProvider"]["triggerCharacters"]
    editor.open(A, "x = fo\n\n")
    await editor.settle()
    return editor


async def test_an_entry_replaces_the_word_and_is_matched_by_it(opened: Editor) -> None:
    opened.backend.completer.reply = "o(1)"
    answer = await complete(opened, 0, 6)
    assert answer["isIncomplete"]
    assert answer["items"] == [
        {
            "label": "foo(1)",
            "kind": 1,
            "detail": "Warmline",
            "filterText": "fo",
            "insertTextFormat": 1,
            "textEdit": {"range": span(0, 4, 6), "newText": "foo(1)"},
        }
    ]


async def test_a_block_is_labelled_by_its_first_line_and_shown_whole(opened: Editor) -> None:
    opened.backend.completer.reply = "\n    return 1\n"
    (item,) = (await complete(opened, 0, 6))["items"]
    assert (item["label"], item["kind"]) == ("return 1", 1)
    opened.backend.completer.reply = "o:\n    " + "y" * 100
    (item,) = (await complete(opened, 0, 6))["items"]
    assert (item["label"], item["kind"]) == ("foo:", 15)
    assert item["documentation"] == item["textEdit"]["newText"]
    opened.backend.completer.reply = "y" * 100
    (item,) = (await complete(opened, 0, 6))["items"]
    assert item["label"].endswith("y…")


async def test_without_a_word_nothing_is_replaced(opened: Editor) -> None:
    (item,) = (await complete(opened, 1, 0))["items"]
    assert item["textEdit"]["range"] == span(1, 0, 0)
    assert "filterText" not in item


async def test_blank_suggestions_are_no_entries(opened: Editor) -> None:
    opened.backend.completer.reply = "\n  "
    assert (await complete(opened, 1, 0))["items"] == []


async def test_an_unknown_document_gets_an_empty_list(editor: Editor) -> None:
    await editor.initialize(OLD_CLIENT)
    assert await complete(editor, 0, 0) == {"isIncomplete": True, "items": []}


async def test_editors_that_show_suggestions_in_the_text_get_no_list(editor: Editor) -> None:
    result = await editor.initialize()
    assert "completionProvider" not in result["capabilities"]
    editor.open(A, "x")
    assert await complete(editor, 0, 1) == {"isIncomplete": False, "items": []}


@pytest.mark.parametrize(
    ("capabilities", "setting", "is_offered"),
    [({}, "always", True), (OLD_CLIENT, "never", False), (OLD_CLIENT, "auto", True)],
)
async def test_the_setting_decides(
    editor: Editor, capabilities: dict[str, Any], setting: str, *, is_offered: bool
) -> None:
    result = await editor.initialize(
        capabilities, initializationOptions={"completionList": setting}
    )
    assert ("completionProvider" in result["capabilities"]) == is_offered
