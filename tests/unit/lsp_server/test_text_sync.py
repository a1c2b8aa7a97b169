"""Edits on their way from the editor to the completer, in every encoding."""

import pytest
from lsp_editor import Editor, edit

A, B = "file:///a.py", "file:///b.py"

# Where "x" goes into the line: behind the emoji, counted in units of each encoding.
LINE = "é\U0001f600\u4e2d"
BEHIND_EMOJI = {"utf-8": 6, "utf-16": 3, "utf-32": 2}


@pytest.mark.parametrize("encoding", list(BEHIND_EMOJI))
async def test_edits_in_each_encoding(editor: Editor, encoding: str) -> None:
    result = await editor.initialize({"general": {"positionEncodings": [encoding]}})
    assert result["capabilities"]["positionEncoding"] == encoding
    editor.open(A, f"one\r\n{LINE}\r\nthree")
    await editor.settle()
    unit = BEHIND_EMOJI[encoding]
    editor.change(A, 2, edit(1, unit, unit, "x"))
    await editor.settle()
    completer = editor.backend.completer
    assert completer.documents[A].text == "one\r\né\U0001f600x\u4e2d\r\nthree"
    assert completer.documents[A].version == 2
    assert completer.cursors == [len("one\r\né\U0001f600x")]
    (item,) = await editor.inline(A, 1, unit + 1)
    assert completer.requests[-1][1] == len("one\r\né\U0001f600x")
    assert item["range"]["start"] == {"line": 1, "character": unit + 1}


async def test_several_edits_at_once_apply_one_after_the_other(editor: Editor) -> None:
    await editor.initialize()
    editor.open(A, "a\nb\n")
    await editor.settle()
    editor.change(A, 2, edit(1, 0, 1, "x\ny"), edit(2, 1, 1, "!"))
    await editor.settle()
    assert editor.backend.completer.documents[A].text == "a\nx\ny!\n"
    assert editor.backend.completer.cursors == [None]


async def test_a_whole_new_text_replaces_the_old_one(editor: Editor) -> None:
    await editor.initialize()
    editor.open(A, "a")
    editor.change(A, 2, {"text": "\ufeffb\r"})
    await editor.settle()
    assert editor.backend.completer.documents[A].text == "\ufeffb\r"


async def test_an_edit_outside_the_document_goes_to_its_end(editor: Editor) -> None:
    await editor.initialize()
    editor.open(A, "a\nb")
    editor.change(A, 2, edit(9, 4, 7, "!"))
    editor.change(A, 3, edit(0, 99, 99, "?"))
    await editor.settle()
    assert editor.backend.completer.documents[A].text == "a?\nb!"


async def test_documents_are_kept_apart_and_forgotten_when_closed(editor: Editor) -> None:
    await editor.initialize()
    editor.open(A, "a")
    editor.open(B, "b")
    editor.change(B, 2, edit(0, 1, 1, "2"))
    editor.notify("textDocument/didClose", {"textDocument": {"uri": A}})
    await editor.settle()
    texts = {name: d.text for name, d in editor.backend.completer.documents.items()}
    assert texts == {B: "b2"}
    assert editor.backend.completer.closed == [A]


async def test_edits_of_unknown_documents_are_ignored(editor: Editor) -> None:
    await editor.initialize()
    editor.change(A, 2, edit(0, 0, 0, "x"))
    editor.notify("textDocument/didClose", {"textDocument": {"uri": A}})
    await editor.settle()
    assert editor.backend.completer.documents == {}
    assert editor.backend.completer.closed == []


async def test_documents_opened_before_the_settings_are_known_are_not_lost(
    editor: Editor,
) -> None:
    capabilities = {"textDocument": {"inlineCompletion": {}}}
    params = {"processId": None, "rootUri": None, "capabilities": capabilities}
    await editor.ask("initialize", params)
    editor.open(A, "a")
    assert await editor.inline(A, 0, 1) == []
    editor.notify("initialized", {})
    await editor.told("didChangeStatus", kind="Normal", busy=False)
    assert editor.backend.completer.documents[A].text == "a"
    assert len(await editor.inline(A, 0, 1)) == 1


UNREADABLE = {"textDocument": {"uri": A, "version": "two"}, "contentChanges": []}


async def test_an_unreadable_edit_ends_suggestions_in_its_document_alone(editor: Editor) -> None:
    await editor.initialize()
    editor.open(A, "a")
    editor.open(B, "b")
    editor.notify("textDocument/didChange", UNREADABLE)
    editor.notify("textDocument/didChange", UNREADABLE)
    editor.change(A, 3, edit(0, 0, 1, "z"))
    await editor.settle()
    assert await editor.inline(A, 0, 1) == []
    assert await editor.inline(B, 0, 1) != []
    status = await editor.ask("warmline/status")
    assert status["empty_answers"][-1]["reason"] == "out-of-step"
    assert editor.backend.completer.documents[A].text == "a"
    (told,) = editor.all_told("window/showMessage")
    assert "a.py" in told["message"]
    assert "open it again" in told["message"]


async def test_a_whole_text_brings_a_document_back(editor: Editor) -> None:
    await editor.initialize()
    editor.open(A, "a")
    editor.notify("textDocument/didChange", UNREADABLE)
    editor.change(A, 3, {"text": "b"}, edit(0, 1, 1, "c"))
    await editor.settle()
    assert editor.backend.completer.documents[A].text == "bc"
    assert await editor.inline(A, 0, 2) != []


async def test_opening_again_brings_a_document_back(editor: Editor) -> None:
    await editor.initialize()
    editor.open(A, "a")
    editor.notify("textDocument/didChange", UNREADABLE)
    editor.open(A, "b")
    await editor.settle()
    assert await editor.inline(A, 0, 1) != []


@pytest.mark.parametrize("params", [None, [], {"textDocument": 3}, {"textDocument": {"uri": 4}}])
async def test_an_unreadable_edit_of_no_document_changes_nothing(
    editor: Editor, params: object
) -> None:
    await editor.initialize()
    editor.open(A, "a")
    editor.notify("textDocument/didChange", params)
    await editor.settle()
    assert await editor.inline(A, 0, 1) != []
    assert editor.all_told("window/showMessage") == []
