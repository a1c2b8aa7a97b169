"""The word at the cursor is written anew, and only what comes after it is shown."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.document import Document
from completion.healing import HealingWriter, held_back
from completion.types import CompletionOptions
from engine.protocol.messages import (
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    ModelDescription,
    Piece,
    Synced,
)
from tests.unit.completion.fakes import NAME, FakeEngine, completer_on, report, says, typed
from tests.unit.completion.guided import FakeMonitors, ObedientEngine, at, guarded


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("x = pri", " pri"),
        ("x = self.pri", ".pri"),
        ("f(na", "(na"),
        ("\n    ret", " ret"),
        ("a\nret", "ret"),
        ("a\n\tret", "\tret"),
        ("x = größ", " größ"),
        ("x = 名", " 名"),
        ("import os", " os"),
        ("x = ", ""),
        ("x = (", ""),
        ("a\n", ""),
        ("", ""),
        ("pri", ""),
        ("x = " + "a" * 32, " " + "a" * 32),
        ("x = " + "a" * 33, ""),
    ],
)
def test_the_word_and_the_sign_before_it_are_held_back(before: str, expected: str) -> None:
    assert held_back(before, len(before)) == expected
    assert held_back(before + "nt(x)", len(before)) == expected


@given(st.text(alphabet="ab_é9 .(\n\t\r😀", max_size=60), st.data())
def test_what_is_held_back_is_the_end_of_the_line_before_the_cursor(
    text: str, data: st.DataObject
) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    word = held_back(text, cursor)
    assert text[:cursor].endswith(word)
    assert len(word) < max(1, cursor)
    assert not set(word) & {"\n", "\r"}
    assert not word[1:].strip("ab_é9")


@dataclass
class Scribe:
    """Writes what it is told to, as pieces of one candidate after the other."""

    pieces: list[tuple[int, bytes]]
    requests: list[GenerationRequest] = field(default_factory=list)
    is_closed: bool = False

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent]:
        self.requests.append(request)
        try:
            yield Synced(report(3))
            for candidate, text in self.pieces:
                yield Piece(candidate, (1,), text, -0.5)
            for candidate in range(request.num_candidates):
                yield Finished(candidate, FinishReason.END_OF_TEXT)
        finally:
            self.is_closed = True


async def healed(scribe: Scribe, word: bytes, **changes: object) -> list[GenerationEvent]:
    request = GenerationRequest("d", [1, 2], 2, max_tokens=9, **changes)
    return [event async for event in HealingWriter(scribe, word, 2).generate(request)]


async def test_the_word_is_forced_before_whatever_else_is() -> None:
    scribe = Scribe([])
    await healed(scribe, b" pri", forced_text=b"nt", continuations=(b"er", b"ed"))
    (asked,) = scribe.requests
    assert (asked.forced_text, asked.continuations) == (b" print", (b"er", b"ed"))
    assert asked.max_tokens == 11


@pytest.mark.parametrize("cut", range(1, 9))
async def test_it_is_left_out_however_pieces_fall(cut: int) -> None:
    text = b" print(x)"
    scribe = Scribe([(0, text[at : at + cut]) for at in range(0, len(text), cut)])
    events = await healed(scribe, b" pri")
    pieces = [event for event in events if isinstance(event, Piece)]
    assert b"".join(piece.text for piece in pieces) == b"nt(x)"
    assert all(piece.text for piece in pieces)
    assert isinstance(events[0], Synced)
    assert isinstance(events[-1], Finished)


async def test_every_candidate_has_its_own_word() -> None:
    scribe = Scribe([(0, b" p"), (1, b" pri"), (0, b"rint"), (1, b"vate")])
    events = await healed(scribe, b" pri", num_candidates=2)
    texts = {
        candidate: b"".join(
            event.text
            for event in events
            if isinstance(event, Piece) and event.candidate == candidate
        )
        for candidate in (0, 1)
    }
    assert texts == {0: b"nt", 1: b"vate"}


async def test_a_candidate_that_ends_within_the_word_has_ended() -> None:
    events = await healed(Scribe([(0, b" p")]), b" pri")
    assert [type(event) for event in events] == [Synced, Finished]


async def test_leaving_the_stream_leaves_the_writer() -> None:
    scribe = Scribe([(0, b" print")])
    stream = HealingWriter(scribe, b" pri", 1).generate(GenerationRequest("d", [1], 1, 9))
    await anext(stream)
    await stream.aclose()
    assert scribe.is_closed


TEXT = "def f(left):\n    return le\n"
CURSOR = TEXT.index("return le") + len("return le")
DOCUMENT = Document(NAME, "python", 1, TEXT)


async def test_a_suggestion_goes_on_with_the_word(engine: FakeEngine) -> None:
    engine.script = says(" left + 1")
    completer = completer_on(engine, DOCUMENT, heal_words=True)
    suggestion = await completer.complete(NAME, CURSOR)
    assert suggestion.text == "ft + 1"
    (request,) = engine.requests
    assert request.forced_text == b" le"
    assert engine.tokenizer.decode(list(request.tokens[: request.cursor])).endswith("    return")


async def test_while_a_word_is_typed_the_prompt_stays(engine: FakeEngine) -> None:
    completer = completer_on(engine, DOCUMENT, heal_words=True, reuse_suggestions=False)
    engine.script = says(" left")
    await completer.complete(NAME, CURSOR)
    longer = typed(DOCUMENT, CURSOR, "f")
    completer.change(longer, CURSOR + 1)
    assert (await completer.complete(NAME, CURSOR + 1)).text == "t"
    first, second = engine.requests
    assert (first.tokens, first.cursor) == (second.tokens, second.cursor)
    assert (first.forced_text, second.forced_text) == (b" le", b" lef")


async def test_the_entry_selected_in_the_list_comes_after_the_word(engine: FakeEngine) -> None:
    engine.script = says(" left.size")
    completer = completer_on(engine, DOCUMENT, heal_words=True)
    options = CompletionOptions(forced_text="ft")
    assert (await completer.complete(NAME, CURSOR, options)).text == "ft.size"
    assert engine.requests[0].forced_text == b" left"


async def test_a_name_that_does_not_exist_is_written_anew_behind_the_same_word(
    model: ModelDescription,
) -> None:
    """Of what begins with `si`, `left` has `size` and no `sign`."""
    engine = ObedientEngine.ready(model)
    engine.texts = [[".sign()", ".size()"]]
    document, cursor = at("left.si|")
    suggestion = await guarded(engine, FakeMonitors(), document, heal_words=True).complete(
        NAME, cursor
    )
    assert suggestion.text == "ze()"
    assert engine.requests[-1].forced_text == b".si"
    assert engine.requests[-1].continuations == (b"ze", b"zes")


async def test_what_comes_next_is_prepared_behind_the_same_prompt(engine: FakeEngine) -> None:
    engine.script = says(" left")
    engine.next_script = says(" + 1")
    completer = completer_on(engine, DOCUMENT, heal_words=True)
    shown = await completer.complete(NAME, CURSOR)
    await engine.until(lambda: len(engine.aheads) == 1)
    (ahead,) = engine.aheads
    assert ahead.forced_text == b" le" + shown.text.encode()
    assert ahead.tokens == engine.requests[0].tokens
    await completer.aclose()
