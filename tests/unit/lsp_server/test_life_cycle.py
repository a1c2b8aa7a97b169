"""The life cycle of the specification, and messages that break the rules."""

import json

import pytest
from lsp_editor import Editor, ErrorAnswerError, at

from lsp_server import configuration

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
NOT_INITIALIZED, CANCELLED = -32002, -32800


async def code_of(editor: Editor, method: str, params: object = None) -> int:
    with pytest.raises(ErrorAnswerError) as caught:
        await editor.ask(method, params)
    return caught.value.code


async def test_initialize_says_what_the_server_can_do(editor: Editor) -> None:
    result = await editor.initialize()
    assert result["capabilities"] == {
        "positionEncoding": "utf-16",
        "textDocumentSync": {"openClose": True, "change": 2},
        "inlineCompletionProvider": {},
        "workspace": {"workspaceFolders": {"supported": True, "changeNotifications": True}},
    }
    assert result["serverInfo"]["name"] == "warmline"


async def test_requests_before_initialize_are_refused(editor: Editor) -> None:
    assert await code_of(editor, "textDocument/completion", at("file:///a", 0, 0)) == (
        NOT_INITIALIZED
    )
    assert await code_of(editor, "warmline/status") == NOT_INITIALIZED
    assert await code_of(editor, "shutdown") == NOT_INITIALIZED


async def test_notifications_before_initialize_are_dropped(editor: Editor) -> None:
    editor.open("file:///early.py", "x")
    await editor.initialize()
    assert (await editor.ask("warmline/status"))["documents"] == []


async def test_a_second_initialize_is_refused(editor: Editor) -> None:
    await editor.initialize()
    params = {"processId": None, "rootUri": None, "capabilities": {}}
    assert await code_of(editor, "initialize", params) == INVALID_REQUEST


async def test_between_initialize_and_initialized_there_are_answers_and_no_questions(
    editor: Editor,
) -> None:
    """Settings are not asked for yet, so there is nothing to suggest, and a reason for that."""
    workspace = {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}
    capabilities = {"workspace": workspace, "window": {"workDoneProgress": True}}
    await editor.ask("initialize", {"processId": None, "capabilities": capabilities})
    editor.open("file:///a.py", "x")
    assert await editor.inline("file:///a.py", 0, 1) == []
    (answer,) = (await editor.ask("warmline/status"))["empty_answers"]
    assert answer["reason"] == "loading"
    assert not any("method" in each and "id" in each for each in editor.received)
    editor.notify("initialized", {})
    await editor.told("didChangeStatus", kind="Normal", busy=False)
    assert len(await editor.inline("file:///a.py", 0, 1)) == 1


async def test_initialized_counts_once(editor: Editor) -> None:
    registration = {"didChangeConfiguration": {"dynamicRegistration": True}}
    await editor.initialize({"workspace": registration})
    editor.notify("initialized", {})
    await editor.settle()
    await editor.settle()
    assert len(editor.all_told("client/registerCapability")) == 1
    assert len(editor.backend.sessions) == 1


async def test_requests_after_shutdown_are_refused(editor: Editor) -> None:
    await editor.initialize()
    assert await editor.ask("shutdown") is None
    assert await code_of(editor, "warmline/status") == INVALID_REQUEST
    assert await code_of(editor, "shutdown") == INVALID_REQUEST


async def test_after_shutdown_only_exit_counts(editor: Editor) -> None:
    """No notification is followed any more, and what was cancelled stays so."""
    await editor.initialize()
    await editor.ask("shutdown")
    editor.open("file:///late.py", "x")
    editor.notify("$/cancelRequest", {"id": 1})
    editor.notify("initialized", {})
    editor.notify("workspace/didChangeConfiguration", {"settings": {"warmline.model": "/m"}})
    assert await code_of(editor, "initialize", {"capabilities": {}}) == INVALID_REQUEST
    assert await code_of(editor, "warmline/unknown") == INVALID_REQUEST
    assert editor.backend.completer.documents == {}
    assert len(editor.backend.sessions) == 1
    editor.notify("exit")
    assert await editor.run == 0


