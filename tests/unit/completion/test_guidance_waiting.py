"""Whoever knows names may be late, hang, fail or be overtaken: it costs no suggestion."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from completion.document import Document
from completion.guidance.explaining import ExplainedName
from completion.guidance.guidance import MOST_VETOES
from completion.guidance.report import GuidanceReport
from completion.types import CompletionOptions, EmptyReason, Origin, Suggestion
from engine.protocol.messages import ModelDescription
from monitors.types import Answer, Site, SiteKind, Source
from tests.unit.completion.fakes import CURSOR, NAME, OPENED, TEXT, typed
from tests.unit.completion.guided import (
    FakeMonitors,
    FakeWatch,
    ObedientEngine,
    at,
    crash,
    guarded,
    never,
)


@pytest.fixture
async def engine(model: ModelDescription) -> ObedientEngine:
    return ObedientEngine.ready(model)


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


async def test_a_document_that_was_never_saved_has_a_path_in_the_first_folder(
    engine: ObedientEngine,
) -> None:
    heard: list[Source] = []

    class Monitors(FakeMonitors):
        def open(self, source: Source) -> None:
            heard.append(source)

    monitors = Monitors()
    completer = guarded(engine, monitors)
    completer.use_folders([Path("/one"), Path("/two")])
    assert monitors.folders == (Path("/one"), Path("/two"))
    for name in ("untitled:Untitled-1", "untitled:Untitled-2", "git:/one/a.py"):
        completer.open(Document(name, "python", 1, "x."))
    completer.open(Document("untitled:notes", "markdown", 1, "x."))
    first, second = heard[1:]
    assert first.path.parent == second.path.parent == Path("/one")
    assert (first.path.suffix, first.path == second.path) == (".py", False)
    completer.use_folders([Path("/two")])
    completer.close("untitled:Untitled-1")
    assert monitors.told[-1] == ("close", str(first.path)), "where it was opened"


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
