"""What is counted of a suggestion: shown, typed along, taken, taken back, kept."""

from collections.abc import Callable

import pytest

from completion.guidance.report import GuidanceReport, Veto
from completion.types import Candidate, EmptyReason, Origin, Suggestion, Timings
from completion.usage.edits import TextEdit
from completion.usage.tally import Event, Family, Stage
from completion.usage.usage import (
    LOOKS_S,
    MOST_DOCUMENTS,
    MOST_PIECES,
    SHOWN_AFTER_S,
    TAKE_BACK_S,
    Usage,
)
from engine.protocol.messages import SyncReport
from monitors.types import SiteKind

BEFORE, LINE = "product = ", "value * factor"
SYNC = SyncReport(10, 7, 2, 1, 7, 1.0)


def suggestion(*texts: str, origin: Origin = Origin.MODEL) -> Suggestion:
    return Suggestion(
        candidates=tuple(Candidate(text, 3, -0.5) for text in texts),
        model="tiny",
        timings=Timings(20.0, 30.0, 40.0),
        sync=SYNC if origin is Origin.MODEL else None,
        num_generated=3,
        reason=None if texts else EmptyReason.NOTHING_TO_SAY,
        origin=origin,
    )


class Desk:
    """A document in which somebody types, and a clock that stands still until it is moved."""

    def __init__(self, text: str = BEFORE) -> None:
        self.now_s = 1000.0
        self.text = text
        self.usage = Usage(lambda: self.now_s)

    def offer(self, *texts: str, origin: Origin = Origin.MODEL) -> None:
        self.usage.answered("a", len(self.text), suggestion(*texts, origin=origin))

    def replace(self, start: int, stop: int, text: str) -> None:
        self.usage.edited("a", TextEdit(start, self.text[start:stop], text), self.text)
        self.text = self.text[:start] + text + self.text[stop:]

    def insert(self, text: str) -> None:
        self.replace(len(self.text), len(self.text), text)

    def type(self, text: str) -> None:
        for character in text:
            self.insert(character)

    def delete(self, length: int) -> None:
        self.replace(len(self.text) - length, len(self.text), "")

    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    def count(self, event: Event) -> int:
        return self.usage.look().get(Family.SUGGESTIONS, event)

    def events(self) -> dict[str, int]:
        counted = self.usage.look().counts.get(Family.SUGGESTIONS, {})
        return {name: number for name, number in counted.items() if number}

    def kept(self, look: str) -> tuple[int, int]:
        tally = self.usage.look()
        return tally.get(Family.RETENTION_KEPT, look), tally.get(Family.RETENTION_CHARACTERS, look)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def taken(desk: Desk) -> Desk:
    desk.offer(LINE)
    desk.insert(LINE)
    return desk


def test_all_of_it_inserted_at_once_is_accepted_whole(taken: Desk) -> None:
    assert taken.events() == {"offered": 1, "shown": 1, "accepted": 1, "accepted_whole": 1}
    assert taken.usage.look().get(Family.CHARACTERS, Event.ACCEPTED) == len(LINE)


def test_a_part_that_ends_with_a_word_is_accepted_in_part(desk: Desk) -> None:
    desk.offer(LINE)
    desk.insert("value")
    desk.insert(" * ")
    desk.insert("factor")
    assert (desk.count(Event.ACCEPTED), desk.count(Event.ACCEPTED_WHOLE)) == (1, 1)
    desk.offer("def other(x):")
    desk.insert("def other")
    assert (desk.count(Event.ACCEPTED), desk.count(Event.ACCEPTED_WHOLE)) == (2, 1)


@pytest.mark.parametrize(
    ("suggested", "inserted"),
    [
        (LINE, "val"),  # several keys at once, within a word
        (LINE, "valu"),
        ("if x:", "if "),  # short
        ("() -> None", "()"),  # an editor closes what is opened
        ("\n    return x", "\n    "),  # an editor indents
    ],
)
def test_what_a_key_or_a_few_insert_is_typing(desk: Desk, suggested: str, inserted: str) -> None:
    desk.offer(suggested)
    desk.insert(inserted)
    assert desk.events() == {"offered": 1, "typed_along": 1}


def test_typing_all_of_it_key_by_key_is_no_acceptance(desk: Desk) -> None:
    desk.offer(LINE)
    desk.type(LINE)
    assert desk.events() == {"offered": 1, "typed_along": 1}


