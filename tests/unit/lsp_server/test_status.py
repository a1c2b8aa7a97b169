"""What the user is told: status, progress while loading, rare messages."""

import asyncio
import itertools

import pytest
from lsp_editor import Editor
from lsp_fakes import READY, FakeBackend, loading

from engine.errors import EngineUnavailableError
from engine.protocol.messages import EngineState, Phase
from lsp_server.status import SETTLE_S

A = "file:///a.py"
PROGRESS = {"window": {"workDoneProgress": True}}


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend(loading(0.1))


def is_progress(kind: str) -> object:
    return lambda message: (
        message.get("method") == "$/progress" and message["params"]["value"]["kind"] == kind
    )


async def test_loading_is_shown_from_begin_to_end(editor: Editor) -> None:
    await editor.initialize(PROGRESS)
    token = (await editor.told("window/workDoneProgress/create"))["token"]
    begin = await editor.until(is_progress("begin"))
    assert begin["params"]["value"] == {
        "kind": "begin",
        "title": "Warmline",
        "message": "Reading weights.",
        "percentage": 10,
    }
    editor.backend.engine.become(loading(0.7, "Nearly there."))
    report = await editor.until(is_progress("report"))
    assert report["params"]["value"] == {
        "kind": "report",
        "message": "Nearly there.",
        "percentage": 70,
    }
    editor.backend.engine.become(READY)
    end = await editor.until(is_progress("end"))
    assert {message["params"]["token"] for message in (begin, report, end)} == {token}


async def test_no_progress_is_begun_that_was_over_before_the_editor_agreed(
    editor: Editor,
) -> None:
    agree = editor.answers["window/workDoneProgress/create"]

    def agree_late(params: object) -> object:
        editor.backend.engine.become(READY)
        return agree(params)

    editor.answers["window/workDoneProgress/create"] = agree_late
    await editor.initialize(PROGRESS)
    await editor.told("didChangeStatus", busy=False)
    await editor.settle()
    assert editor.all_told("$/progress") == []


async def test_an_editor_that_refuses_to_show_progress_is_shown_none(editor: Editor) -> None:
    editor.refused = {"window/workDoneProgress/create"}
    await editor.initialize(PROGRESS)
    await editor.told("window/workDoneProgress/create")
    editor.backend.engine.become(loading(0.7))
    editor.backend.engine.become(READY)
    editor.open(A, "x")
    assert len(await editor.inline(A, 0, 1)) == 1
    assert editor.all_told("$/progress") == []
    assert editor.all_told("window/showMessage") == []


async def test_editors_without_progress_are_not_asked_for_it(editor: Editor) -> None:
    await editor.initialize()
    editor.backend.engine.become(READY)
    await editor.settle()
    assert editor.all_told("window/workDoneProgress/create") == []
    assert editor.all_told("$/progress") == []


async def test_the_status_follows_the_engine(editor: Editor) -> None:
    await editor.initialize()
    await editor.told("didChangeStatus", busy=True, kind="Normal", message="Reading weights.")
    editor.backend.engine.become(READY)
    await editor.told("didChangeStatus", busy=False, kind="Normal", message="")


async def test_the_same_status_is_not_told_twice(editor: Editor) -> None:
    await editor.initialize()
    for _ in range(3):
        editor.backend.engine.become(READY)
    await editor.settle()
    told = editor.all_told("didChangeStatus")
    assert all(first != second for first, second in itertools.pairwise(told))


async def test_making_a_suggestion_is_shown(editor: Editor) -> None:
    await editor.initialize()
    editor.backend.engine.become(READY)
    editor.open(A, "x")
    await editor.settle()
    editor.backend.completer.gate.clear()
    asked = editor.start_inline(A, 0, 1)
    await editor.told("didChangeStatus", busy=True, message="")
    editor.backend.completer.gate.set()
    await editor.answer_to(asked)
    await asyncio.sleep(2 * SETTLE_S)
    assert not editor.all_told("didChangeStatus")[-1]["busy"]


