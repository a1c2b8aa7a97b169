"""What comes after a suggestion is prepared while it is shown, and is there once it is accepted."""

import asyncio
from dataclasses import replace

import pytest

from completion.completer import Completer
from completion.document import Document
from completion.types import CompletionOptions, EmptyReason, Origin, Suggestion
from engine.errors import SupersededError
from engine.protocol.messages import FinishReason, ModelDescription
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

BODY = "def add(left, right):\n    "


async def prepared(completer: Completer) -> None:
    """Wait until what is being prepared is done, whatever comes of it."""
    async with asyncio.timeout(10):
        await asyncio.wait([task_of(completer)])


def task_of(completer: Completer) -> asyncio.Task[None]:
    work = completer._open[NAME].next_task
    assert work is not None
    return work.task


async def show(
    engine: FakeEngine, text: str, following: Script, document: Document = OPENED, at: int = CURSOR
) -> Completer:
    """Suggest `text`, and let the engine go on with `following` in the background."""
    engine.script, engine.next_script = says(text), following
    completer = completer_on(engine, document)
    assert (await completer.complete(NAME, at)).text.replace("\r\n", "\n") == text
    await prepared(completer)
    engine.script = says("something else")
    return completer


async def type_on(completer: Completer, offset: int, text: str) -> Suggestion:
    completer.change(typed(completer.documents[NAME], offset, text), offset + len(text))
    return await completer.complete(NAME, offset + len(text))


async def test_the_model_goes_on_after_what_is_shown(engine: FakeEngine) -> None:
    """With the very prompt of the suggestion, so that the cache stays as it is."""
    await show(engine, "left", says(" + right"))
    (ahead,), (request,) = engine.aheads, engine.requests
    assert ahead.is_ahead
    assert ahead.forced_text == b"left"
    assert (ahead.tokens, ahead.cursor) == (request.tokens, request.cursor)
    assert ahead.num_candidates == 1
    assert request.max_tokens < ahead.max_tokens <= request.max_tokens + len("left")


async def test_once_accepted_the_next_one_is_there(engine: FakeEngine) -> None:
    completer = await show(engine, "left", says(" + right"))
    suggestion = await type_on(completer, CURSOR, "left")
    assert (suggestion.text, suggestion.origin) == (" + right", Origin.PREPARED)
    assert suggestion.candidates[0].num_tokens == 3
    assert len(engine.requests) == 1


async def test_accepted_piece_by_piece_it_is_there_as_well(engine: FakeEngine) -> None:
    completer = await show(engine, "left", says(" + right"))
    assert (await type_on(completer, CURSOR, "le")).text == "ft"
    assert (await type_on(completer, CURSOR + 2, "ft")).origin is Origin.PREPARED
    assert (await type_on(completer, CURSOR + 4, " + ")).text == "right"
    assert len(engine.requests) == 1


async def test_it_is_trimmed_for_the_place_behind_what_is_accepted(engine: FakeEngine) -> None:
    text = "print(\n)\n"
    document = Document(NAME, "python", 1, text[:6] + ")" + text[8:])
    completer = await show(engine, "left", says(", right)"), document, 6)
    assert (await type_on(completer, 6, "left")).text == ", right"


async def test_a_block_that_is_opened_gets_its_body(engine: FakeEngine) -> None:
    document = Document(NAME, "python", 1, "def ")
    following = says("\n    return left\n\n\ndef other():\n" + "x" * 300)
    completer = await show(engine, "add(left):", following, document, 4)
    suggestion = await type_on(completer, 4, "add(left):")
    assert suggestion.text == "\n    return left"


