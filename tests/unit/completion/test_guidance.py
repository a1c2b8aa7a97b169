"""Suggestions keep to names that exist, and cost no more where they do so by themselves."""

import asyncio
from dataclasses import replace

import pytest

from completion.guidance.report import GuidanceReport, Veto
from completion.types import CompletionOptions
from engine.protocol.messages import FinishReason, ModelDescription
from monitors.types import Site, SiteKind
from tests.unit.completion.fakes import CURSOR, NAME, completer_on
from tests.unit.completion.guided import (
    FakeMonitors,
    ObedientEngine,
    at,
    guarded,
)


@pytest.fixture
async def engine(model: ModelDescription) -> ObedientEngine:
    return ObedientEngine.ready(model)


async def test_what_is_allowed_is_written_in_one_request(engine: ObedientEngine) -> None:
    engine.texts = [["left.size + right.width"]]
    monitors = FakeMonitors()
    suggestion = await guarded(engine, monitors).complete(NAME, CURSOR)
    plain = await completer_on(engine).complete(NAME, CURSOR)
    assert suggestion.candidates == plain.candidates
    assert suggestion.text == "left.size + right.width"
    assert len(engine.requests) == 2  # one for each
    assert engine.requests[0] == engine.requests[1]
    assert suggestion.guidance == replace(
        GuidanceReport(num_sites=2, num_answered=2), waited_ms=suggestion.guidance.waited_ms
    )


async def test_a_name_that_does_not_exist_is_written_anew(engine: ObedientEngine) -> None:
    engine.texts = [["left.length + 1", "left.size + 1"]]
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR)
    assert suggestion.text == "left.size + 1"
    first, second = engine.requests
    assert (second.forced_text, second.continuations) == (
        b"left.",
        (b"add", "näme".encode(), b"size", b"sizes"),
    )
    assert (second.tokens, second.max_tokens) == (first.tokens, first.max_tokens)
    (veto,) = suggestion.guidance.vetoes
    assert replace(veto, name="") == Veto(SiteKind.MEMBER, "left", "", "size", "fake", 2.0)
    assert "length".startswith(veto.name)
    assert engine.num_finished == 1  # the first request was left


async def test_counts_are_those_of_what_is_offered(engine: ObedientEngine) -> None:
    engine.texts = [["left.length + 1", "left.size"]]
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR)
    (candidate,) = suggestion.candidates
    assert (candidate.num_tokens, candidate.mean_logprob) == (3, -0.5)
    assert suggestion.num_generated > 3
    assert suggestion.decoding is not None
    assert suggestion.decoding.tokens == 8  # of both requests
    assert suggestion.sync is not None
    assert suggestion.sync.encoded == len(engine.requests[0].tokens)


@pytest.mark.parametrize("piece", [1, 2, 7, 100])
async def test_no_token_slips_past_a_dot_within_it(engine: ObedientEngine, piece: int) -> None:
    engine.texts = [["left.length(right.width)", "left.add(right.width)"]]
    engine.cut = lambda data: [data[at : at + piece] for at in range(0, len(data), piece)]
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR)
    assert suggestion.text == "left.add(right.width)"


async def test_a_character_cut_in_two_is_waited_for(engine: ObedientEngine) -> None:
    engine.texts = [["left.näme"]]
    engine.cut = lambda data: [data[:7], data[7:8], data[8:]]
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR)
    assert suggestion.text == "left.näme"
    assert len(engine.requests) == 1


async def test_the_last_name_is_judged_as_a_whole(engine: ObedientEngine) -> None:
    """`si` may become `size`, but not where the model has nothing more to say."""
    engine.texts = [["left.si", "left.size"]]
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR)
    assert suggestion.text == "left.size"


async def test_a_name_goes_on_after_the_cursor(engine: ObedientEngine) -> None:
    document, cursor = at("left.|ze()")
    engine.texts = [["si"]]
    suggestion = await guarded(engine, FakeMonitors(), document).complete(NAME, cursor)
    assert suggestion.text == "si"


async def test_a_text_cut_short_may_end_within_a_name(engine: ObedientEngine) -> None:
    engine.texts, engine.ends_with = [["left.size + right.wi"]], FinishReason.LENGTH
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR)
    assert suggestion.text == "left.size"
    assert len(engine.requests) == 1