async def test_shutdown_before_initialized_is_a_proper_end(editor: Editor) -> None:
    await editor.ask("initialize", {"processId": None, "capabilities": {}})
    assert await editor.ask("shutdown") is None
    editor.notify("exit")
    assert await editor.run == 0


async def test_shutdown_ends_what_is_under_way(editor: Editor) -> None:
    await editor.initialize()
    editor.open("file:///a.py", "x")
    await editor.settle()
    editor.backend.completer.gate.clear()
    request = editor.start_inline("file:///a.py", 0, 1)
    await editor.backend.completer.entered.get()
    assert await editor.ask("shutdown") is None
    with pytest.raises(ErrorAnswerError) as caught:
        await editor.answer_to(request)
    assert caught.value.code == CANCELLED


async def test_exit_after_shutdown_is_success(editor: Editor) -> None:
    await editor.initialize()
    await editor.ask("shutdown")
    editor.notify("exit")
    assert await editor.run == 0
    assert editor.backend.engine.is_closed


@pytest.mark.parametrize(("is_shut_down", "exit_code"), [(True, 0), (False, 1)])
async def test_exit_waits_for_no_request(
    editor: Editor, *, is_shut_down: bool, exit_code: int
) -> None:
    await editor.initialize()
    completer, uris = editor.backend.completer, ["file:///a.py", "file:///b.py"]
    completer.gate.clear()
    for uri in uris:
        editor.open(uri, "x")
        editor.start_inline(uri, 0, 1)
        await completer.entered.get()
    if is_shut_down:
        editor.start("shutdown")
    editor.notify("exit")
    assert await editor.run == exit_code
    assert editor.backend.engine.is_closed
    assert completer.num_cancelled == len(uris)


async def test_exit_without_shutdown_is_failure(editor: Editor) -> None:
    await editor.initialize()
    editor.notify("exit")
    assert await editor.run == 1
    assert editor.backend.engine.is_closed


