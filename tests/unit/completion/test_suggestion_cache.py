"""A remembered suggestion answers for its text plus what was typed since, or not at all."""

import pytest

from completion.difference import replacement_between
from completion.suggestion_cache import CAPACITY, Remembered, Shown, SuggestionCache
from completion.types import Candidate, CompletionOptions, EmptyReason, Origin

PLAIN = CompletionOptions()


class Text:
    """A document with a cache that follows its edits."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.cache = SuggestionCache()

    def edit(self, start: int, stop: int, inserted: str) -> None:
        old, self.text = self.text, self.text[:start] + inserted + self.text[stop:]
        self.cache.follow(replacement_between(old, self.text), old, self.text)

    def suggest(
        self,
        at: int,
        *texts: str,
        options: CompletionOptions = PLAIN,
        reason: EmptyReason | None = None,
    ) -> Shown:
        candidates = tuple(Candidate(text, 3, -0.5) for text in texts)
        return self.cache.remember(Remembered(at, at, "m", options, candidates, reason))

    def found(self, at: int, options: CompletionOptions = PLAIN, model: str = "m") -> Shown | None:
        return self.cache.find(self.text, at, options, model)

    def answer(self, at: int, options: CompletionOptions = PLAIN) -> list[str] | None:
        found = self.found(at, options)
        return None if found is None else [each.text for each in found.candidates]


def test_the_rest_is_what_was_not_typed_yet() -> None:
    document = Text("x = \ny = 1\n")
    document.suggest(4, "compute(x)")
    for number, letter in enumerate("comp"):
        document.edit(4 + number, 4 + number, letter)
        assert document.answer(5 + number) == ["compute(x)"[number + 1 :]]


def test_typing_something_else_is_no_answer_until_it_is_deleted_again() -> None:
    document = Text("x = ")
    document.suggest(4, "compute(x)")
    document.edit(4, 4, "cox")
    assert document.answer(7) is None
    document.edit(6, 7, "")
    assert document.answer(6) == ["mpute(x)"]
    document.edit(4, 6, "")
    assert document.answer(4) == ["compute(x)"]


@pytest.mark.parametrize("at", [0, 2, 9], ids=["far before", "just before", "after"])
def test_an_edit_elsewhere_ends_it(at: int) -> None:
    document = Text("x = \ny = 1\n")
    document.suggest(4, "compute(x)")
    document.edit(at, at, "#")
    assert document.answer(4) is None
    assert document.answer(5) is None


def test_a_cursor_elsewhere_gets_nothing() -> None:
    document = Text("x = ")
    document.suggest(4, "compute(x)")
    document.edit(4, 4, "com")
    assert document.answer(6) is None
    assert document.answer(0) is None


def test_a_closing_bracket_put_in_by_the_editor_is_a_different_text() -> None:
    document = Text("x = \n")
    document.suggest(4, "f(x)")
    document.edit(4, 4, "f")
    document.edit(5, 5, "()")
    assert document.answer(6) is None


def test_letters_like_those_around_the_cursor_are_placed_right() -> None:
    """Typing `a` before `a` is the same edit as typing it after."""
    document = Text("aa")
    document.suggest(1, "abc")
    document.edit(1, 1, "a")
    assert document.answer(2) == ["bc"]
    document.edit(1, 2, "")
    assert document.answer(1) == ["abc"]


def test_of_several_candidates_those_stay_that_go_along() -> None:
    document = Text("")
    document.suggest(0, "left + 1", "left - 1", "right", options=CompletionOptions(3))
    document.edit(0, 0, "left ")
    assert document.answer(5) == ["+ 1", "- 1"]
    document.edit(5, 5, "-")
    assert document.answer(6) == [" 1"]


def test_a_candidate_typed_to_its_end_is_none() -> None:
    document = Text("")
    document.suggest(0, "ab", "abc", options=CompletionOptions(2))
    document.edit(0, 0, "ab")
    assert document.answer(2) == ["c"]
    document.edit(2, 2, "c")
    assert document.answer(3) is None


def test_lines_are_compared_as_they_end_in_the_document() -> None:
    document = Text("if x:\r\n")
    document.suggest(5, "\r\n    pass\r\n    return")
    document.edit(5, 5, "\r\n    ")
    assert document.answer(11) == ["pass\r\n    return"]
    document.edit(5, 11, "\n    ")
    assert document.answer(10) is None


def test_more_candidates_or_another_length_is_another_question() -> None:
    document = Text("")
    document.suggest(0, "ab")
    assert document.answer(0, CompletionOptions(num_candidates=2)) is None
    assert document.answer(0, CompletionOptions(max_tokens=5)) is None
    assert document.found(0, model="other") is None


def test_a_forced_text_is_as_good_as_a_typed_one() -> None:
    document = Text("")
    document.suggest(0, "count(x)")
    document.edit(0, 0, "c")
    assert document.answer(1, CompletionOptions(forced_text="ount")) == ["ount(x)"]
    assert document.answer(1, CompletionOptions(forced_text="ut")) is None
    assert document.answer(1, CompletionOptions(forced_text="ount(x)")) is None


def test_what_was_forced_answers_only_once_it_is_typed_or_forced_again() -> None:
    document = Text("")
    document.suggest(0, "count(x)", options=CompletionOptions(forced_text="count"))
    assert document.answer(0) is None
    document.edit(0, 0, "coun")
    assert document.answer(4) is None
    assert document.answer(4, CompletionOptions(forced_text="t")) == ["t(x)"]
    document.edit(4, 4, "t")
    assert document.answer(5) == ["(x)"]


def test_nothing_to_say_is_said_again_of_the_very_same_text_only() -> None:
    document = Text("x")
    document.suggest(1, reason=EmptyReason.NOTHING_TO_SAY)
    found = document.found(1)
    assert found is not None
    assert found.candidates == ()
    assert found.remembered.reason is EmptyReason.NOTHING_TO_SAY
    assert document.answer(1, CompletionOptions(forced_text="y")) is None
    document.edit(1, 1, "y")
    assert document.answer(2) is None
    document.edit(1, 2, "")
    assert document.answer(1) == []


def test_what_was_prepared_answers_once_all_before_it_is_typed() -> None:
    document = Text("x = \n")
    shown = document.suggest(4, "f()")
    document.cache.remember_next(shown, "f()", (Candidate(" + 1", 3, -0.5),), None)
    document.edit(4, 4, "f(")
    assert document.answer(6) == [")"]
    document.edit(6, 6, ")")
    found = document.found(7)
    assert found is not None
    assert (found.origin, found.candidates[0].text) == (Origin.PREPARED, " + 1")
    document.edit(7, 7, " ")
    found = document.found(8)
    assert found is not None
    assert (found.origin, found.candidates[0].text) == (Origin.TYPED_ALONG, "+ 1")


def test_what_was_prepared_is_dropped_with_what_it_goes_on_from() -> None:
    document = Text("x = \n")
    shown = document.suggest(4, "f()")
    document.edit(0, 0, "#")
    document.cache.remember_next(shown, "f()", (Candidate(" + 1", 3, -0.5),), None)
    document.edit(5, 5, "f()")
    assert document.answer(8) is None


def test_the_oldest_are_forgotten() -> None:
    document = Text("")
    for number in range(CAPACITY + 1):
        document.suggest(0, f"{number} long", options=CompletionOptions(max_tokens=number))
    assert document.answer(0, CompletionOptions(max_tokens=0)) is None
    assert document.answer(0, CompletionOptions(max_tokens=1)) == ["1 long"]


@pytest.mark.parametrize(
    ("suggested", "forbidden", "left"),
    [
        ("a.b(c)", "a.b", None),
        ("x = 1\ny = a.b\nz", "x = 1\ny = a.b", ["x = 1"]),
        ("\n    a.b", "\n    a.b", None),
        ("a.bcd", "a.b", ["a.bcd"]),
        ("a.c", "a.b", ["a.c"]),
    ],
    ids=["in the first line", "in a later line", "after nothing", "a longer name", "another"],
)
def test_what_is_forbidden_is_taken_back_with_all_that_follows(
    suggested: str, forbidden: str, left: list[str] | None
) -> None:
    document = Text("x = \n")
    document.suggest(4, suggested)
    document.cache.take_back(4, forbidden)
    assert document.answer(4) == left


def test_only_suggestions_for_that_place_are_taken_back() -> None:
    document = Text("x = \n")
    document.suggest(4, "a.b")
    document.cache.take_back(3, "a.b")
    assert document.answer(4) == ["a.b"]


def test_what_goes_on_from_something_forbidden_is_taken_back_with_it() -> None:
    document = Text("x = \n")
    shown = document.suggest(4, "a.b")
    document.cache.remember_next(shown, "a.b", (Candidate(" + 1", 3, -0.5),), None)
    document.cache.remember_next(shown, "a.b", (), EmptyReason.NOTHING_TO_SAY)
    document.cache.take_back(4, "a.b")
    assert not document.cache.still_gives(shown)
    document.edit(4, 4, "a.b")
    assert document.answer(7) is None


def test_what_is_taken_back_may_be_indented_as_the_document_is() -> None:
    """The model wrote spaces where the file has tabs."""
    document = Text("x = \n")
    document.suggest(4, "f(\n\ta,\n\tb.c)")
    document.cache.take_back(4, "f(\n    a,\n    b.c")
    assert document.answer(4) == ["f(\n\ta,"]


def test_of_what_was_prepared_lines_stay_that_come_after_what_is_shown() -> None:
    document = Text("x = \n")
    shown = document.suggest(4, "f()")
    document.cache.remember_next(shown, "f()", (Candidate("\ng()\na.b", 3, -0.5),), None)
    document.cache.take_back(4, "f()\ng()\na.b")
    assert document.answer(4) == ["f()"]
    document.edit(4, 4, "f()")
    assert document.answer(7) == ["\ng()"]
    document.cache.take_back(4, "f()\ng")
    assert document.answer(7) is None