async def test_the_typed_part_of_a_name_counts(engine: ObedientEngine) -> None:
    document, cursor = at("left.si|")
    engine.texts = [["gn()", "ze()"]]
    suggestion = await guarded(engine, FakeMonitors(), document).complete(NAME, cursor)
    assert suggestion.text == "ze()"
    assert engine.requests[-1].forced_text == b""
    assert engine.requests[-1].continuations == (b"ze", b"zes")


async def test_a_whole_name_that_is_typed_may_stay(engine: ObedientEngine) -> None:
    document, cursor = at("left.size|")
    engine.texts = [["_of()", " + 1"]]
    suggestion = await guarded(engine, FakeMonitors(), document).complete(NAME, cursor)
    assert suggestion.text == " + 1"
    assert engine.requests[-1].continuations == (b"", b"s")


async def test_what_is_typed_is_believed(engine: ObedientEngine) -> None:
    document, cursor = at("left.lengt|")
    engine.texts = [["h()"]]
    suggestion = await guarded(engine, FakeMonitors(), document).complete(NAME, cursor)
    assert suggestion.text == "h()"
    assert suggestion.guidance.vetoes == ()
    assert suggestion.guidance.notes == ("no known name begins with what is typed",)


async def test_the_entry_selected_in_the_editor_counts_as_typed(engine: ObedientEngine) -> None:
    document, cursor = at("left.|")
    engine.texts = [["sign()", "size()"]]
    options = CompletionOptions(forced_text="si")
    suggestion = await guarded(engine, FakeMonitors(), document).complete(NAME, cursor, options)
    assert suggestion.text == "size()"
    assert engine.requests[-1].forced_text == b"si"
    assert engine.requests[-1].continuations == (b"ze", b"zes")


async def test_an_answer_in_time_constrains_the_first_request(engine: ObedientEngine) -> None:
    """And what comes of it is what comes of writing anew."""
    document, cursor = at("left.|")
    engine.texts = [["length()", "size()"]]
    monitors, has_begun = FakeMonitors(), asyncio.Event()
    completer = guarded(engine, monitors, document, reuse_suggestions=False)
    early = await completer.complete(NAME, cursor)
    assert len(engine.requests) == 1
    assert early.guidance.is_constrained

    async def answering(_: Site) -> None:
        await has_begun.wait()

    async def before_piece(_: int) -> None:
        has_begun.set()

    monitors.answering, engine.before_piece = answering, before_piece
    late = await completer.complete(NAME, cursor)
    assert len(engine.requests) == 3
    assert not late.guidance.is_constrained
    assert early.candidates == late.candidates


async def test_candidates_are_written_anew_one_by_one(engine: ObedientEngine) -> None:
    engine.texts = [
        ["left.size"],
        ["left.length + 2", "left.add(2)"],
        ["right.size + 3", "right.width + 3"],
    ]
    options = CompletionOptions(num_candidates=3)
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR, options)
    texts = [each.text for each in suggestion.candidates]
    assert sorted(texts) == ["left.add(2)", "left.size", "right.width + 3"]
    assert texts[0] == "left.size"
    first, *others = engine.requests
    assert [each.num_candidates for each in others] == [1, 1]
    assert len({each.sampling.seed for each in (first, *others)}) == 3
    assert all(each.sampling.temperature == first.sampling.temperature for each in others)


async def test_the_greedy_candidate_stays_greedy(engine: ObedientEngine) -> None:
    engine.texts = [["left.length", "left.size"], ["right.width"]]
    options = CompletionOptions(num_candidates=2)
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR, options)
    assert suggestion.text == "left.size"
    assert engine.requests[1].sampling.temperature == 0


async def test_several_names_of_one_candidate(engine: ObedientEngine) -> None:
    engine.texts = [
        ["left.one + right.two", "left.size + right.two", "left.size + right.width"],
    ]
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR)
    assert suggestion.text == "left.size + right.width"
    vetoes = suggestion.guidance.vetoes
    assert [(each.receiver, each.instead) for each in vetoes] == [
        ("left", "size"),
        ("right", "width"),
    ]
