"""`textDocument/inlineCompletion`: items, ranges, newest wins, and empty answers."""

import pytest
from lsp_editor import Editor, ErrorAnswerError, edit, span
from lsp_fakes import loading

from lsp_server.suggesting import Suggester

A, B = "file:///a.py", "file:///b.py"
CANCELLED = -32800


@pytest.fixture
async def opened(editor: Editor) -> Editor:
    await editor.initialize()
    editor.open(A, "def f():\n    pri\n")
    await editor.settle()
    return editor


async def reasons(editor: Editor) -> list[str]:
    answers = (await editor.ask("warmline/status"))["empty_answers"]
    return [answer["reason"] for answer in answers]


async def test_a_suggestion_stands_at_the_cursor(opened: Editor) -> None:
    items = await opened.inline(A, 1, 7)
    assert items == [{"insertText": "pass", "range": span(1, 7, 7)}]
    assert opened.backend.completer.requests[-1][:2] == (A, 16)


async def test_a_position_outside_is_moved_inside(opened: Editor) -> None:
    (item,) = await opened.inline(A, 1, 400)
    assert item["range"] == span(1, 7, 7)
    (item,) = await opened.inline(A, 400, 3)
    assert item["range"] == span(2, 0, 0)


async def test_an_empty_document_is_a_document(opened: Editor) -> None:
    opened.open(B, "")
    assert await opened.inline(B, 0, 0) == [{"insertText": "pass", "range": span(0, 0, 0)}]


async def test_an_unknown_document_gets_nothing_and_a_reason(opened: Editor) -> None:
    assert await opened.inline(B, 0, 0) == []
    assert await reasons(opened) == ["unknown-document"]


async def test_a_document_of_five_megabytes_gets_nothing_and_a_reason(opened: Editor) -> None:
    opened.open(B, "x = 1\n" * 850_000)
    opened.change(B, 2, edit(800_000, 0, 0, "y"))
    assert await opened.inline(B, 800_000, 1) == []
    assert await reasons(opened) == ["document-too-large"]
    assert (await opened.told("didChangeStatus", kind="Warning"))["message"]
    assert len(await opened.inline(A, 1, 7)) == 1


async def test_a_failing_completer_costs_one_answer(opened: Editor) -> None:
    opened.backend.completer.reply = RuntimeError("a bug")
    assert await opened.inline(A, 1, 7) == []
    assert await reasons(opened) == ["engine-failed"]
    opened.backend.completer.reply = "pass"
    assert len(await opened.inline(A, 1, 7)) == 1
    assert opened.all_told("window/showMessage") == []


async def test_while_loading_there_is_nothing_and_a_reason(opened: Editor) -> None:
    opened.backend.engine.become(loading(0.5))
    assert await opened.inline(A, 1, 7) == []
    assert await reasons(opened) == ["loading"]
    assert opened.all_told("window/showMessage") == []


# The entry selected in the editor's own list.


async def inline_after_entry(editor: Editor, start: int, stop: int, text: str) -> list[object]:
    selected = {"range": span(1, start, stop), "text": text}
    items: list[object] = await editor.inline(A, 1, 7, selectedCompletionInfo=selected)
    return items


async def test_a_selected_entry_is_extended_in_its_own_range(opened: Editor) -> None:
    opened.backend.completer.reply = "(x)"
    items = await inline_after_entry(opened, 4, 7, "print")
    assert items == [{"insertText": "print(x)", "range": span(1, 4, 7)}]
    assert opened.backend.completer.requests[-1][2].forced_text == "nt"


async def test_a_selected_entry_that_nothing_can_be_added_to_is_not_repeated(
    opened: Editor,
) -> None:
    opened.backend.completer.reply = ""
    assert await inline_after_entry(opened, 4, 7, "print") == []


@pytest.mark.parametrize(
    ("start", "stop", "text"), [(4, 7, "Print"), (4, 8, "print"), (9, 9, "print")]
)
async def test_an_entry_that_rewrites_text_is_not_extended(
    opened: Editor, start: int, stop: int, text: str
) -> None:
    opened.change(A, 2, edit(1, 7, 7, "()"))
    assert await inline_after_entry(opened, start, stop, text) == []
    assert await reasons(opened) == ["nothing-to-say"]
    assert opened.backend.completer.requests == []


# How often, and how it was triggered.


async def test_several_candidates_only_when_asked_for_explicitly(editor: Editor) -> None:
    await editor.initialize()
    editor.open(A, "x")
    assert len(await editor.inline(A, 0, 1, triggerKind=1)) == 3
    assert len(await editor.inline(A, 0, 1, triggerKind=2)) == 1
    requests = editor.backend.completer.requests
    assert [options.is_invoked for _, _, options in requests] == [True, False]


