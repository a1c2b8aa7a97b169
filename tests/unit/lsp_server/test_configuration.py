"""Settings on all their ways from the editor to the rooms below."""

from typing import Any

import pytest
from lsp_editor import Editor, edit
from lsp_fakes import loading

A = "file:///a.py"
ASKED: dict[str, Any] = {"workspace": {"configuration": True}}
REGISTERED = {
    "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}
}


def warnings(editor: Editor) -> list[str]:
    return [log["message"] for log in editor.all_told("window/logMessage")]


async def test_options_of_initialize_count_from_the_start(editor: Editor) -> None:
    folder = {"uri": "file:///home/me/project", "name": "project"}
    await editor.initialize(
        initializationOptions={"warmline": {"maxTokens": 5}}, workspaceFolders=[folder]
    )
    assert editor.backend.completer.settings.max_tokens == 5
    assert editor.backend.workspace.name == "project"


async def test_the_root_names_the_repository_of_older_clients(editor: Editor) -> None:
    await editor.initialize(rootUri="file:///home/me/my%20project")
    assert editor.backend.workspace.name == "my project"


async def test_the_editor_is_asked_and_its_answer_comes_first(editor: Editor) -> None:
    editor.answers["workspace/configuration"] = lambda _: [{"maxTokens": 7, "threads": None}]
    await editor.initialize(ASKED, initializationOptions={"maxTokens": 5, "threads": 2})
    assert await editor.told("workspace/configuration") == {"items": [{"section": "warmline"}]}
    assert editor.backend.completer.settings.max_tokens == 7
    assert editor.backend.settings[-1].engine.threads == 2


async def test_an_editor_that_cannot_answer_costs_only_its_settings(editor: Editor) -> None:
    editor.answers["workspace/configuration"] = lambda _: "nonsense"
    await editor.initialize(ASKED, initializationOptions={"maxTokens": 5})
    assert editor.backend.completer.settings.max_tokens == 5


async def test_changes_are_registered_for_where_the_client_wants_that(editor: Editor) -> None:
    await editor.initialize(REGISTERED)
    (registration,) = (await editor.told("client/registerCapability"))["registrations"]
    assert registration["method"] == "workspace/didChangeConfiguration"
    assert registration["registerOptions"] == {"section": "warmline"}


@pytest.mark.parametrize("is_refused", [True, False])
async def test_an_editor_that_does_not_register_is_served_all_the_same(
    editor: Editor, caplog: pytest.LogCaptureFixture, *, is_refused: bool
) -> None:
    """Whether it refuses or never answers; what it tells of changes is followed as from others."""
    method = "client/registerCapability"
    (editor.refused if is_refused else editor.left_unanswered).add(method)
    editor.answers["workspace/configuration"] = lambda _: [{"maxTokens": 7}]
    await editor.initialize(REGISTERED)
    await editor.told(method)
    assert editor.backend.completer.settings.max_tokens == 7
    editor.answers["workspace/configuration"] = lambda _: [{"maxTokens": 9}]
    editor.notify("workspace/didChangeConfiguration", {"settings": None})
    editor.open(A, "x")
    await editor.settle()
    assert len(await editor.inline(A, 0, 1)) == 1
    assert editor.backend.completer.settings.max_tokens == 9
    told = [record.message for record in caplog.records if "changed settings" in record.message]
    assert len(told) == is_refused
    assert editor.all_told("window/showMessage") == []
    assert await editor.leave() == 1


async def test_an_editor_that_refuses_to_tell_its_settings_costs_only_those(
    editor: Editor,
) -> None:
    editor.refused = {"workspace/configuration"}
    await editor.initialize(ASKED, initializationOptions={"maxTokens": 5})
    assert editor.backend.completer.settings.max_tokens == 5
    assert editor.all_told("window/showMessage") == []


