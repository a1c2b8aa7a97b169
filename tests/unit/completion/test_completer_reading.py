"""What the engine reads before anyone asks."""

import asyncio
import logging
from dataclasses import replace

import pytest

from engine.errors import (
    SupersededError,
)
from engine.protocol.messages import (
    EngineState,
    ModelDescription,
    Phase,
    SyncReport,
)
from tests.unit.completion.fakes import (
    CURSOR,
    NAME,
    OPENED,
    FakeEngine,
    Script,
    completer_on,
    says,
    typed,
)


async def test_an_opened_document_is_read_before_anyone_asks(engine: FakeEngine) -> None:
    completer_on(engine)
    await engine.until(lambda: bool(engine.syncs))
    assert [document for document, _, _ in engine.syncs] == [NAME]


async def test_nothing_is_read_on_opening_where_the_settings_say_so(engine: FakeEngine) -> None:
    completer = completer_on(engine, prepare_on_open=False)
    await completer.complete(NAME, CURSOR)
    assert engine.syncs == []


async def test_of_documents_opened_in_a_row_only_the_last_is_read(engine: FakeEngine) -> None:
    completer = completer_on(engine)
    other = replace(OPENED, name="file:///project/other.py")
    completer.open(other)
    await engine.until(lambda: bool(engine.syncs))
    assert [document for document, _, _ in engine.syncs] == [other.name]


async def test_changes_sync_once_for_the_newest_text(engine: FakeEngine) -> None:
    completer = completer_on(engine)
    document = OPENED
    for number, letter in enumerate("left"):
        document = typed(document, CURSOR + number, letter)
        completer.change(document, CURSOR + number + 1)
    await engine.until(lambda: bool(engine.syncs))
    assert len(engine.syncs) == 1
    assert completer.documents[NAME] is document


async def test_what_became_of_its_tokens_is_told(engine: FakeEngine) -> None:
    completer = completer_on(engine)
    told: asyncio.Queue[SyncReport] = asyncio.Queue()
    completer.on_sync(told.put_nowait)
    report = await told.get()
    assert report.kept + report.moved + report.encoded == report.prompt


async def test_a_sync_and_a_request_have_the_same_prompt(engine: FakeEngine) -> None:
    """Otherwise the sync ahead would be for nothing."""
    engine.script = says("+ right")
    completer = completer_on(engine)
    completer.change(typed(OPENED, CURSOR, "left "), None)
    await engine.until(lambda: bool(engine.syncs))
    await completer.complete(NAME, CURSOR + 5)
    _, tokens, cursor = engine.syncs[0]
    assert (list(engine.requests[0].tokens), engine.requests[0].cursor) == (tokens, cursor)


async def test_an_unknown_cursor_stays_with_its_text(engine: FakeEngine) -> None:
    completer = completer_on(engine)
    completer.change(typed(OPENED, CURSOR, "left"), CURSOR + 4)
    await engine.until(lambda: len(engine.syncs) == 1)
    completer.change(typed(completer.documents[NAME], 0, "import os\n"), None)
    await engine.until(lambda: len(engine.syncs) == 2)
    engine.script = says("+ right")
    await completer.complete(NAME, CURSOR + 4 + len("import os\n"))
    assert list(engine.requests[0].tokens) == engine.syncs[1][1]


async def test_a_request_takes_the_place_of_a_waiting_sync(engine: FakeEngine) -> None:
    """The sync would otherwise end the request in the engine, which is still at it here."""
    engine.script = Script([(0, b"left + ", -1.0)], stops_after=1)
    completer = completer_on(engine, timeout_ms=200)
    completer.change(typed(OPENED, CURSOR, "l"), CURSOR)
    suggestion = await completer.complete(NAME, CURSOR + 1)
    assert suggestion.text == "left"
    assert engine.syncs == []


async def test_a_failing_sync_stays_in_the_background(
    engine: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="completion")
    engine.sync_error = SupersededError("newer work came")
    completer = completer_on(engine)
    completer.change(typed(OPENED, CURSOR, "l"), CURSOR)
    await engine.until(lambda: bool(engine.syncs))
    for _ in range(5):
        await asyncio.sleep(0)
    assert "newer work came" in caplog.text
    engine.script = says("left")
    assert (await completer.complete(NAME, CURSOR)).text == "left"


async def test_a_change_before_the_model_is_ready_is_synced_when_it_is(
    engine: FakeEngine, model: ModelDescription
) -> None:
    engine.become(EngineState(Phase.LOADING))
    completer = completer_on(engine)
    completer.change(typed(OPENED, CURSOR, "l"), CURSOR + 1)
    assert engine.syncs == []
    engine.become(EngineState(Phase.READY, model=model))
    await engine.until(lambda: len(engine.syncs) == 1)


async def test_the_cache_is_shown_with_its_text(engine: FakeEngine) -> None:
    completer = completer_on(engine)
    assert await completer.cache_view(NAME) is None
    completer.change(typed(OPENED, CURSOR, "left"), CURSOR + 4)
    await engine.until(lambda: bool(engine.syncs))
    view = await completer.cache_view(NAME)
    assert view is not None
    assert "return left" in "".join(run.text for run in view.runs)
    assert [run.origin for run in view.runs] == ["kept", "encoded"]
    assert (view.num_kept, view.num_encoded) == (2, view.num_tokens - 2)