def test_what_is_left_is_the_same_suggestion(desk: Desk) -> None:
    """However often the server answers with it."""
    desk.offer(LINE)
    for number in range(1, 6):
        desk.type(LINE[number - 1])
        desk.offer(LINE[number:], origin=Origin.TYPED_ALONG)
    desk.delete(2)
    desk.offer(LINE[3:], origin=Origin.TYPED_ALONG)
    desk.insert(LINE[3:])
    assert desk.count(Event.OFFERED) == 1
    assert desk.count(Event.ACCEPTED_WHOLE) == 1


def test_any_candidate_may_be_accepted(desk: Desk) -> None:
    desk.offer("one(x)", "two(x)")
    desk.insert("two(x)")
    assert desk.count(Event.ACCEPTED_WHOLE) == 1


def test_a_candidate_that_comes_later_may_be_too(desk: Desk) -> None:
    """Asked for explicitly, while the first one is shown."""
    desk.offer("one(x)")
    desk.offer("one(x)", "two(x)")
    desk.insert("two(x)")
    assert desk.events() == {"offered": 1, "shown": 1, "accepted": 1, "accepted_whole": 1}


def test_an_editor_may_replace_the_word_that_was_typed(desk: Desk) -> None:
    desk.type("va")
    desk.offer("lue * factor")
    desk.replace(len(BEFORE), len(desk.text), LINE)
    assert desk.count(Event.ACCEPTED_WHOLE) == 1


def test_an_editor_that_compares_texts_names_another_place() -> None:
    """Before `)x` and after it: inserted at the cursor, the same text begins one further."""
    desk = Desk("f()x")
    desk.usage.answered("a", 2, suggestion(")xyz"))
    desk.replace(4, 4, "yz)x")
    assert desk.text == "f()xyz)x"
    assert desk.count(Event.ACCEPTED_WHOLE) == 1


def test_what_is_typed_elsewhere_takes_it_away(desk: Desk) -> None:
    desk.offer(LINE)
    desk.replace(0, 0, "x")
    desk.insert(LINE)
    assert desk.count(Event.ACCEPTED) == 0


def test_without_a_word_of_the_client_it_is_shown_once_it_has_stood(desk: Desk) -> None:
    desk.offer(LINE)
    desk.wait(SHOWN_AFTER_S / 2)
    desk.insert("other")
    desk.wait(1)
    assert desk.count(Event.SHOWN) == 0
    desk.offer(LINE)
    desk.wait(SHOWN_AFTER_S)
    desk.insert("other")
    assert desk.count(Event.SHOWN) == 1


def test_a_client_that_says_what_it_shows_is_believed(desk: Desk) -> None:
    desk.offer(LINE)
    desk.usage.shown("product = " + LINE)  # its item begins with what was typed
    desk.insert("other")
    desk.offer(LINE)
    desk.wait(1)
    assert desk.count(Event.SHOWN) == 1
    desk.usage.shown("something else")
    assert desk.count(Event.SHOWN) == 1


@pytest.mark.parametrize("is_told_first", [True, False])
def test_a_client_that_says_what_is_taken_is_believed(desk: Desk, *, is_told_first: bool) -> None:
    """Even where it looks like typing, and whether the edit comes before or after."""
    desk.offer("if x:")
    if is_told_first:
        desk.usage.partly_taken("if x:", 2)
    desk.insert("if")
    if not is_told_first:
        desk.usage.partly_taken("if x:", 2)
    assert (desk.count(Event.ACCEPTED), desk.count(Event.ACCEPTED_WHOLE)) == (1, 0)
    desk.wait(31)
    assert desk.kept("30s") == (2, 2)


def test_undone_at_once_it_is_taken_back(taken: Desk) -> None:
    taken.wait(TAKE_BACK_S)
    taken.delete(len(LINE))
    assert taken.count(Event.TAKEN_BACK) == 1
    taken.wait(400)
    assert taken.kept("30s") == (0, 0)


def test_deleted_later_it_is_not_kept(taken: Desk) -> None:
    taken.wait(TAKE_BACK_S + 1)
    taken.delete(len(LINE))
    taken.wait(400)
    assert taken.count(Event.TAKEN_BACK) == 0
    assert taken.kept("30s") == (0, len(LINE))


