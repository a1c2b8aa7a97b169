"""Documents that come and go in ways that the protocol forbids, or leaves open."""

import pytest
from lsp_editor import Editor, edit

A, B = "file:///a.py", "file:///b.py"
CELLS = (
    "vscode-notebook-cell:/work/a.ipynb#W0sZmlsZQ%3D%3D",
    "vscode-notebook-cell:/work/a.ipynb#W1sZmlsZQ%3D%3D",
)


@pytest.fixture
async def opened(editor: Editor) -> Editor:
    await editor.initialize(workspaceFolders=[{"uri": "file:///work", "name": "work"}])
    editor.open(A, "x = 1\n")
    await editor.settle()
    return editor


def open_as(editor: Editor, uri: str, language: str, text: str) -> None:
    item = {"uri": uri, "languageId": language, "version": 1, "text": text}
    editor.notify("textDocument/didOpen", {"textDocument": item})


def close(editor: Editor, uri: str) -> None:
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


async def start_and_wait(editor: Editor, uri: str) -> int:
    """Have a request under way."""
    editor.backend.completer.gate.clear()
    request = editor.start_inline(uri, 0, 1)
    await editor.backend.completer.entered.get()
    return request


async def test_a_document_that_is_opened_twice_starts_anew(opened: Editor) -> None:
    request = await start_and_wait(opened, A)
    opened.open(A, "y", version=1)
    assert await opened.answer_to(request) == {"items": []}
    opened.backend.completer.gate.set()
    opened.change(A, 2, edit(0, 1, 1, "!"))
    assert len(await opened.inline(A, 0, 2)) == 1
    assert opened.backend.completer.documents[A].text == "y!"
    assert (await opened.ask("warmline/status"))["documents"] == [A]


async def test_a_document_that_is_opened_twice_is_closed_once(opened: Editor) -> None:
    opened.open(A, "y")
    close(opened, A)
    close(opened, A)
    await opened.settle()
    assert opened.backend.completer.documents == {}


async def test_a_version_that_goes_backwards_is_an_edit_like_any_other(opened: Editor) -> None:
    """The edits say what the text is; the version is only told apart from others."""
    opened.change(A, 9, edit(0, 5, 5, "2"))
    opened.change(A, 3, edit(0, 6, 6, "3"))
    request = await start_and_wait(opened, A)
    opened.change(A, 3, edit(0, 7, 7, "4"))
    assert await opened.answer_to(request) == {"items": []}
    opened.backend.completer.gate.set()
    assert len(await opened.inline(A, 0, 8)) == 1
    document = opened.backend.completer.documents[A]
    assert (document.text, document.version) == ("x = 1234\n", 3)


async def test_an_edit_of_a_document_that_is_not_open_opens_none(opened: Editor) -> None:
    opened.change(B, 2, {"text": "y"})
    assert await opened.inline(B, 0, 0) == []
    status = await opened.ask("warmline/status")
    assert status["documents"] == [A]
    assert status["empty_answers"][-1]["reason"] == "unknown-document"


async def test_an_edit_without_changes_changes_the_version_alone(opened: Editor) -> None:
    opened.change(A, 2)
    assert len(await opened.inline(A, 0, 1)) == 1
    document = opened.backend.completer.documents[A]
    assert (document.text, document.version) == ("x = 1\n", 2)


@pytest.mark.parametrize("language", ["brainfuck", "", "日本語", "python2"])
async def test_a_language_nobody_knows_is_served_like_others(editor: Editor, language: str) -> None:
    await editor.initialize()
    open_as(editor, B, language, "x")
    assert len(await editor.inline(B, 0, 1)) == 1
    assert editor.backend.completer.documents[B].language == language


async def test_cells_of_a_notebook_are_documents_of_their_own(opened: Editor) -> None:
    for number, cell in enumerate(CELLS):
        open_as(opened, cell, "python", f"x{number}")
    opened.change(CELLS[1], 2, edit(0, 2, 2, "!"))
    request = await start_and_wait(opened, CELLS[0])
    opened.change(CELLS[1], 3, edit(0, 3, 3, "!"))  # ends no request in another cell
    opened.backend.completer.gate.set()
    assert len((await opened.answer_to(request))["items"]) == 1
    close(opened, CELLS[0])
    assert len(await opened.inline(CELLS[1], 0, 4)) == 1
    assert opened.backend.completer.documents[CELLS[1]].text == "x1!!"
    assert (await opened.ask("warmline/status"))["documents"] == [A, CELLS[1]]


async def test_notebooks_themselves_are_neither_promised_nor_minded(opened: Editor) -> None:
    cells = [{"kind": 2, "document": CELLS[0]}]
    notebook = {"uri": "file:///work/a.ipynb", "notebookType": "x", "version": 1, "cells": cells}
    params = {"notebookDocument": notebook, "cellTextDocuments": []}
    opened.notify("notebookDocument/didOpen", params)
    opened.notify("notebookDocument/didClose", params)
    await opened.settle()
    assert opened.all_told("window/showMessage") == []


async def test_a_file_renamed_in_mid_request_is_another_document(opened: Editor) -> None:
    """Editors close the old name and open the new one; some say so in a message of its own too."""
    request = await start_and_wait(opened, A)
    files = [{"oldUri": A, "newUri": B}]
    opened.notify("workspace/didRenameFiles", {"files": files})
    close(opened, A)
    opened.open(B, "x = 1\n")
    late = opened.start_inline(A, 0, 1)
    assert await opened.answer_to(request) == {"items": []}
    assert await opened.answer_to(late) == {"items": []}
    opened.backend.completer.gate.set()
    assert len(await opened.inline(B, 0, 1)) == 1
    assert list(opened.backend.completer.documents) == [B]
    assert opened.backend.completer.closed == [A]


async def test_a_file_closed_and_opened_again_in_mid_request_gets_no_old_answer(
    opened: Editor,
) -> None:
    request = await start_and_wait(opened, A)
    close(opened, A)
    opened.open(A, "x = 1\n")
    opened.backend.completer.gate.set()
    assert await opened.answer_to(request) == {"items": []}
    assert len(await opened.inline(A, 0, 1)) == 1


async def test_a_folder_removed_in_mid_request_costs_no_answer(opened: Editor) -> None:
    """The document is still open, and whose folder it was in is no matter of its text."""
    request = await start_and_wait(opened, A)
    event = {"added": [], "removed": [{"uri": "file:///work", "name": "work"}]}
    opened.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    await opened.settle()
    assert opened.backend.completer.folders == ()
    opened.backend.completer.gate.set()
    assert len((await opened.answer_to(request))["items"]) == 1


async def test_a_folder_that_was_never_open_can_be_removed(opened: Editor) -> None:
    event = {"added": [], "removed": [{"uri": "file:///elsewhere", "name": "elsewhere"}]}
    opened.notify("workspace/didChangeWorkspaceFolders", {"event": event})
    await opened.settle()
    assert [str(folder) for folder in opened.backend.completer.folders] == ["/work"]