async def test_a_suggestion_made_at_once_is_no_news(
    editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is one that takes another's place: the editor hears that all of them take a while."""
    monkeypatch.setattr("lsp_server.status.SETTLE_S", 0.05)
    await editor.initialize()
    editor.backend.engine.become(READY)
    editor.open(A, "x")
    await editor.settle()
    told = len(editor.all_told("didChangeStatus"))
    await editor.inline(A, 0, 1)
    await asyncio.sleep(0.1)
    assert len(editor.all_told("didChangeStatus")) == told
    editor.backend.completer.gate.clear()
    for _ in range(5):
        editor.start_inline(A, 0, 1)
        await asyncio.sleep(0.03)
    busy = [status["busy"] for status in editor.all_told("didChangeStatus")[told:]]
    assert busy == [True]
    editor.backend.completer.gate.set()


async def test_a_failed_engine_is_shown_once(editor: Editor) -> None:
    await editor.initialize()
    failed = EngineState(Phase.FAILED, message="The model file is damaged; pull it again.")
    editor.backend.engine.become(failed)
    editor.backend.engine.become(failed)
    await editor.told("didChangeStatus", kind="Error", message=failed.message)
    await editor.settle()
    assert editor.all_told("window/showMessage") == [{"type": 1, "message": failed.message}]


async def test_a_notice_is_shown_once(editor: Editor) -> None:
    await editor.initialize()
    editor.backend.engine.notice("The engine stopped and was started again.")
    message = await editor.told("window/showMessage")
    assert message == {"type": 3, "message": "The engine stopped and was started again."}
    assert len(editor.all_told("window/showMessage")) == 1


async def test_what_analysis_has_to_say_is_shown_too(editor: Editor) -> None:
    await editor.initialize()
    editor.backend.analysis.notice("The analysers are being installed.")
    message = await editor.told("window/showMessage")
    assert message == {"type": 3, "message": "The analysers are being installed."}


async def test_an_engine_out_of_reach_is_shown_and_tried_again_when_asked_explicitly(
    editor: Editor,
) -> None:
    editor.backend.failures.append(EngineUnavailableError("No engine answers."))
    await editor.initialize()
    await editor.told("didChangeStatus", kind="Error", message="No engine answers.")
    editor.open(A, "x")
    await editor.inline(A, 0, 1, triggerKind=2)
    assert editor.backend.engine.num_connects == 1
    await editor.inline(A, 0, 1, triggerKind=1)
    await editor.settle()
    assert editor.backend.engine.num_connects == 2


@pytest.mark.parametrize("error", [OSError("no sockets left"), EngineUnavailableError("None.")])
async def test_whatever_keeps_the_engine_away_is_shown(editor: Editor, error: Exception) -> None:
    editor.backend.failures.append(error)
    await editor.initialize()
    status = await editor.told("didChangeStatus", kind="Error")
    assert str(error) in status["message"]


async def test_a_session_that_cannot_be_made_is_shown_and_is_the_reason(editor: Editor) -> None:
    editor.backend.problem = EngineUnavailableError("There is no such transport.")
    await editor.initialize()
    await editor.told("didChangeStatus", kind="Error", message="There is no such transport.")
    editor.open(A, "x")
    assert await editor.inline(A, 0, 1) == []
    (answer,) = (await editor.ask("warmline/status"))["empty_answers"]
    assert answer["reason"] == "engine-unavailable"


async def test_suggestions_that_are_turned_off_are_shown_as_inactive(editor: Editor) -> None:
    await editor.initialize(initializationOptions={"enabled": False})
    await editor.told("didChangeStatus", kind="Inactive")


async def test_an_engine_that_has_gone_is_started_again_by_the_next_request(
    editor: Editor,
) -> None:
    await editor.initialize()
    editor.open(A, "x")
    editor.backend.engine.become(READY)
    editor.backend.engine.become(EngineState(Phase.STARTING, message="It has stopped."))
    await editor.settle()
    assert editor.backend.engine.num_connects == 1
    await editor.inline(A, 0, 1, triggerKind=2)
    await editor.settle()
    assert editor.backend.engine.num_connects == 2
