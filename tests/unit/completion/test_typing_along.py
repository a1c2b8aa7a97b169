"""What is typed along a suggestion is answered without the engine, and nothing else is."""

import asyncio

import pytest

from completion.completer import Completer
from completion.document import Document
from completion.settings import CompletionSettings
from completion.types import CompletionOptions, EmptyReason, Origin, Suggestion
from engine.protocol.messages import FinishReason
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


async def shown(engine: FakeEngine, text: str = "left + right") -> Completer:
    """Return a completer that has just suggested `text` at the cursor."""
    engine.script = says(text)
    completer = completer_on(engine, prepare_next=False)
    assert (await completer.complete(NAME, CURSOR)).text == text
    engine.script = says("something else")
    return completer


async def type_on(completer: Completer, offset: int, text: str) -> Suggestion:
    completer.change(typed(completer.documents[NAME], offset, text), offset + len(text))
    return await completer.complete(NAME, offset + len(text))


async def test_typing_along_asks_nobody(engine: FakeEngine) -> None:
    completer = await shown(engine)
    for number, letter in enumerate("left"):
        suggestion = await type_on(completer, CURSOR + number, letter)
        assert suggestion.text == "left + right"[number + 1 :]
        assert suggestion.origin is Origin.TYPED_ALONG
        assert completer.last_suggestion(NAME) is suggestion
    assert len(engine.requests) == 1
    assert suggestion.model == "small"
    assert suggestion.num_generated == 0
    assert suggestion.sync is None


async def test_the_cache_follows_all_the_same(engine: FakeEngine) -> None:
    """So that leaving the suggestion costs nothing."""
    completer = await shown(engine)
    await type_on(completer, CURSOR, "left")
    await engine.until(lambda: len(engine.syncs) == 1)
    left = await type_on(completer, CURSOR + 4, "!")
    assert left.origin is Origin.MODEL
    assert len(engine.requests) == 2
    assert len(engine.syncs) == 1, "the request took the place of the second"


async def test_backspace_and_undo_bring_it_back(engine: FakeEngine) -> None:
    completer = await shown(engine)
    before = completer.documents[NAME]
    await type_on(completer, CURSOR, "lex")
    completer.change(before.edited(CURSOR, CURSOR, "le", 9), CURSOR + 2)
    assert (await completer.complete(NAME, CURSOR + 2)).text == "ft + right"
    completer.change(before, CURSOR)
    assert (await completer.complete(NAME, CURSOR)).text == "left + right"
    assert len(engine.requests) == 2, "one for what was shown, one for `lex`"


async def test_a_word_accepted_at_a_time(engine: FakeEngine) -> None:
    completer = await shown(engine)
    assert (await type_on(completer, CURSOR, "left ")).text == "+ right"
    assert (await type_on(completer, CURSOR + 5, "+ ")).text == "right"


@pytest.mark.parametrize("at", [0, CURSOR - 1, CURSOR + 1, len(OPENED.text)])
async def test_an_edit_elsewhere_asks_again(engine: FakeEngine, at: int) -> None:
    completer = await shown(engine)
    completer.change(typed(OPENED, at, "#"), CURSOR + (at <= CURSOR))
    suggestion = await completer.complete(NAME, CURSOR + (at <= CURSOR))
    assert suggestion.origin is Origin.MODEL


async def test_crlf_is_typed_as_the_document_has_it(engine: FakeEngine) -> None:
    text = "def add(left, right):\r\n    "
    engine.script = says("left += 1\n    return left\n")
    completer = completer_on(engine, Document(NAME, "python", 1, text), prepare_next=False)
    await completer.complete(NAME, len(text))
    suggestion = await type_on(completer, len(text), "left += 1\r\n    ")
    assert suggestion.text == "return left"
    assert suggestion.origin is Origin.TYPED_ALONG


async def test_candidates_stay_while_they_go_along(engine: FakeEngine) -> None:
    engine.script = Script([(0, b"left", -2.0), (1, b"less", -1.0), (2, b"right", -1.0)])
    completer = completer_on(engine, prepare_next=False)
    await completer.complete(NAME, CURSOR, CompletionOptions(num_candidates=3))
    suggestion = await type_on(completer, CURSOR, "le")
    assert [each.text for each in suggestion.candidates] == ["ft", "ss"]
    assert suggestion.candidates[0].num_tokens == 1