async def test_the_next_line_waits_for_its_indentation(engine: FakeEngine) -> None:
    """At the end of a line there is nothing to say, but whoever goes on finds the next one."""
    document = Document(NAME, "python", 1, "def f(x):\n    y = \n    ")
    at = document.text.index("y = ") + 4
    completer = await show(engine, "x + 1", says("\n    z = y\n    return z"), document, at)
    nothing = await type_on(completer, at, "x + 1")
    assert nothing.reason is EmptyReason.NOTHING_TO_SAY
    assert nothing.origin is Origin.PREPARED
    suggestion = await type_on(completer, at + 5, "\n    ")
    assert (suggestion.text, suggestion.origin) == ("z = y", Origin.PREPARED)
    assert len(engine.requests) == 1


async def test_another_indentation_is_another_place(engine: FakeEngine) -> None:
    document = Document(NAME, "python", 1, "def f(x):\n    y = \n    ")
    at = document.text.index("y = ") + 4
    completer = await show(engine, "x + 1", says("\n    z = y\n"), document, at)
    suggestion = await type_on(completer, at, "x + 1\n")
    assert suggestion.origin is Origin.MODEL


async def test_the_next_line_waits_for_the_indentation_of_the_file(engine: FakeEngine) -> None:
    document = Document(NAME, "python", 1, "def f(x):\n\ty = \n\t")
    at = document.text.index("y = ") + 4
    completer = await show(engine, "x + 1", says("\n    z = y\n"), document, at)
    suggestion = await type_on(completer, at, "x + 1\n\t")
    assert (suggestion.text, suggestion.origin) == ("z = y", Origin.PREPARED)


async def test_it_is_indented_as_the_file_is(engine: FakeEngine) -> None:
    document = Document(NAME, "python", 1, "def f(x):\n\ty = x\n\t")
    following = says("\n        print(z)\n        f(z)\n")
    completer = await show(engine, "for z in y:", following, document, len(document.text))
    suggestion = await type_on(completer, len(document.text), "for z in y:")
    assert suggestion.text == "\n\t\tprint(z)\n\t\tf(z)"
    assert suggestion.origin is Origin.PREPARED


async def test_crlf_is_inserted_as_the_document_has_it(engine: FakeEngine) -> None:
    document = Document(NAME, "python", 1, BODY.replace("\n", "\r\n"))
    following = says("\n    return left")
    at = len(document.text)
    completer = await show(engine, "left += 1\n    right += 1", following, document, at)
    assert engine.aheads[0].forced_text == b"left += 1\r\n    right += 1"
    suggestion = await type_on(completer, at, "left += 1\r\n    right += 1\r\n    ")
    assert (suggestion.text, suggestion.origin) == ("return left", Origin.PREPARED)


async def test_what_was_prepared_is_itself_gone_on_from(engine: FakeEngine) -> None:
    completer = await show(engine, "left", says(" + right"))
    engine.next_script = says(" + 1")
    await type_on(completer, CURSOR, "left")
    await prepared(completer)
    assert engine.aheads[-1].forced_text == b" + right"
    assert engine.aheads[-1].tokens == engine.syncs[-1][1], "as the text is now"
    assert (await type_on(completer, CURSOR + 4, " + right")).text == " + 1"
    assert len(engine.requests) == 1


async def test_each_is_prepared_once(engine: FakeEngine) -> None:
    completer = await show(engine, "left", says(" + right"))
    await completer.complete(NAME, CURSOR)
    await type_on(completer, CURSOR, "le")
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(engine.aheads) == 1


async def test_only_the_first_of_several_is_gone_on_from(engine: FakeEngine) -> None:
    engine.script = Script([(0, b"left", -2.0), (1, b"right", -1.0)])
    completer = completer_on(engine)
    await completer.complete(NAME, CURSOR, CompletionOptions(num_candidates=2))
    await prepared(completer)
    assert [ahead.forced_text for ahead in engine.aheads] == [b"left"]