async def test_all_three_routes_at_once(editor: Editor) -> None:
    """What was asked for last counts, above it nothing, below it the options of initialize."""
    editor.answers["workspace/configuration"] = lambda _: [{"maxTokens": 7}]
    options = {"maxTokens": 5, "showThreshold": 11}
    await editor.initialize(ASKED, initializationOptions=options)
    editor.answers["workspace/configuration"] = lambda _: [{"maxTokens": 9}]
    sent = {"settings": {"warmline": {"maxTokens": 8}}}
    editor.notify("workspace/didChangeConfiguration", sent)
    await editor.settle()
    await editor.settle()
    settings = editor.backend.completer.settings
    assert (settings.max_tokens, settings.show_threshold) == (9, 11)


@pytest.mark.parametrize("settings", [None, {}, [], "nonsense", 3, {"warmline": None}])
async def test_settings_that_are_none_change_nothing_of_the_first(
    editor: Editor, settings: Any
) -> None:
    await editor.initialize(initializationOptions={"maxTokens": 5})
    editor.notify("workspace/didChangeConfiguration", {"settings": settings})
    await editor.settle()
    assert editor.backend.completer.settings.max_tokens == 5


async def test_settings_that_are_sent_reach_the_completer(editor: Editor) -> None:
    await editor.initialize()
    sent = {"settings": {"warmline": {"maxTokens": 9}}}
    editor.notify("workspace/didChangeConfiguration", sent)
    await editor.settle()
    assert editor.backend.completer.settings.max_tokens == 9
    assert len(editor.backend.sessions) == 1


async def test_a_change_without_settings_is_asked_about(editor: Editor) -> None:
    await editor.initialize(ASKED)
    editor.answers["workspace/configuration"] = lambda _: [{"enabled": False}]
    editor.notify("workspace/didChangeConfiguration", {"settings": None})
    await editor.told("didChangeStatus", kind="Inactive")
    assert not editor.backend.completer.settings.enabled


async def test_another_model_means_another_session_with_the_same_documents(
    editor: Editor,
) -> None:
    await editor.initialize()
    editor.open(A, "a")
    editor.change(A, 2, edit(0, 1, 1, "b"))
    await editor.settle()
    first = editor.backend.engine
    editor.notify("workspace/didChangeConfiguration", {"settings": {"warmline.model": "/m"}})
    await editor.settle()
    assert first.is_closed
    assert editor.backend.engine is not first
    assert editor.backend.engine.num_connects == 1
    assert editor.backend.settings[-1].engine.model == "/m"
    assert editor.backend.completer.documents[A].text == "ab"
    first.become(loading(0.5, "The old engine has something to say."))
    await editor.settle()
    messages = [status["message"] for status in editor.all_told("didChangeStatus")]
    assert "The old engine has something to say." not in messages


@pytest.mark.parametrize("change", [{"monitors": False}, {"pythonInterpreter": "/opt/python"}])
async def test_other_analysis_means_another_session(editor: Editor, change: Any) -> None:
    await editor.initialize()
    editor.notify("workspace/didChangeConfiguration", {"settings": {"warmline": change}})
    await editor.settle()
    assert len(editor.backend.sessions) == 2
    status = await editor.ask("warmline/status")
    assert (status["monitors"] is None) is ("monitors" in change)


async def test_a_wrong_value_and_an_unknown_name_are_logged_once_without_a_popup(
    editor: Editor,
) -> None:
    await editor.initialize(initializationOptions={"maxTokens": "many", "colour": "red"})
    for _ in range(2):
        editor.notify("workspace/didChangeConfiguration", {"settings": {}})
    await editor.settle()
    assert warnings(editor) == [
        "warmline.maxTokens is 'many', but a whole number is wanted; its default 96 is used.",
        "There is no setting warmline.colour; it is ignored.",
    ]
    assert {log["type"] for log in editor.all_told("window/logMessage")} == {2}
    assert editor.all_told("window/showMessage") == []
    assert editor.backend.completer.settings.max_tokens == 96
