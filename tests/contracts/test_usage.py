"""What is counted of suggestions is what whole texts say, and what the documentation names.

A state machine suggests, inserts, deletes and replaces, with so few letters that texts agree by
chance as often as can be. The oracle keeps the whole text around a suggestion and compares it in
full, and marks each character that was accepted.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from completion.types import Candidate, Suggestion, Timings
from completion.usage.edits import TextEdit
from completion.usage.following import runs_kept
from completion.usage.offer import looks_taken
from completion.usage.summary import summary
from completion.usage.tally import Event, Family, Stage, Tally
from completion.usage.usage import Usage

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "metrics.md"
NAME = "document"
texts = st.text("ab (", max_size=5)
suggested = st.text("ab (", min_size=1, max_size=12)


class Cell(NamedTuple):
    """One character, and whether it was accepted."""

    character: str
    is_accepted: bool


@dataclass
class Offered:
    """A suggestion, with the whole text around it."""

    before: str
    after: str
    text: str
    typed: str = ""

    def typed_in(self, text: str) -> str | None:
        """Return what of it stands in `text`; None if it is no suggestion for that."""
        length = len(text) - len(self.before) - len(self.after)
        typed = self.text[: max(length, 0)]
        return typed if text == self.before + typed + self.after else None


class Counting(RuleBasedStateMachine):
    """One document, in which nobody waits long enough for anything to be settled by time."""

    @initialize(text=texts)
    def open(self, text: str) -> None:
        self.cells = [Cell(each, is_accepted=False) for each in text]
        self.usage = Usage(lambda: 0.0)
        self.offered: Offered | None = None
        self.num_accepted = 0

    @property
    def text(self) -> str:
        return "".join(cell.character for cell in self.cells)

    @rule(data=st.data(), text=suggested)
    def suggest(self, data: st.DataObject, text: str) -> None:
        at = data.draw(st.integers(0, len(self.cells)))
        candidate = Candidate(text, 1, -0.5)
        answer = Suggestion((candidate,), "m", Timings(0.0, 0.0, 0.0), None, 1)
        self.usage.answered(NAME, at, answer)
        found = self.offered
        is_rest = (
            found is not None
            and found.text[len(found.typed) :] == text
            and len(found.before + found.typed) == at
        )
        if not is_rest:
            self.offered = Offered(self.text[:at], self.text[at:], text)

    @rule(data=st.data(), length=st.integers(0, 4), inserted=texts)
    def edit(self, data: st.DataObject, length: int, inserted: str) -> None:
        start = data.draw(st.integers(0, len(self.cells)))
        self._apply(TextEdit(start, self.text[start : start + length], inserted))

    @rule(data=st.data())
    def go_along(self, data: st.DataObject) -> None:
        if self.offered is not None:
            rest = self.offered.text[len(self.offered.typed) :]
            place = len(self.offered.before + self.offered.typed)
            length = data.draw(st.integers(1, len(rest)))
            self._apply(TextEdit(place, "", rest[:length]))

    @rule(data=st.data())
    def go_back(self, data: st.DataObject) -> None:
        if self.offered is not None and self.offered.typed:
            place = len(self.offered.before + self.offered.typed)
            length = data.draw(st.integers(1, len(self.offered.typed)))
            self._apply(TextEdit(place - length, self.text[place - length : place], ""))

    @invariant()
    def as_many_accepted_characters_are_left_as_are_marked(self) -> None:
        document = self.usage._documents.get(NAME)
        left = sum(piece.text.num_left for piece in document.pieces) if document else 0
        assert left == sum(cell.is_accepted for cell in self.cells)

    @invariant()
    def what_was_accepted_is_what_whole_texts_say(self) -> None:
        assert self.usage.tally.get(Family.CHARACTERS, Event.ACCEPTED) == self.num_accepted

    @invariant()
    def a_suggestion_is_there_as_long_as_the_text_around_it_is(self) -> None:
        document = self.usage._documents.get(NAME)
        offer = document.offer if document else None
        assert (offer is None) == (self.offered is None)
        if offer is not None and self.offered is not None:
            assert offer.texts == (self.offered.text,)
            assert offer.reached == len(self.offered.typed)

    def _apply(self, edit: TextEdit) -> None:
        before, small = self.text, edit.trimmed()
        self.usage.edited(NAME, edit, before)
        if not small.removed and not small.inserted:
            return
        old = self.cells[small.start : small.old_stop]
        new = [Cell(each, is_accepted=False) for each in small.inserted]
        for run in runs_kept(small) or []:
            new[run.new : run.new + run.length] = old[run.old : run.old + run.length]
        self.cells[small.start : small.old_stop] = new
        self._go_on(small)

    def _go_on(self, small: TextEdit) -> None:
        """Decide by whole texts what the edit means for the suggestion."""
        offered, self.offered = self.offered, None
        typed = offered.typed_in(self.text) if offered is not None else None
        if offered is None or typed is None or (small.removed and small.inserted):
            return
        length = len(typed) - len(offered.typed)
        if length > 0 and looks_taken(offered.text[len(offered.typed) :], length):
            place = len(offered.before + offered.typed)
            for index in range(place, place + length):
                self.cells[index] = Cell(self.cells[index].character, is_accepted=True)
            self.num_accepted += length
        if len(typed) < len(offered.text):
            offered.typed = typed
            self.offered = offered


Counting.TestCase.settings = settings(max_examples=60, stateful_step_count=20)
TestCounting = Counting.TestCase


@pytest.mark.parametrize("name", [*Event, *Stage])
def test_every_figure_is_explained(name: str) -> None:
    assert f"`{name}`" in DOCUMENTATION.read_text("utf-8")


def test_every_figure_survives_the_way_through_a_file() -> None:
    tally = Tally()
    for family in Family:
        tally.add(family, "something", 3)
    for stage in Stage:
        tally.time(stage, 12.5)
    read = Tally.from_json(json.loads(json.dumps(tally.to_json())))
    assert read == tally
    assert summary(read) == summary(tally)
