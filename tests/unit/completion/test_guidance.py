"""Suggestions keep to names that exist, and cost no more where they do so by themselves."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import pytest

from completion.completer import Completer
from completion.document import Document
from completion.guidance.explaining import ExplainedName
from completion.guidance.guidance import MOST_VETOES
from completion.guidance.report import GuidanceReport, Veto
from completion.types import CompletionOptions, EmptyReason, Origin, Suggestion
from engine.protocol.messages import FinishReason, ModelDescription
from monitors.types import Answer, Site, SiteKind, Source
from tests.unit.completion.fakes import CURSOR, NAME, OPENED, TEXT, completer_on, typed
from tests.unit.completion.guided import (
    FakeMonitors,
    FakeWatch,
    ObedientEngine,
    crash,
    never,
)


@pytest.fixture
async def engine(model: ModelDescription) -> ObedientEngine:
    return ObedientEngine.ready(model)


def guarded(
    engine: ObedientEngine,
    monitors: FakeMonitors,
    document: Document = OPENED,
    **changes: object,
) -> Completer:
    return completer_on(engine, document, monitors=monitors, **changes)


def at(line: str) -> tuple[Document, int]:
    """Return a document whose cursor stands in `line`, at the mark."""
    before, _, after = line.partition("|")
    text = TEXT[:CURSOR] + before + after + TEXT[CURSOR:]
    return replace(OPENED, text=text), CURSOR + len(before)


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
    assert suggestion.text == "left.size + right."
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


async def test_an_answer_that_comes_late_takes_text_back(engine: ObedientEngine) -> None:
    engine.texts = [["left.length + right.width", "left.size + right.width"]]
    arrived = asyncio.Event()

    async def answering(site: Site) -> None:
        if site.receiver == "left":
            await arrived.wait()

    async def before_piece(number: int) -> None:
        if number == 6:
            arrived.set()

    engine.before_piece = before_piece
    suggestion = await guarded(engine, FakeMonitors(answering=answering)).complete(NAME, CURSOR)
    assert suggestion.text == "left.size + right.width"


async def test_an_answer_after_the_text_is_waited_for(engine: ObedientEngine) -> None:
    engine.texts = [["left.length", "left.size"]]

    async def answering(_: Site) -> None:
        await engine.has_finished.wait()

    completer = guarded(engine, FakeMonitors(answering=answering), analysis_timeout_ms=60_000)
    suggestion = await completer.complete(NAME, CURSOR)
    assert suggestion.text == "left.size"
    assert suggestion.guidance.waited_ms > 0


async def test_who_hangs_costs_the_budget_and_forbids_nothing(engine: ObedientEngine) -> None:
    engine.texts = [["left.length"]]
    completer = guarded(engine, FakeMonitors(answering=never), analysis_timeout_ms=1)
    suggestion = await completer.complete(NAME, CURSOR)
    assert suggestion.text == "left.length"
    assert len(engine.requests) == 1
    assert suggestion.guidance.notes == ("no answer in time",)
    assert (suggestion.guidance.num_sites, suggestion.guidance.num_answered) == (1, 0)


async def test_without_a_budget_nothing_is_waited_for(engine: ObedientEngine) -> None:
    engine.texts = [["left.length"]]
    completer = guarded(engine, FakeMonitors(answering=never), analysis_timeout_ms=0)
    assert (await completer.complete(NAME, CURSOR)).guidance.waited_ms == 0


async def test_who_crashes_forbids_nothing(
    engine: ObedientEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.texts = [["left.length"]]
    suggestion = await guarded(engine, FakeMonitors(answering=crash)).complete(NAME, CURSOR)
    assert suggestion.text == "left.length"
    assert len(engine.requests) == 1
    assert "A monitor failed" in caplog.text


async def test_who_knows_nothing_forbids_nothing(engine: ObedientEngine) -> None:
    engine.texts = [["other.length"]]
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR)
    assert suggestion.text == "other.length"
    assert suggestion.guidance.notes == ("unknown receiver",)


async def test_an_engine_that_does_not_obey_is_cut_short(engine: ObedientEngine) -> None:
    """Nothing is asked for over and over, and nothing forbidden is offered."""
    engine.texts, engine.cut = [["left.size"]], lambda _: [b"left.size + right", b".length"]
    suggestion = await guarded(engine, FakeMonitors()).complete(NAME, CURSOR)
    assert len(engine.requests) == 2
    assert "length" not in suggestion.text


async def test_vetoes_are_bounded(engine: ObedientEngine) -> None:
    engine.texts, engine.rest = [[]], ".x"
    names = {"a": frozenset({"a"})}
    monitors = FakeMonitors(names=names)
    engine.texts, engine.rest = [["a.x"]], " + a.x"
    suggestion = await guarded(engine, monitors).complete(NAME, CURSOR)
    assert len(engine.requests) == MOST_VETOES + 1
    assert "x" not in suggestion.text
    assert len(suggestion.guidance.vetoes) == MOST_VETOES + 1


async def test_cancelling_leaves_no_task(engine: ObedientEngine) -> None:
    engine.texts = [["left.size + 1"]]
    stuck = asyncio.Event()

    async def before_piece(number: int) -> None:
        if number == 3:
            stuck.set()
            await asyncio.Event().wait()

    engine.before_piece = before_piece
    completer = guarded(engine, FakeMonitors(answering=never), prepare_on_open=False)
    before = asyncio.all_tasks()
    asked = asyncio.create_task(completer.complete(NAME, CURSOR))
    await stuck.wait()
    assert any("asking" in task.get_name() for task in asyncio.all_tasks())
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await asyncio.sleep(0)
    assert {task for task in asyncio.all_tasks() if "asking" in task.get_name()} <= before
    assert engine.num_streams_left == 1


async def test_what_is_overtaken_is_not_written_anew(engine: ObedientEngine) -> None:
    """It would end the newer work in the engine."""
    engine.texts = [["left.length", "left.size"]]
    asked = asyncio.Event()
    arrived = asyncio.Event()

    async def answering(_: Site) -> None:
        asked.set()
        await arrived.wait()

    monitors = FakeMonitors(answering=answering)
    completer = guarded(engine, monitors, analysis_timeout_ms=60_000)
    older = asyncio.create_task(completer.complete(NAME, CURSOR))
    await asked.wait()
    completer.change(typed(OPENED, CURSOR, "l"), CURSOR + 1)
    arrived.set()
    assert (await older).reason is EmptyReason.SUPERSEDED
    assert len(engine.requests) == 1


async def test_monitors_hear_of_documents(engine: ObedientEngine) -> None:
    monitors = FakeMonitors()
    completer = guarded(engine, monitors)
    edited = typed(OPENED, CURSOR, "x")
    completer.change(edited, None)
    completer.open(Document("untitled:1", "python", 1, "left."))
    completer.close(NAME)
    await completer.aclose()
    assert monitors.told == [("open", TEXT), ("change", edited.text), ("close", "/project/tree.py")]
    assert monitors.is_closed


async def test_who_asks_explicitly_waits_longer(engine: ObedientEngine) -> None:
    engine.texts = [["left.length", "left.size"]]

    async def answering(_: Site) -> None:
        await engine.has_finished.wait()

    completer = guarded(engine, FakeMonitors(answering=answering), analysis_timeout_ms=0)
    options = CompletionOptions(is_invoked=True)
    suggestion: Suggestion = await completer.complete(NAME, CURSOR, options)
    assert suggestion.text == "left.size"


async def prepared_after(
    engine: ObedientEngine, monitors: FakeMonitors, shown: str, following: list[str]
) -> Suggestion:
    """Accept `shown` once what comes after it is prepared, and ask again."""
    engine.texts = [[shown]]
    completer = guarded(engine, monitors)
    assert (await completer.complete(NAME, CURSOR)).text == shown
    engine.texts = [[shown + text for text in following]]
    work = completer._open[NAME].next_task
    assert work is not None
    await asyncio.wait([work.task])
    engine.texts = [["asked again"]]
    accepted = typed(OPENED, CURSOR, shown)
    completer.change(accepted, CURSOR + len(shown))
    return await completer.complete(NAME, CURSOR + len(shown))


async def test_what_is_prepared_ahead_keeps_to_names_that_exist(engine: ObedientEngine) -> None:
    following = [" + left.length", " + left.size"]
    suggestion = await prepared_after(engine, FakeMonitors(), "right.width", following)
    assert (suggestion.text, suggestion.origin) == (" + left.size", Origin.PREPARED)
    first, second = engine.aheads
    assert (first.forced_text, second.forced_text) == (b"right.width", b"right.width + left.")
    assert second.is_ahead
    assert second.max_tokens == first.max_tokens


async def test_the_line_after_that_too(engine: ObedientEngine) -> None:
    following = ["\n    left.length()", "\n    left.add()"]
    suggestion = await prepared_after(engine, FakeMonitors(), "right.width", following)
    assert suggestion.reason is EmptyReason.NOTHING_TO_SAY
    assert suggestion.origin is Origin.PREPARED
    assert engine.aheads[-1].forced_text == b"right.width\n    left."


async def test_nothing_forbidden_is_prepared_by_an_engine_that_does_not_obey(
    engine: ObedientEngine,
) -> None:
    engine.cut = lambda data: [data.replace(b"size", b"length")]
    suggestion = await prepared_after(
        engine, FakeMonitors(), "right.width", [" + left.size", " + left.size"]
    )
    assert suggestion.origin is Origin.MODEL
    assert len(engine.aheads) == 2


async def test_an_explanation_says_what_may_stand_at_the_cursor(engine: ObedientEngine) -> None:
    document, cursor = at("left.si|")
    explanation = await guarded(engine, FakeMonitors(), document).explain(NAME, cursor)
    assert explanation is not None
    names = ("add", "näme", "size", "sizes")
    assert explanation.name == ExplainedName(
        SiteKind.MEMBER, "left", "si", names, "fake", 2.0, reason=""
    )


async def test_an_explanation_says_why_anything_may_stand(engine: ObedientEngine) -> None:
    document, cursor = at("other.|")
    explanation = await guarded(engine, FakeMonitors(), document).explain(NAME, cursor)
    assert explanation is not None
    assert explanation.name is not None
    assert (explanation.name.names, explanation.name.reason) == ((), "unknown receiver")
    nowhere = await guarded(engine, FakeMonitors()).explain(NAME, CURSOR)
    assert nowhere is not None
    assert nowhere.name is None


async def test_what_may_still_be_no_name_is_asked_about_and_not_waited_for(
    engine: ObedientEngine,
) -> None:
    class Ahead(FakeWatch):
        def sites(self, written: str) -> Sequence[Site]:
            return [replace(site, name="", is_ahead=True) for site in super().sites(written)]

    class Monitors(FakeMonitors):
        def watch(self, source: Source, offset: int) -> FakeWatch:
            return Ahead(source.text[:offset], self.names, self.answering, self.asked)

    engine.texts = [["left.length"]]
    monitors = Monitors(answering=never)
    suggestion = await guarded(engine, monitors, analysis_timeout_ms=60_000).complete(NAME, CURSOR)
    assert suggestion.text == "left.length"
    assert len(monitors.asked) == 1
    assert suggestion.guidance == GuidanceReport()


async def test_analysis_is_asked_as_soon_as_a_name_begins(engine: ObedientEngine) -> None:
    """So that the answer is there when somebody asks for a suggestion."""
    asked = asyncio.Event()

    async def answering(_: Site) -> None:
        asked.set()

    completer = guarded(engine, FakeMonitors(answering=answering))
    completer.change(typed(OPENED, CURSOR, "left."), CURSOR + len("left."))
    await asked.wait()
    await completer.aclose()


async def test_what_is_asked_ahead_ends_with_the_next_edit(engine: ObedientEngine) -> None:
    completer = guarded(engine, FakeMonitors(answering=never), prepare_on_open=False)

    def asking() -> list[asyncio.Task[object]]:
        return [task for task in asyncio.all_tasks() if "asking" in task.get_name()]

    document = typed(OPENED, CURSOR, "left.")
    completer.change(document, CURSOR + 5)
    assert len(asking()) == 1
    completer.change(typed(document, CURSOR + 5, "size "), CURSOR + 10)
    await asyncio.sleep(0)
    assert asking() == []
    completer.change(document, CURSOR + 5)
    assert len(asking()) == 1
    completer.close(NAME)
    await asyncio.sleep(0)
    assert asking() == []


@pytest.mark.parametrize("fails_at", ["watch", "sites", "ask"])
async def test_a_monitor_with_a_bug_is_told_of_once_and_forbids_nothing(
    engine: ObedientEngine, caplog: pytest.LogCaptureFixture, fails_at: str
) -> None:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError("a bug")

    class Watch(FakeWatch):
        def sites(self, written: str) -> Sequence[Site]:
            return fail() if fails_at == "sites" and written else super().sites(written)

        async def ask(self, site: Site, written: str) -> Answer:
            return fail() if fails_at == "ask" else await super().ask(site, written)

    class Monitors(FakeMonitors):
        def watch(self, source: Source, offset: int) -> FakeWatch:
            if fails_at == "watch":
                fail()
            return Watch(source.text[:offset], self.names, self.answering, self.asked)

    engine.texts = [["left.length"]]
    completer = guarded(engine, Monitors(), reuse_suggestions=False)
    for _ in range(2):
        assert (await completer.complete(NAME, CURSOR)).text == "left.length"
    completer.change(typed(OPENED, CURSOR, "left."), CURSOR + 5)
    await completer.aclose()
    assert len([each for each in caplog.records if "A monitor failed" in each.message]) == 1
