"""An answer given without the model is what is left of a suggestion for exactly this text.

A state machine makes suggestions, prepares next ones, types along and elsewhere, and goes back,
with so few letters that texts agree by chance as often as can be. The oracle keeps the whole text
of every suggestion and compares it in full.
"""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from completion.difference import replacement_between
from completion.suggestion_cache import CAPACITY, Remembered, Shown, SuggestionCache
from completion.types import Candidate, CompletionOptions

PLAIN = CompletionOptions()
texts = st.text("ab\n", max_size=6)
some_text = texts.filter(bool)


def candidates_of(*some: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(text, 3, -0.5) for text in some)


@dataclass
class Made:
    """One suggestion as the oracle remembers it: with the whole text around it."""

    before: str
    after: str
    candidates: tuple[str, ...]
    lead: str = ""  # to be typed first
    was_kept: bool = True  # the text around it has been the same after every edit

    def surrounds(self, text: str) -> bool:
        is_long_enough = len(text) >= len(self.before) + len(self.after)
        return is_long_enough and text.startswith(self.before) and text.endswith(self.after)

    def rests(self, text: str, cursor: int) -> list[str]:
        if not self.surrounds(text) or cursor != len(text) - len(self.after):
            return []
        typed = text[len(self.before) : cursor]
        if not typed.startswith(self.lead):
            return []
        longer = [each for each in self.candidates if len(each) > len(typed)]
        return [each[len(typed) :] for each in longer if each.startswith(typed)]


class TypingAlong(RuleBasedStateMachine):
    """One document, and everything that was ever suggested in it."""

    @initialize(text=texts)
    def open(self, text: str) -> None:
        self.text = text
        self.cache = SuggestionCache()
        self.made: list[Made] = []

    @rule(data=st.data(), some=st.lists(some_text, min_size=1, max_size=3))
    def suggest(self, data: st.DataObject, some: list[str]) -> None:
        at = data.draw(st.integers(0, len(self.text)))
        self.cache.remember(Remembered(at, at, "m", PLAIN, candidates_of(*some)))
        self.made.append(Made(self.text[:at], self.text[at:], tuple(some)))

    @rule(data=st.data(), following=some_text)
    def prepare(self, data: st.DataObject, following: str) -> None:
        at = data.draw(st.integers(0, len(self.text)))
        shown = self._find(at)
        if shown is not None:
            first = shown.candidates[0].text
            self.cache.remember_next(shown, first, candidates_of(following), None)
            before, lead = self.text[: at - len(shown.typed)], shown.typed + first
            self.made.append(Made(before, self.text[at:], (lead + following,), lead))

    @rule(data=st.data(), length=st.integers(0, 3), inserted=texts)
    def edit(self, data: st.DataObject, length: int, inserted: str) -> None:
        start = data.draw(st.integers(0, len(self.text)))
        self._become(self.text[:start] + inserted + self.text[start + length :])

    @rule(data=st.data())
    def type_along_or_go_back(self, data: st.DataObject) -> None:
        if self.made:
            made = data.draw(st.sampled_from(self.made))
            candidate = data.draw(st.sampled_from(made.candidates))
            typed = candidate[: data.draw(st.integers(0, len(candidate)))]
            self._become(made.before + typed + made.after)

    @invariant()
    def every_answer_is_what_is_left_of_a_suggestion_for_this_text(self) -> None:
        for cursor in range(len(self.text) + 1):
            shown = self._find(cursor)
            if shown is not None:
                answer = [each.text for each in shown.candidates]
                assert any(answer == made.rests(self.text, cursor) for made in self.made)

    @invariant()
    def a_suggestion_answers_as_long_as_nothing_around_it_changed(self) -> None:
        for made in self.made[-CAPACITY:]:
            cursor = len(self.text) - len(made.after)
            if made.was_kept and made.rests(self.text, cursor):
                assert self._find(cursor) is not None

    def _find(self, cursor: int) -> Shown | None:
        return self.cache.find(self.text, cursor, PLAIN, "m")

    def _become(self, text: str) -> None:
        old, self.text = self.text, text
        self.cache.follow(replacement_between(old, text), old, text)
        for made in self.made:
            made.was_kept &= made.surrounds(text)


TypingAlong.TestCase.settings = settings(max_examples=60, stateful_step_count=20)
TestTypingAlong = TypingAlong.TestCase