async def test_clients_that_count_triggers_from_zero_are_understood(editor: Editor) -> None:
    await editor.initialize(initializationOptions={"invokedCandidates": 3})
    editor.open(A, "x")
    assert len(await editor.inline(A, 0, 1, triggerKind=0)) == 3
    assert len(await editor.inline(A, 0, 1, triggerKind=1)) == 1


# Newest wins.


async def test_a_newer_request_ends_the_older_one(opened: Editor) -> None:
    completer = opened.backend.completer
    completer.gate.clear()
    older = opened.start_inline(A, 1, 7)
    await completer.entered.get()
    newer = opened.start_inline(A, 1, 6)
    assert await opened.answer_to(older) == {"items": []}
    assert completer.num_cancelled == 1
    completer.gate.set()
    assert len((await opened.answer_to(newer))["items"]) == 1
    assert await reasons(opened) == ["superseded"]


async def test_an_edit_ends_a_request_on_the_text_before(opened: Editor) -> None:
    completer = opened.backend.completer
    completer.gate.clear()
    request = opened.start_inline(A, 1, 7)
    await completer.entered.get()
    opened.change(A, 2, edit(1, 7, 7, "n"))
    assert await opened.answer_to(request) == {"items": []}
    assert completer.num_cancelled == 1


async def test_an_answer_that_an_edit_overtook_is_not_given(opened: Editor) -> None:
    """The work is done, but the edit comes before the answer can leave."""
    completer = opened.backend.completer
    completer.gate.clear()
    request = opened.start_inline(A, 1, 7)
    await completer.entered.get()
    completer.gate.set()
    opened.change(A, 2, edit(1, 7, 7, "n"))
    assert await opened.answer_to(request) == {"items": []}


async def test_an_answer_that_an_edit_overtakes_on_its_way_out_is_empty(
    opened: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is done but the sending, for which the event loop takes one more turn."""
    send_off = Suggester.send_off

    def overtaken(suggester: Suggester, uri: str, items: list[object]) -> list[object]:
        leaving = send_off(suggester, uri, items)
        suggester.supersede(uri)
        return leaving

    monkeypatch.setattr(Suggester, "send_off", overtaken)
    assert await opened.inline(A, 1, 7) == []


async def test_a_request_and_an_edit_sent_together_keep_their_order(opened: Editor) -> None:
    """The position of a request is read in the text it was sent for."""
    late = opened.start_inline(A, 1, 7)
    opened.change(A, 2, edit(0, 0, 0, "# a comment\n"))
    assert await opened.answer_to(late) == {"items": []}
    opened.change(A, 3, edit(0, 0, 0, "# another comment\n"))
    good = opened.start_inline(A, 3, 7)
    assert len((await opened.answer_to(good))["items"]) == 1
    assert opened.backend.completer.requests[-1][1] == 16 + len("# a comment\n# another comment\n")


async def test_documents_do_not_end_each_others_requests(opened: Editor) -> None:
    opened.open(B, "y")
    completer = opened.backend.completer
    completer.gate.clear()
    first, second = opened.start_inline(A, 1, 7), opened.start_inline(B, 0, 1)
    await completer.entered.get()
    await completer.entered.get()
    completer.gate.set()
    assert len((await opened.answer_to(first))["items"]) == 1
    assert len((await opened.answer_to(second))["items"]) == 1


async def test_a_cancelled_request_ends_its_work(opened: Editor) -> None:
    completer = opened.backend.completer
    completer.gate.clear()
    request = opened.start_inline(A, 1, 7)
    await completer.entered.get()
    opened.notify("$/cancelRequest", {"id": request})
    with pytest.raises(ErrorAnswerError) as caught:
        await opened.answer_to(request)
    assert caught.value.code == CANCELLED
    await completer.left.get()
    assert completer.num_cancelled == 1
    completer.gate.set()
    assert len(await opened.inline(A, 1, 7)) == 1


async def test_cancelling_what_is_not_there_changes_nothing(opened: Editor) -> None:
    opened.notify("$/cancelRequest", {"id": 999})
    assert len(await opened.inline(A, 1, 7)) == 1


async def test_closing_a_document_ends_its_request(opened: Editor) -> None:
    completer = opened.backend.completer
    completer.gate.clear()
    request = opened.start_inline(A, 1, 7)
    await completer.entered.get()
    opened.notify("textDocument/didClose", {"textDocument": {"uri": A}})
    assert await opened.answer_to(request) == {"items": []}


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ({"name": "Visual Studio Code - Insiders", "version": "1.120"}, True),
        ({"name": "Neovim", "version": "0.11.4"}, True),
        ({"name": "helix"}, False),
        ({}, False),
        (None, False),
    ],
)
async def test_editors_that_wait_for_pauses_themselves_are_known(
    editor: Editor, client: dict[str, str] | None, *, expected: bool
) -> None:
    await editor.initialize(clientInfo=client)
    editor.open(A, "def f():\n    pri\n")
    await editor.settle()
    await editor.inline(A, 1, 7)
    assert editor.backend.completer.requests[-1][2].is_debounced is expected
