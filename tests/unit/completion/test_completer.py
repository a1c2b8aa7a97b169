"""What comes of a request, and why it may come to nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

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
from tests.unit.completion.fakes import (
    CURSOR,
    DECODING,
    NAME,
    OPENED,
    TEXT,
    FakeEngine,
    Script,
    completer_on,
    description,
    says,
)


async def test_a_line_is_completed(engine: FakeEngine) -> None:
    engine.script = says("left + right")
    suggestion = await completer_on(engine).complete(NAME, CURSOR)
    assert suggestion.text == "left + right"
    assert suggestion.reason is None
    assert suggestion.model == "small"
    assert suggestion.sync is not None
    assert suggestion.num_generated == 4
    assert suggestion.decoding == DECODING
    assert suggestion.candidates[0].mean_logprob == -0.5
    assert 0 < suggestion.timings.sync_ms <= suggestion.timings.first_token_ms
    assert suggestion.timings.first_token_ms <= suggestion.timings.total_ms
    request = engine.requests[0]
    assert request.stops == (b"\n",)
    assert request.max_tokens == CompletionSettings().max_tokens


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


async def test_a_block_out_of_tokens_keeps_whole_lines(engine: FakeEngine) -> None:
    text = "def add(left, right):\n    "
    engine.script = says("left += 1\n    right += le", FinishReason.LENGTH)
    completer = completer_on(engine, Document(NAME, "python", 1, text))
    assert (await completer.complete(NAME, len(text))).text == "left += 1"


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
