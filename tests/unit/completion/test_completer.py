"""What comes of a request, whatever happens on the way."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from completion.completer import Completer
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import CompletionOptions, EmptyReason
from engine.errors import (
    EngineError,
    EngineUnavailableError,
    NotReadyError,
    PromptTooLongError,
    SupersededError,
    WireError,
)
from engine.protocol.messages import (
    EngineState,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    ModelDescription,
    Phase,
    Piece,
)
from tests.unit.completion.fakes import FakeEngine, Script, description, says

NAME = "file:///project/tree.py"
TEXT = "def add(left, right):\n    return \n\nprint(add(1, 2))\n"
CURSOR = TEXT.index("return ") + len("return ")
OPENED = Document(NAME, "python", 1, TEXT)


def completer_on(engine: FakeEngine, document: Document = OPENED, **changes: Any) -> Completer:
    completer = Completer(engine, replace(CompletionSettings(), **changes), "project")
    completer.open(document)
    return completer


def typed(document: Document, at: int, text: str) -> Document:
    return document.edited(at, at, text, document.version + 1)


async def test_a_line_is_completed(engine: FakeEngine) -> None:
    engine.script = says("left + right")
    suggestion = await completer_on(engine).complete(NAME, CURSOR)
    assert suggestion.text == "left + right"
    assert suggestion.reason is None
    assert suggestion.model == "small"
    assert suggestion.sync is not None
    assert suggestion.num_generated == 4
    assert suggestion.candidates[0].mean_logprob == -0.5
    assert 0 < suggestion.timings.sync_ms <= suggestion.timings.first_token_ms
    assert suggestion.timings.first_token_ms <= suggestion.timings.total_ms
    request = engine.requests[0]
    assert request.stops == (b"\n",)
    assert request.max_tokens == CompletionSettings().max_tokens


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


async def test_a_block_is_cut_where_it_ends_and_the_request_is_left(engine: FakeEngine) -> None:
    text = "def add(left, right):\n    "
    engine.script = says("return left\n\n\ndef other():\n    pass\n" + "x" * 300)
    completer = completer_on(engine, Document(NAME, "python", 1, text))
    suggestion = await completer.complete(NAME, len(text))
    assert suggestion.text == "return left"
    assert engine.num_streams_left == 1
    assert engine.requests[0].stops == ()
    assert suggestion.num_generated < 100


async def test_crlf_documents_get_crlf(engine: FakeEngine) -> None:
    text = "def add(left, right):\r\n    "
    engine.script = says("left += 1\n    return left\n")
    completer = completer_on(engine, Document(NAME, "python", 1, text))
    suggestion = await completer.complete(NAME, len(text))
    assert suggestion.text == "left += 1\r\n    return left"


async def test_candidates_are_distinct_and_greedy_comes_first(engine: FakeEngine) -> None:
    engine.script = Script(
        [(0, b"left", -2.0), (1, b"right", -1.0), (2, b"left  ", -0.1), (3, b"0", -0.2)]
    )
    options = CompletionOptions(num_candidates=4)
    suggestion = await completer_on(engine).complete(NAME, CURSOR, options)
    assert [each.text for each in suggestion.candidates] == ["left", "0", "right"]
    assert engine.requests[0].num_candidates == 4
    assert engine.requests[0].sampling.temperature > 0


async def test_forced_text_is_asked_for_and_part_of_the_answer(engine: FakeEngine) -> None:
    engine.script = says("left + right")
    options = CompletionOptions(forced_text="left", max_tokens=7)
    suggestion = await completer_on(engine).complete(NAME, CURSOR, options)
    assert engine.requests[0].forced_text == b"left"
    assert engine.requests[0].max_tokens == 7
    assert suggestion.text == "left + right"


async def test_nothing_beyond_forced_text_is_nothing(engine: FakeEngine) -> None:
    engine.script = says("left")
    options = CompletionOptions(forced_text="left")
    suggestion = await completer_on(engine).complete(NAME, CURSOR, options)
    assert suggestion.reason is EmptyReason.NOTHING_TO_SAY


async def test_control_tokens_end_a_candidate(model: ModelDescription) -> None:
    class Engine(FakeEngine):
        async def generate(self, request: GenerationRequest) -> AsyncIterator[GenerationEvent]:
            async for event in super().generate(request):
                if isinstance(event, Piece) and event.text == b"<|":
                    yield replace(event, tokens=(0,))
                else:
                    yield event

    talking = Engine.ready(model)
    talking.script = Script([(0, b"left", -1.0), (0, b"<|", -1.0), (0, b"x", -1.0)])
    suggestion = await completer_on(talking).complete(NAME, CURSOR)
    assert suggestion.text == "left"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (EngineUnavailableError("gone"), EmptyReason.ENGINE_UNAVAILABLE),
        (WireError("noise"), EmptyReason.ENGINE_UNAVAILABLE),
        (NotReadyError("not yet"), EmptyReason.LOADING),
        (SupersededError("newer"), EmptyReason.SUPERSEDED),
        (PromptTooLongError("too long"), EmptyReason.ENGINE_FAILED),
        (EngineError("broken"), EmptyReason.ENGINE_FAILED),
    ],
)
async def test_engine_errors_become_reasons(
    engine: FakeEngine, error: EngineError, reason: EmptyReason
) -> None:
    engine.script = Script(error=error)
    suggestion = await completer_on(engine).complete(NAME, CURSOR)
    assert suggestion.reason is reason
    assert suggestion.detail == str(error)
    assert suggestion.candidates == ()


@pytest.mark.parametrize("offset", [-1, len(TEXT) + 1, 10**9])
async def test_a_position_outside_is_a_reason(engine: FakeEngine, offset: int) -> None:
    suggestion = await completer_on(engine).complete(NAME, offset)
    assert suggestion.reason is EmptyReason.POSITION_OUTSIDE
    assert str(offset) in suggestion.detail


async def test_refusals_need_no_engine(engine: FakeEngine) -> None:
    unknown = await completer_on(engine).complete("file:///other.py", 0)
    disabled = await completer_on(engine, enabled=False).complete(NAME, 0)
    large = await completer_on(engine, max_document_bytes=10).complete(NAME, 0)
    assert unknown.reason is EmptyReason.UNKNOWN_DOCUMENT
    assert disabled.reason is EmptyReason.DISABLED
    assert large.reason is EmptyReason.DOCUMENT_TOO_LARGE
    assert engine.requests == []
    assert all(each.detail.endswith(".") for each in (unknown, disabled, large))


async def test_bytes_are_counted_not_characters(engine: FakeEngine) -> None:
    document = Document(NAME, "python", 1, "# äöü")
    completer = completer_on(engine, document, max_document_bytes=6)
    suggestion = await completer.complete(NAME, 0)
    assert suggestion.reason is EmptyReason.DOCUMENT_TOO_LARGE


async def test_life_cycle_of_the_engine_is_told(engine: FakeEngine) -> None:
    completer = completer_on(engine)
    engine.become(EngineState(Phase.LOADING))
    assert (await completer.complete(NAME, 0)).reason is EmptyReason.LOADING
    engine.become(EngineState(Phase.FAILED, message="no such model"))
    failed = await completer.complete(NAME, 0)
    assert failed.reason is EmptyReason.ENGINE_FAILED
    assert failed.detail == "no such model"


async def test_a_missing_tokenizer_is_a_reason_and_may_be_repaired(
    tmp_path: Path, model: ModelDescription
) -> None:
    engine = FakeEngine.ready(description(tmp_path))
    engine.script = says("left")
    completer = completer_on(engine)
    broken = await completer.complete(NAME, CURSOR)
    assert broken.reason is EmptyReason.ENGINE_FAILED
    assert "tokenizer.json" in broken.detail
    whole = Path(model.directory) / "tokenizer.json"
    (tmp_path / "tokenizer.json").write_bytes(whole.read_bytes())
    assert (await completer.complete(NAME, CURSOR)).text == "left"


async def test_an_empty_answer_says_so(engine: FakeEngine) -> None:
    engine.script = says("  \n")
    suggestion = await completer_on(engine).complete(NAME, CURSOR)
    assert suggestion.reason is EmptyReason.NOTHING_TO_SAY


async def test_an_answer_that_only_repeats_says_so(engine: FakeEngine) -> None:
    text = "print(x\n"
    engine.script = says("x")
    completer = completer_on(engine, Document(NAME, "python", 1, text))
    suggestion = await completer.complete(NAME, text.index("x"))
    assert suggestion.reason is EmptyReason.REPEATS_SUFFIX


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
    assert suggestion.text == "left +"
    assert engine.num_streams_left == 1


async def test_reading_goes_on_after_a_request_has_timed_out(engine: FakeEngine) -> None:
    """A long file takes longer than one request may: the next one finds the reading done."""
    engine.script = Script(stops_after=0)
    completer = completer_on(engine, timeout_ms=200, prepare_on_open=False)
    await completer.complete(NAME, CURSOR)
    await engine.until(lambda: bool(engine.syncs))
    assert engine.syncs[0][1] == list(engine.requests[0].tokens)


async def test_nothing_in_time_is_a_reason(engine: FakeEngine) -> None:
    engine.script = Script([(0, b"lef", -1.0)], stops_after=1)
    suggestion = await completer_on(engine, timeout_ms=200).complete(NAME, CURSOR)
    assert suggestion.reason is EmptyReason.TIMED_OUT


async def test_a_block_out_of_tokens_keeps_whole_lines(engine: FakeEngine) -> None:
    text = "def add(left, right):\n    "
    engine.script = says("left += 1\n    right += le", FinishReason.LENGTH)
    completer = completer_on(engine, Document(NAME, "python", 1, text))
    assert (await completer.complete(NAME, len(text))).text == "left += 1"


async def test_changes_sync_once_for_the_newest_text(engine: FakeEngine) -> None:
    completer = completer_on(engine)
    document = OPENED
    for number, letter in enumerate("left"):
        document = typed(document, CURSOR + number, letter)
        completer.change(document, CURSOR + number + 1)
    await engine.until(lambda: bool(engine.syncs))
    assert len(engine.syncs) == 1
    assert completer.documents[NAME] is document


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
    assert suggestion.text == "left +"
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


async def test_documents_cannot_be_written_to(engine: FakeEngine) -> None:
    completer = completer_on(engine)
    with pytest.raises(TypeError):
        completer.documents[NAME] = OPENED  # type: ignore[index]


@pytest.mark.parametrize("text", ["", "\ud800 = 1\n", "\x00\n", "x" * 5_000, "\n" * 5_000])
async def test_odd_documents_get_an_answer(engine: FakeEngine, text: str) -> None:
    engine.script = says("answer")
    completer = completer_on(engine, Document(NAME, "python", 1, text))
    suggestion = await completer.complete(NAME, len(text))
    assert suggestion.reason is None or suggestion.detail


async def test_new_settings_count_from_the_next_request_on(engine: FakeEngine) -> None:
    completer = completer_on(engine)
    completer.update_settings(CompletionSettings(enabled=False))
    assert (await completer.complete(NAME, CURSOR)).reason is EmptyReason.DISABLED
