"""Ids: whose request is whose, which answer is to which, and what a cancellation reaches."""

from typing import Any

import pytest
from lsp_editor import Editor, ErrorAnswerError, at

A, B = "file:///a.py", "file:///b.py"
INVALID_REQUEST, CANCELLED = -32600, -32800
STATUS = "warmline/status"


@pytest.fixture
async def opened(editor: Editor) -> Editor:
    await editor.initialize()
    for uri in (A, B):
        editor.open(uri, "x")
    await editor.settle()
    return editor


def ask_inline(editor: Editor, identifier: Any, uri: str) -> None:
    params = at(uri, 0, 1) | {"context": {"triggerKind": 2}}
    editor.send({"id": identifier, "method": "textDocument/inlineCompletion", "params": params})


async def code_of(editor: Editor, identifier: Any) -> int:
    with pytest.raises(ErrorAnswerError) as caught:
        await editor.answer_to(identifier)
    return caught.value.code


def answers_to(editor: Editor, identifier: Any) -> list[dict[str, Any]]:
    return [
        each for each in editor.received if "method" not in each and each.get("id") == identifier
    ]


async def test_an_id_in_use_is_refused_and_the_first_request_goes_on(opened: Editor) -> None:
    """The refusal names no id, which would make it an answer to the first."""
    completer = opened.backend.completer
    completer.gate.clear()
    ask_inline(opened, 70, A)
    await completer.entered.get()
    ask_inline(opened, 70, B)
    assert await code_of(opened, None) == INVALID_REQUEST
    completer.gate.set()
    assert len((await opened.answer_to(70))["items"]) == 1
    await opened.settle()
    assert len(answers_to(opened, 70)) == 1
    assert [name for name, _, _ in completer.requests] == [A]


async def test_the_first_request_of_an_id_can_still_be_cancelled(opened: Editor) -> None:
    completer = opened.backend.completer
    completer.gate.clear()
    ask_inline(opened, 70, A)
    await completer.entered.get()
    ask_inline(opened, 70, B)
    opened.notify("$/cancelRequest", {"id": 70})
    assert await code_of(opened, 70) == CANCELLED
    assert completer.num_cancelled == 1


@pytest.mark.parametrize("method", [STATUS, "warmline/unknown", "warmline/cache"])
async def test_an_id_is_free_again_once_it_is_answered(opened: Editor, method: str) -> None:
    """Also where the answer was an error."""
    opened.send({"id": 70, "method": method})
    await opened.until(lambda each: each.get("id") == 70)
    ask_inline(opened, 70, A)
    await opened.until(lambda _: len(answers_to(opened, 70)) == 2)
    assert len(answers_to(opened, 70)[-1]["result"]["items"]) == 1


async def test_an_id_is_free_again_once_its_request_is_cancelled(opened: Editor) -> None:
    completer = opened.backend.completer
    completer.gate.clear()
    ask_inline(opened, 70, A)
    await completer.entered.get()
    opened.notify("$/cancelRequest", {"id": 70})
    assert await code_of(opened, 70) == CANCELLED
    completer.gate.set()
    ask_inline(opened, 70, A)
    await opened.until(lambda _: len(answers_to(opened, 70)) == 2)
    assert "result" in answers_to(opened, 70)[-1]


async def test_a_number_and_the_same_number_as_a_string_are_two_ids(opened: Editor) -> None:
    completer = opened.backend.completer
    completer.gate.clear()
    ask_inline(opened, 70, A)
    ask_inline(opened, "70", B)
    await completer.entered.get()
    await completer.entered.get()
    opened.notify("$/cancelRequest", {"id": "70"})
    assert await code_of(opened, "70") == CANCELLED
    completer.gate.set()
    assert len((await opened.answer_to(70))["items"]) == 1


@pytest.mark.parametrize("identifier", ["", "é\U0001f600", 0, -5, 2**31 - 1, 2**63])
async def test_any_number_and_any_string_is_an_id(opened: Editor, identifier: Any) -> None:
    opened.send({"id": identifier, "method": STATUS})
    answer = await opened.until(lambda each: "result" in each and each["id"] == identifier)
    assert type(answer["id"]) is type(identifier)


@pytest.mark.parametrize("identifier", [None, True, 1.5, [1], {}])
async def test_a_request_with_no_id_at_all_is_refused_without_one(
    opened: Editor, identifier: Any
) -> None:
    """Null too: the answer could not be told from one to a message that was not understood."""
    opened.send({"id": identifier, "method": STATUS})
    assert await code_of(opened, None) == INVALID_REQUEST
    await opened.settle()


async def test_a_null_id_is_refused_before_initialize_too(editor: Editor) -> None:
    editor.send({"id": None, "method": "initialize", "params": {"capabilities": {}}})
    assert await code_of(editor, None) == INVALID_REQUEST
    await editor.initialize()


@pytest.mark.parametrize("identifier", [1, "1", 999, "unknown", None, True, 1.0, [1], {}])
async def test_cancelling_what_is_answered_or_was_never_asked_changes_nothing(
    opened: Editor, identifier: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The id 1 is that of `initialize`, answered long ago."""
    num_before = len(opened.received)
    opened.notify("$/cancelRequest", {"id": identifier})
    opened.notify("$/cancelRequest")
    await opened.settle()
    assert len(opened.received) == num_before + 1
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_request_is_answered_once_however_often_it_is_cancelled(opened: Editor) -> None:
    completer = opened.backend.completer
    completer.gate.clear()
    ask_inline(opened, 70, A)
    await completer.entered.get()
    for _ in range(3):
        opened.notify("$/cancelRequest", {"id": 70})
    assert await code_of(opened, 70) == CANCELLED
    opened.notify("$/cancelRequest", {"id": 70})
    await opened.settle()
    assert len(answers_to(opened, 70)) == 1


async def test_an_answer_is_never_taken_for_one_to_the_clients_own_request(
    opened: Editor, caplog: pytest.LogCaptureFixture
) -> None:
    completer = opened.backend.completer
    completer.gate.clear()
    for identifier, uri in ((70, A), ("seventy", B)):
        ask_inline(opened, identifier, uri)
        await completer.entered.get()
        opened.send({"id": identifier, "result": {"items": []}})
    await opened.settle()
    opened.notify("$/cancelRequest", {"id": 70})
    assert await code_of(opened, 70) == CANCELLED
    completer.gate.set()
    assert len((await opened.answer_to("seventy"))["items"]) == 1
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_a_client_cannot_cancel_what_the_server_asked_it(editor: Editor) -> None:
    editor.left_unanswered = {"workspace/configuration"}
    await editor.ask("initialize", {"capabilities": {"workspace": {"configuration": True}}})
    editor.notify("initialized", {})
    asked = await editor.until(lambda each: each.get("method") == "workspace/configuration")
    editor.notify("$/cancelRequest", {"id": asked["id"]})
    editor.send({"id": asked["id"], "result": [{"maxTokens": 7}]})
    await editor.told("didChangeStatus")
    assert editor.backend.completer.settings.max_tokens == 7


@pytest.mark.parametrize(
    "answer",
    [
        {"id": None, "error": {"code": -32700, "message": "What was that?"}},
        {"id": [1], "result": None},
        {"id": "never-asked", "result": 5},
        {"id": 5, "error": "nonsense"},
        {"error": {}},
    ],
)
async def test_answers_are_not_answered(opened: Editor, answer: dict[str, Any]) -> None:
    """However wrong they are: two sides that did would never come to an end."""
    num_before = len(opened.received)
    opened.send(answer)
    await opened.settle()
    assert len(opened.received) == num_before + 1
