"""What comes of a request that something newer overtakes, or that takes too long."""

import asyncio
from dataclasses import replace

import pytest

from completion.types import EmptyReason
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


async def test_a_newer_version_supersedes_the_answer(engine: FakeEngine) -> None:
    """Even if the engine answers as if nothing had happened."""
    engine.script = Script([(0, b"left", -1.0)], stops_after=0)
    completer = completer_on(engine)
    asked = asyncio.create_task(completer.complete(NAME, CURSOR))
    await engine.stuck.wait()
    completer.change(typed(OPENED, CURSOR, "l"), CURSOR + 1)
    suggestion = await asked
    assert suggestion.reason is EmptyReason.SUPERSEDED
    assert suggestion.text == ""
    assert completer.last_suggestion(NAME) is None


async def test_an_edit_supersedes_the_answer_whatever_its_version(engine: FakeEngine) -> None:
    """Versions should grow; where they do not, the order of the edits says what is new."""
    engine.script = Script([(0, b"left", -1.0)], stops_after=0)
    completer = completer_on(engine)
    asked = asyncio.create_task(completer.complete(NAME, CURSOR))
    await engine.stuck.wait()
    back = replace(typed(OPENED, CURSOR, "l"), version=OPENED.version - 5)
    completer.change(back, CURSOR + 1)
    assert (await asked).reason is EmptyReason.SUPERSEDED
    engine.script = says("eft")
    assert (await completer.complete(NAME, CURSOR + 1)).text == "eft"
    assert completer.documents[NAME] == back


@pytest.mark.parametrize("language", ["", "brainfuck", "日本語"])
async def test_a_language_nobody_knows_is_completed(engine: FakeEngine, language: str) -> None:
    engine.script = says("left")
    completer = completer_on(engine, replace(OPENED, language=language))
    assert (await completer.complete(NAME, CURSOR)).text == "left"


async def test_a_newer_request_supersedes_the_older(engine: FakeEngine) -> None:
    engine.script = Script([(0, b"left", -1.0)], stops_after=0)
    completer = completer_on(engine)
    older = asyncio.create_task(completer.complete(NAME, CURSOR))
    await engine.stuck.wait()
    engine.script = says("right")
    newer = await completer.complete(NAME, CURSOR)
    assert (await older).reason is EmptyReason.SUPERSEDED
    assert newer.text == "right"
    assert completer.last_suggestion(NAME) is newer


async def test_an_overtaken_request_never_reaches_the_engine(engine: FakeEngine) -> None:
    """There it would be the newest, and end the request that overtook it."""
    engine.script = says("left")
    completer = completer_on(engine)
    requests = [asyncio.create_task(completer.complete(NAME, CURSOR)) for _ in range(5)]
    answers = [each.reason for each in await asyncio.gather(*requests)]
    assert answers == [EmptyReason.SUPERSEDED] * 4 + [None]
    assert len(engine.requests) == 1


async def test_closing_supersedes_and_tells_the_engine(engine: FakeEngine) -> None:
    engine.script = Script([(0, b"left", -1.0)], stops_after=1)
    completer = completer_on(engine, timeout_ms=300)
    asked = asyncio.create_task(completer.complete(NAME, CURSOR))
    await engine.stuck.wait()
    completer.close(NAME)
    completer.close(NAME)
    await engine.until(lambda: engine.closed == [NAME])
    assert (await asked).reason is EmptyReason.SUPERSEDED
    assert NAME not in completer.documents
    assert completer.last_suggestion(NAME) is None


async def test_cancelling_passes_through_and_leaves_the_engine(engine: FakeEngine) -> None:
    engine.script = Script([(0, b"left", -1.0)], stops_after=1)
    asked = asyncio.create_task(completer_on(engine).complete(NAME, CURSOR))
    await engine.stuck.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert engine.num_streams_left == 1


async def test_what_there_is_in_time_is_used(engine: FakeEngine) -> None:
    engine.script = Script([(0, b"left + ", -1.0), (0, b"rig", -1.0)], stops_after=2)
    suggestion = await completer_on(engine, timeout_ms=200).complete(NAME, CURSOR)
    assert suggestion.text == "left"
    assert engine.num_streams_left == 1


async def test_reading_goes_on_after_a_request_has_timed_out(engine: FakeEngine) -> None:
    """A long file takes longer than one request may: the next one finds the reading done."""
    engine.script = Script(stops_after=0)
    completer = completer_on(engine, timeout_ms=1500, prepare_on_open=False)
    await completer.complete(NAME, CURSOR)
    await engine.until(lambda: bool(engine.syncs))
    assert engine.syncs[0][1] == list(engine.requests[0].tokens)


async def test_nothing_in_time_is_a_reason(engine: FakeEngine) -> None:
    engine.script = Script([(0, b"lef", -1.0)], stops_after=1)
    suggestion = await completer_on(engine, timeout_ms=200).complete(NAME, CURSOR)
    assert suggestion.reason is EmptyReason.TIMED_OUT