async def test_an_editor_that_vanishes_is_failure(editor: Editor) -> None:
    await editor.initialize()
    assert await editor.leave() == 1
    assert editor.backend.engine.is_closed


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe{}", b"[" * 100_000, b""])
async def test_what_is_not_json_is_answered_and_survived(editor: Editor, body: bytes) -> None:
    await editor.initialize()
    editor.send_body(body)
    with pytest.raises(ErrorAnswerError) as caught:
        await editor.answer_to(None)
    assert caught.value.code == PARSE_ERROR
    await editor.settle()


@pytest.mark.parametrize(
    "message", [[], 3, {"method": "shutdown", "id": 1}, {"jsonrpc": "2.0", "id": [1]}]
)
async def test_what_is_not_json_rpc_is_answered_and_survived(
    editor: Editor, message: object
) -> None:
    await editor.initialize()
    editor.send_body(json.dumps(message).encode())
    with pytest.raises(ErrorAnswerError) as caught:
        await editor.answer_to(None)
    assert caught.value.code == INVALID_REQUEST
    await editor.settle()


async def test_a_stated_length_that_is_too_short_costs_one_message(editor: Editor) -> None:
    await editor.initialize()
    editor.stream.feed_data(b'Content-Length: 5\r\n\r\n{"jsonrpc": "2.0"}')
    await editor.settle()


@pytest.mark.parametrize("length", [b"9999999999", b"-5", b"1e3", b"", b"9" * 40])
async def test_a_stated_length_that_no_message_has_is_skipped(
    editor: Editor, length: bytes
) -> None:
    """Rather than waited for, which would be the end of the session."""
    await editor.initialize()
    editor.stream.feed_data(b"Content-Length: %b\r\n\r\n" % length)
    await editor.settle()


async def test_unknown_requests_are_refused_without_a_popup(editor: Editor) -> None:
    await editor.initialize()
    assert await code_of(editor, "textDocument/hover", at("file:///a", 0, 0)) == METHOD_NOT_FOUND
    assert await code_of(editor, "$/unknown") == METHOD_NOT_FOUND
    editor.notify("$/unknown")
    editor.notify("workspace/didRenameFiles", {"files": []})
    await editor.settle()
    assert editor.all_told("window/showMessage") == []


@pytest.mark.parametrize(
    "params",
    [
        None,
        [],
        {"textDocument": {"uri": "file:///a"}},
        at("file:///a", -1, 0) | {"context": {"triggerKind": 1}},
        at("file:///a", 0, 0) | {"context": {"triggerKind": 9}},
        at("file:///a", 0, 0) | {"context": {"triggerKind": "x"}},
    ],
)
async def test_wrong_parameters_are_answered_without_a_popup(
    editor: Editor, params: object
) -> None:
    await editor.initialize()
    assert await code_of(editor, "textDocument/inlineCompletion", params) == INVALID_PARAMS
    await editor.settle()
    assert editor.all_told("window/showMessage") == []


async def test_a_notification_with_wrong_parameters_is_ignored(editor: Editor) -> None:
    await editor.initialize()
    editor.notify("textDocument/didOpen", {"textDocument": {"uri": 5}})
    editor.notify("textDocument/didChange")
    await editor.settle()
    assert editor.all_told("window/showMessage") == []


@pytest.mark.parametrize(
    "params",
    [
        None,
        [],
        {},
        {"capabilities": 3},
        {"capabilities": {"window": 3}},
        {"capabilities": {"workspace": {"didChangeConfiguration": True}}},
        {"capabilities": {"general": {"positionEncodings": "utf-8"}}},
    ],
)
async def test_wrong_initialize_parameters_leave_the_server_waiting(
    editor: Editor, params: object
) -> None:
    assert await code_of(editor, "initialize", params) == INVALID_PARAMS
    await editor.initialize()


async def test_what_is_null_in_initialize_counts_as_missing(editor: Editor) -> None:
    capabilities = dict.fromkeys(("general", "textDocument", "window", "workspace"))
    await editor.initialize(
        capabilities, initializationOptions=None, workspaceFolders=None, rootPath=None
    )


async def test_neither_answers_nor_notifications_open_a_session(editor: Editor) -> None:
    editor.send({"id": 1, "result": {"capabilities": {}}})
    editor.notify("initialize", {"capabilities": {}})
    assert await code_of(editor, "warmline/status") == NOT_INITIALIZED
    assert len(editor.received) == 1


@pytest.mark.parametrize(("body", "code"), [(b"{", PARSE_ERROR), (b"[]", INVALID_REQUEST)])
async def test_what_is_no_message_is_answered_before_initialize_too(
    editor: Editor, body: bytes, code: int
) -> None:
    editor.send_body(body)
    with pytest.raises(ErrorAnswerError) as caught:
        await editor.answer_to(None)
    assert caught.value.code == code
    await editor.initialize()


async def test_an_editor_that_leaves_before_initialize_is_failure(editor: Editor) -> None:
    assert await editor.leave() == 1


async def test_an_answer_that_comes_too_late_is_dropped(
    editor: Editor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(configuration, "_REPLY_TIMEOUT_S", 0.0)
    editor.left_unanswered = {"workspace/configuration"}
    await editor.initialize({"workspace": {"configuration": True}})  # until the wait is given up
    asked = await editor.until(lambda each: each.get("method") == "workspace/configuration")
    editor.send({"id": asked["id"], "result": [None]})
    await editor.settle()
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_conventions_of_other_servers_are_heard_quietly(editor: Editor) -> None:
    await editor.initialize()
    item = {"insertText": "x"}
    editor.notify("textDocument/didShowCompletion", {"item": item})
    editor.notify("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 1})
    editor.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///a"}})
    editor.notify("$/setTrace", {"value": "off"})
    editor.notify("textDocument/didSave", {"textDocument": {"uri": "file:///a"}})
    await editor.settle()
    assert editor.all_told("window/showMessage") == []