async def test_more_candidates_than_are_known_are_asked_for(engine: FakeEngine) -> None:
    completer = await shown(engine)
    await completer.complete(NAME, CURSOR, CompletionOptions(num_candidates=2))
    assert engine.requests[-1].num_candidates == 2
    await completer.complete(NAME, CURSOR, CompletionOptions(max_tokens=5))
    assert engine.requests[-1].max_tokens == 5


async def test_the_entry_selected_in_the_editors_list_goes_along(engine: FakeEngine) -> None:
    completer = await shown(engine)
    suggestion = await completer.complete(NAME, CURSOR, CompletionOptions(forced_text="left"))
    assert suggestion.text == "left + right"
    assert len(engine.requests) == 1
    await completer.complete(NAME, CURSOR, CompletionOptions(forced_text="length"))
    assert engine.requests[-1].forced_text == b"length"


async def test_an_answer_shaped_by_an_entry_is_none_without_it(engine: FakeEngine) -> None:
    engine.script = says("length()")
    completer = completer_on(engine, prepare_next=False)
    await completer.complete(NAME, CURSOR, CompletionOptions(forced_text="length"))
    assert (await completer.complete(NAME, CURSOR)).origin is Origin.MODEL
    assert (await type_on(completer, CURSOR, "length")).text == "()"


async def test_nothing_to_say_is_remembered_for_the_same_text(engine: FakeEngine) -> None:
    engine.script = says("  \n")
    completer = completer_on(engine)
    for _ in range(2):
        suggestion = await completer.complete(NAME, CURSOR)
        assert suggestion.reason is EmptyReason.NOTHING_TO_SAY
        assert suggestion.detail
    assert suggestion.origin is Origin.TYPED_ALONG
    assert len(engine.requests) == 1
    await type_on(completer, CURSOR, "l")
    assert len(engine.requests) == 2


@pytest.mark.parametrize(
    "script",
    [
        Script(finish=FinishReason.CANCELLED),
        Script([(0, b"le", -1.0)], stops_after=1),
    ],
    ids=["the engine went away", "out of time"],
)
async def test_an_answer_that_failed_is_asked_for_again(engine: FakeEngine, script: Script) -> None:
    engine.script = script
    completer = completer_on(engine, timeout_ms=100)
    assert not (await completer.complete(NAME, CURSOR)).candidates
    engine.script = says("left")
    assert (await completer.complete(NAME, CURSOR)).text == "left"


async def test_an_older_request_does_not_overtake_what_is_remembered(engine: FakeEngine) -> None:
    completer = await shown(engine)
    engine.script = Script([(0, b"late", -1.0)], stops_after=0)
    options = CompletionOptions(num_candidates=2)
    older = asyncio.create_task(completer.complete(NAME, CURSOR, options))
    await engine.stuck.wait()
    newer = await completer.complete(NAME, CURSOR)
    await engine.sync(NAME, [1], 0)
    assert newer.text == "left + right"
    assert (await older).reason is EmptyReason.SUPERSEDED
    assert completer.last_suggestion(NAME) is newer


async def test_the_cache_follows_the_cursor_back_to_a_suggestion(engine: FakeEngine) -> None:
    completer = await shown(engine)
    await completer.complete(NAME, 0)
    assert (await completer.complete(NAME, CURSOR)).text == "left + right"
    await engine.until(lambda: bool(engine.syncs))
    _, tokens, cursor = engine.syncs[0]
    assert (tokens, cursor) == (list(engine.requests[0].tokens), engine.requests[0].cursor)


async def test_other_settings_and_a_document_opened_anew_forget_it(engine: FakeEngine) -> None:
    completer = await shown(engine)
    completer.update_settings(CompletionSettings(multi_line=False, prepare_next=False))
    await completer.complete(NAME, CURSOR)
    assert len(engine.requests) == 2
    completer.open(OPENED)
    await completer.complete(NAME, CURSOR)
    assert len(engine.requests) == 3


async def test_it_can_be_turned_off(engine: FakeEngine) -> None:
    engine.script = says("left + right")
    completer = completer_on(engine, reuse_suggestions=False)
    for _ in range(2):
        assert (await completer.complete(NAME, CURSOR)).origin is Origin.MODEL
    assert len(engine.requests) == 2
    assert engine.aheads == []