def test_it_is_looked_at_twice(taken: Desk) -> None:
    """As it was at that time, whenever that is found out."""
    taken.wait(5)
    taken.replace(0, 0, "# before\n")
    taken.delete(len("factor"))
    taken.insert("other")
    taken.wait(26)
    taken.delete(len("value * other"))
    taken.wait(300)
    left = len("value * ")
    assert taken.kept("30s") == (left, len(LINE))
    assert taken.kept("5min") == (0, len(LINE))
    tally = taken.usage.look()
    assert [tally.get(Family.RETENTION_PIECES, look) for look in LOOKS_S] == [1, 1]
    assert [tally.get(Family.RETENTION_WHOLE, look) for look in LOOKS_S] == [0, 0]


def test_nothing_is_looked_at_before_its_time(taken: Desk) -> None:
    taken.wait(29)
    assert taken.kept("30s") == (0, 0)
    taken.wait(1)
    assert (taken.kept("30s"), taken.kept("5min")) == ((14, 14), (0, 0))


def test_a_closed_document_is_followed_no_longer(taken: Desk) -> None:
    taken.wait(31)
    taken.usage.closed("a")
    taken.wait(400)
    assert taken.kept("30s") == (14, 14)
    assert taken.kept("5min") == (0, 0)
    assert taken.count(Event.UNFOLLOWED) == 1


def test_memory_is_bounded(desk: Desk) -> None:
    for _ in range(MOST_PIECES + 1):
        desk.offer("line\n")
        desk.insert("line\n")
    assert desk.count(Event.UNFOLLOWED) == 1
    for number in range(MOST_DOCUMENTS):
        desk.usage.answered(f"other {number}", 0, suggestion(LINE))
    assert desk.count(Event.UNFOLLOWED) == 1 + MOST_PIECES
    assert len(desk.usage._documents) == MOST_DOCUMENTS


def test_nothing_is_held_once_all_is_known(taken: Desk) -> None:
    taken.wait(301)
    taken.usage.look()
    assert not taken.usage._documents


def test_no_text_is_kept_of_what_was_taken(taken: Desk) -> None:
    [document] = taken.usage._documents.values()
    assert document.offer is None
    assert LINE not in repr([vars(piece.text) for piece in document.pieces])


def test_answers_are_counted_with_what_they_cost(desk: Desk) -> None:
    veto = Veto(SiteKind.MEMBER, "value", "typo", "type", "double", 1.0)
    guided = suggestion(LINE)
    guided = Suggestion(
        **{
            **{name: getattr(guided, name) for name in guided.__dataclass_fields__},
            "guidance": GuidanceReport((veto,), num_sites=2, num_answered=1, waited_ms=5.0),
        }
    )
    desk.usage.answered("a", 0, guided)
    desk.offer("rest", origin=Origin.TYPED_ALONG)
    desk.offer()
    desk.usage.synced(SYNC)
    tally = desk.usage.look()
    assert tally.counts[Family.ANSWERS] == {"model": 1, "typed_along": 1}
    assert tally.counts[Family.EMPTY_ANSWERS] == {"nothing-to-say": 1}
    tokens = {"kept": 21, "moved": 6, "encoded": 3, "generated": 6}  # two answers and a sync
    assert tally.counts[Family.TOKENS] == tokens
    assert tally.counts[Family.MONITORS] == {"vetoes": 1, "asked": 2, "answered": 1}
    assert {stage: each.count for stage, each in tally.latencies.items()} == {
        Stage.TOTAL: 2,
        Stage.SYNC: 2,
        Stage.FIRST_TOKEN: 2,
        Stage.ANALYSIS: 1,
        Stage.REUSED: 1,
    }


def test_an_answer_that_came_too_late_takes_nothing_away(desk: Desk) -> None:
    desk.offer(LINE)
    late: Callable[..., Suggestion] = Suggestion
    desk.usage.answered(
        "a", 0, late((), "", Timings(0, 0, 0), None, 0, reason=EmptyReason.SUPERSEDED)
    )
    desk.insert(LINE)
    assert desk.count(Event.ACCEPTED_WHOLE) == 1


def test_what_is_forced_alone_is_no_suggestion(desk: Desk) -> None:
    desk.usage.answered("a", len(desk.text), suggestion("value"), forced="value")
    assert desk.events() == {}
