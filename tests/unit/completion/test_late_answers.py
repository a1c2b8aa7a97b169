"""Analysis that answers after a suggestion was given takes back what does not exist."""

import asyncio
from dataclasses import dataclass, field

import pytest

from completion.completer import Completer
from completion.document import Document
from completion.guidance.late import LateAnswers
from completion.types import CompletionOptions, EmptyReason, Origin, Suggestion
from engine.protocol.messages import ModelDescription
from monitors.guard import Guard
from monitors.types import Names, Site, Source
from tests.unit.completion.fakes import CURSOR, NAME, OPENED, completer_on, typed
from tests.unit.completion.guided import FakeMonitors, ObedientEngine, guarded, never
from tests.unit.completion.test_guidance_with_guard import Analyser

BODY = Document(NAME, "python", 1, "def add(left, right):\n    ")
AT_BODY = len(BODY.text)


@pytest.fixture
async def engine(model: ModelDescription) -> ObedientEngine:
    return ObedientEngine.ready(model)


@dataclass
class Slow:
    """Monitors that answer when they may."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    receivers: frozenset[str] = frozenset({"left", "right"})

    def monitors(self) -> FakeMonitors:
        async def answering(site: Site) -> None:
            if site.receiver in self.receivers:
                await self.may_answer.wait()

        return FakeMonitors(answering=answering)


async def given(
    engine: ObedientEngine,
    slow: Slow,
    *texts: str,
    document: Document = OPENED,
    at: int = CURSOR,
    **changes: object,
) -> Completer:
    """Suggest the first of `texts`, of which analysis has judged nothing yet."""
    engine.texts = [texts]
    settings = {"analysis_timeout_ms": 0, "prepare_next": False} | changes
    completer = guarded(engine, slow.monitors(), document, **settings)
    assert (await completer.complete(NAME, at)).text == texts[0]
    return completer


async def judged(completer: Completer) -> None:
    """Wait until nothing that was suggested is left to be judged."""
    async with asyncio.timeout(10):
        while tasks := [each.task for each in unsettled(completer) if not each.task.done()]:
            await asyncio.wait(tasks)


def unsettled(completer: Completer) -> list:
    return completer._open[NAME].unsettled


def asking() -> list[asyncio.Task]:
    return [task for task in asyncio.all_tasks() if "asking" in task.get_name()]


async def asked_no_more() -> None:
    async with asyncio.timeout(10):
        while tasks := asking():
            await asyncio.wait(tasks)


async def type_on(completer: Completer, at: int, text: str) -> Suggestion:
    completer.change(typed(completer.documents[NAME], at, text), at + len(text))
    return await completer.complete(NAME, at + len(text))


async def test_what_does_not_exist_is_not_offered_again(engine: ObedientEngine) -> None:
    slow = Slow()
    completer = await given(engine, slow, "left.length + 1", "left.size + 1")
    slow.may_answer.set()
    await judged(completer)
    last = completer.last_suggestion(NAME)
    assert last is not None
    assert [veto.name for veto in last.guidance.vetoes] == ["length"]
    assert (last.guidance.notes, last.guidance.waited_ms) == ((), 0)
    suggestion = await completer.complete(NAME, CURSOR)
    assert (suggestion.text, suggestion.origin) == ("left.size + 1", Origin.MODEL)


async def test_what_exists_is_offered_as_before(engine: ObedientEngine) -> None:
    slow = Slow()
    completer = await given(engine, slow, "left.size + right.width")
    slow.may_answer.set()
    await judged(completer)
    assert (await type_on(completer, CURSOR, "left.")).text == "size + right.width"
    assert len(engine.requests) == 1


async def test_whoever_types_along_meanwhile_gets_something_better(engine: ObedientEngine) -> None:
    slow = Slow()
    completer = await given(engine, slow, "left.length + 1")
    assert (await type_on(completer, CURSOR, "le")).text == "ft.length + 1"
    slow.may_answer.set()
    await judged(completer)
    engine.texts = [["ft.length + 1", "ft.size + 1"]]
    suggestion = await type_on(completer, CURSOR + 2, "ft.")
    assert suggestion.origin is Origin.MODEL
    assert len(engine.requests) == 2


async def test_whole_lines_before_the_name_stay(engine: ObedientEngine) -> None:
    slow = Slow(receivers=frozenset({"right"}))
    text = "total = left.size\n    total += right.height\n    return total"
    completer = await given(engine, slow, text, document=BODY, at=AT_BODY)
    slow.may_answer.set()
    await judged(completer)
    assert (await completer.complete(NAME, AT_BODY)).text == "total = left.size"
    assert len(engine.requests) == 1


async def test_lines_end_as_in_the_document(engine: ObedientEngine) -> None:
    slow = Slow(receivers=frozenset({"right"}))
    document = Document(NAME, "python", 1, BODY.text.replace("\n", "\r\n"))
    engine.texts = [["total = left.size\n    return right.height"]]
    completer = guarded(
        engine, slow.monitors(), document, analysis_timeout_ms=0, prepare_next=False
    )
    await completer.complete(NAME, len(document.text))
    slow.may_answer.set()
    await judged(completer)
    assert (await completer.complete(NAME, len(document.text))).text == "total = left.size"


async def test_of_several_candidates_the_others_stay(engine: ObedientEngine) -> None:
    slow = Slow()
    engine.texts = [["left.length"], ["right.width"]]
    completer = guarded(engine, slow.monitors(), analysis_timeout_ms=0, prepare_next=False)
    options = CompletionOptions(num_candidates=2)
    assert len((await completer.complete(NAME, CURSOR, options)).candidates) == 2
    slow.may_answer.set()
    await judged(completer)
    suggestion = await completer.complete(NAME, CURSOR, options)
    assert [each.text for each in suggestion.candidates] == ["right.width"]


async def test_who_never_answers_takes_nothing_back(engine: ObedientEngine) -> None:
    engine.texts = [["left.length"]]
    completer = guarded(
        engine, FakeMonitors(answering=never), analysis_timeout_ms=0, prepare_next=False
    )
    completer._late = LateAnswers(completer._background, late_ms=1)
    await completer.complete(NAME, CURSOR)
    await judged(completer)
    assert (await completer.complete(NAME, CURSOR)).text == "left.length"
    assert len(engine.requests) == 1
    assert asking() == []


async def test_an_edit_elsewhere_ends_the_questions(engine: ObedientEngine) -> None:
    completer = await given(engine, Slow(), "left.length")
    assert asking()
    completer.change(typed(OPENED, 0, "#"), None)
    await asked_no_more()
    assert unsettled(completer) == []


async def test_typing_along_does_not_but_something_else_does(engine: ObedientEngine) -> None:
    completer = await given(engine, Slow(), "left.length")
    await type_on(completer, CURSOR, "le")
    assert asking()
    completer.change(typed(completer.documents[NAME], CURSOR + 2, "x"), CURSOR + 3)
    await asked_no_more()


async def test_what_nobody_will_judge_any_more_is_forgotten(engine: ObedientEngine) -> None:
    completer = await given(engine, Slow(), "left.length")
    completer.change(typed(OPENED, CURSOR, "x"), CURSOR + 1)
    completer.change(OPENED, CURSOR)
    assert (await completer.complete(NAME, CURSOR)).origin is Origin.MODEL


@pytest.mark.parametrize("end", ["close", "aclose", "start anew"])
async def test_a_document_that_closes_ends_the_questions(engine: ObedientEngine, end: str) -> None:
    completer = await given(engine, Slow(), "left.length")
    assert asking()
    if end == "close":
        completer.close(NAME)
    elif end == "aclose":
        await completer.aclose()
    else:
        completer._open[NAME].start_anew()
    for _ in range(2):  # the work ends, then its questions
        await asked_no_more()


async def test_a_newer_request_goes_first(engine: ObedientEngine) -> None:
    completer = await given(engine, Slow(), "left.length")
    (older,) = unsettled(completer)
    engine.texts = [["1"]]
    await completer.complete(NAME, 0)
    assert older.task.cancelled()
    engine.texts = [["left.size"]]
    assert (await completer.complete(NAME, CURSOR)).text == "left.size"


async def test_the_next_one_is_prepared_once_all_is_judged(engine: ObedientEngine) -> None:
    slow = Slow()
    completer = await given(engine, slow, "left.length", prepare_next=True)
    work = completer._open[NAME].next_task
    assert work is not None
    slow.may_answer.set()
    await asyncio.wait([work.task])
    assert engine.aheads == [], "what it would go on from was taken back"


async def test_what_was_prepared_is_taken_back_too(engine: ObedientEngine) -> None:
    slow = Slow(receivers=frozenset({"left"}))
    completer = await given(engine, slow, "right.width", prepare_next=True)
    completer._next._late._late_ms = 10_000
    engine.texts = [["right.width + left.length"]]
    work = completer._open[NAME].next_task
    assert work is not None
    await asyncio.wait([work.task])  # it has waited as long as it may
    assert [each.remembered.lead for each in unsettled(completer)] == ["right.width"]
    slow.may_answer.set()
    await judged(completer)
    engine.texts = [[" + left.size"]]
    suggestion = await type_on(completer, CURSOR, "right.width")
    assert (suggestion.text, suggestion.origin) == (" + left.size", Origin.MODEL)


class SlowAnalyser(Analyser):
    """Answers when it may, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.num_questions = 0

    async def members(self, source: Source, offset: int) -> Names:
        self.num_questions += 1
        await self.may_answer.wait()
        return await super().members(source, offset)


async def test_the_next_request_knows_at_once_and_nothing_is_asked_twice(
    engine: ObedientEngine,
) -> None:
    analyser = SlowAnalyser()
    before = "def weigh(basket):\n    return basket."
    document = Document(NAME, "python", 1, before + "\n")
    engine.texts = [["mass + 1", "weight + 1"]]
    completer = completer_on(
        engine, document, monitors=Guard(analyser), analysis_timeout_ms=0, prepare_next=False
    )
    assert (await completer.complete(NAME, len(before))).text == "mass + 1"
    analyser.may_answer.set()
    await judged(completer)
    suggestion = await completer.complete(NAME, len(before))
    assert suggestion.text == "weight + 1"
    assert suggestion.guidance.is_constrained
    assert analyser.num_questions == 1
    assert len(engine.requests) == 2, "nothing was written anew"


async def test_a_veto_of_everything_leaves_the_place_to_a_new_request(
    engine: ObedientEngine,
) -> None:
    slow = Slow()
    completer = await given(engine, slow, "left.length")
    slow.may_answer.set()
    await judged(completer)
    engine.texts = [[""]]
    suggestion = await completer.complete(NAME, CURSOR)
    assert suggestion.reason is EmptyReason.NOTHING_TO_SAY