async def test_a_keystroke_ends_it_and_it_begins_again_where_that_goes_along(
    engine: FakeEngine,
) -> None:
    engine.script = says("left")
    engine.next_script = Script([(0, b" + right", -1.0)], stops_after=0)
    completer = completer_on(engine)
    await completer.complete(NAME, CURSOR)
    await engine.stuck.wait()
    first = task_of(completer)
    engine.next_script = says(" + right")
    completer.change(typed(OPENED, CURSOR, "le"), CURSOR + 2)  # nobody asks; the editor knows
    await prepared(completer)
    assert first.cancelled()
    assert [ahead.forced_text for ahead in engine.aheads] == [b"left", b"ft"]
    assert engine.aheads[1].tokens == engine.syncs[-1][1]
    suggestion = await type_on(completer, CURSOR + 2, "ft")
    assert (suggestion.text, suggestion.origin) == (" + right", Origin.PREPARED)


async def test_a_keystroke_that_goes_elsewhere_ends_it(engine: FakeEngine) -> None:
    engine.script = says("left")
    engine.next_script = Script([(0, b" + right", -1.0)], stops_after=0)
    completer = completer_on(engine)
    await completer.complete(NAME, CURSOR)
    await engine.stuck.wait()
    work = task_of(completer)
    completer.change(typed(OPENED, CURSOR, "!"), CURSOR + 1)
    await engine.until(lambda: bool(engine.syncs))
    assert work.cancelled()
    assert len(engine.aheads) == 1


@pytest.mark.parametrize("way", ["request elsewhere", "close", "open anew", "settings"])
async def test_whatever_makes_it_useless_ends_it(engine: FakeEngine, way: str) -> None:
    engine.script = says("left")
    engine.next_script = Script([(0, b" + right", -1.0)], stops_after=0)
    completer = completer_on(engine)
    await completer.complete(NAME, CURSOR)
    await engine.stuck.wait()
    work = task_of(completer)
    engine.script = says("")
    if way == "request elsewhere":
        await completer.complete(NAME, 0)
    elif way == "close":
        completer.close(NAME)
    elif way == "open anew":
        completer.open(OPENED)
    else:
        completer.update_settings(replace(completer._settings, max_tokens=5))
    async with asyncio.timeout(10):
        await asyncio.wait([work])
    assert work.cancelled()


@pytest.mark.parametrize(
    "following",
    [
        Script(error=SupersededError("newer work came")),
        Script(finish=FinishReason.CANCELLED),
    ],
    ids=["superseded", "the engine went away"],
)
async def test_where_it_fails_the_model_is_asked(engine: FakeEngine, following: Script) -> None:
    completer = await show(engine, "left", following)
    suggestion = await type_on(completer, CURSOR, "left")
    assert (suggestion.text, suggestion.origin) == ("something else", Origin.MODEL)


async def test_a_forced_text_that_was_cut_short_says_nothing(engine: FakeEngine) -> None:
    """The engine may run out of tokens before it has written what it was told to."""
    engine.forced_bytes = 2
    completer = await show(engine, "left", says("", FinishReason.LENGTH))
    assert (await type_on(completer, CURSOR, "left")).origin is Origin.MODEL


async def test_where_the_context_is_full_nothing_is_prepared(model: ModelDescription) -> None:
    engine = FakeEngine.ready(replace(model, context_tokens=48))
    completer = await show(engine, "left", says(" + right"))
    num_prompt = len(engine.requests[0].tokens)
    assert engine.aheads == [] or num_prompt + engine.aheads[0].max_tokens <= 48
    engine = FakeEngine.ready(replace(model, context_tokens=num_prompt + 1))
    completer = await show(engine, "left", says(" + right"))
    assert engine.aheads == []
    assert (await type_on(completer, CURSOR, "left")).origin is Origin.MODEL


async def test_nothing_is_prepared_where_the_settings_say_so(engine: FakeEngine) -> None:
    engine.script = says("left")
    completer = completer_on(engine, prepare_next=False)
    await completer.complete(NAME, CURSOR)
    assert completer._open[NAME].next_task is None


async def test_nothing_is_prepared_after_nothing(engine: FakeEngine) -> None:
    engine.script = says("")
    completer = completer_on(engine)
    await completer.complete(NAME, CURSOR)
    assert completer._open[NAME].next_task is None
