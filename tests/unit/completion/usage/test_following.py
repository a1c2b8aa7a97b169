"""What is left of an inserted text is where a naive count of marked characters says it is."""

from dataclasses import dataclass
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.usage.edits import TextEdit
from completion.usage.following import MOST_COMPARISONS, Change, FollowedText, runs_kept

texts = st.text("ab \n", max_size=5)


class Cell(NamedTuple):
    """One character, and whether it was part of the text that is followed."""

    character: str
    is_followed: bool


@dataclass
class Oracle:
    """A document as single characters, each of which knows where it comes from."""

    cells: list[Cell]

    @property
    def text(self) -> str:
        return "".join(cell.character for cell in self.cells)

    @property
    def places(self) -> list[int]:
        return [place for place, cell in enumerate(self.cells) if cell.is_followed]

    def apply(self, edit: TextEdit) -> None:
        old = self.cells[edit.start : edit.old_stop]
        new = [Cell(character, is_followed=False) for character in edit.inserted]
        for run in runs_kept(edit) or []:
            new[run.new : run.new + run.length] = old[run.old : run.old + run.length]
        self.cells[edit.start : edit.old_stop] = new


def places_of(followed: FollowedText) -> list[int]:
    return [place for start, stop in followed.parts for place in range(start, stop)]


@given(st.data(), texts, texts.filter(bool), texts)
def test_it_is_where_a_count_of_single_characters_says(
    data: st.DataObject, before: str, piece: str, after: str
) -> None:
    oracle = Oracle(
        [
            *(Cell(each, is_followed=False) for each in before),
            *(Cell(each, is_followed=True) for each in piece),
            *(Cell(each, is_followed=False) for each in after),
        ]
    )
    followed = FollowedText(len(before), len(piece))
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(oracle.cells)))
        stop = data.draw(st.integers(start, len(oracle.cells)))
        edit = TextEdit(start, oracle.text[start:stop], data.draw(texts)).trimmed()
        oracle.apply(edit)
        assert followed.follow(Change(edit))
        assert places_of(followed) == oracle.places
        assert followed.num_left == len(oracle.places) <= followed.length


@given(texts, texts)
def test_what_was_kept_is_the_same_on_both_sides_and_in_order(removed: str, inserted: str) -> None:
    runs = runs_kept(TextEdit(0, removed, inserted))
    assert runs is not None
    ends = (0, 0)
    for old, new, length in ((run.old, run.new, run.length) for run in runs):
        assert removed[old : old + length] == inserted[new : new + length]
        assert old >= ends[0]
        assert new >= ends[1]
        ends = old + length, new + length
    kept = sum(run.length for run in runs)
    assert not runs or 4 * kept >= len(removed) + len(inserted)


@pytest.mark.parametrize(
    ("inserted", "left"),
    [
        ("x = foo(a, b)", 12),  # a formatter moved a blank
        ("x = fooo( a,b )", 14),  # a letter more
        ("x = foo( a )", 12),  # an argument less
        ("return None", 0),  # something else, with a few letters in common
        ("", 0),
    ],
)
def test_a_small_fix_does_not_lose_the_rest(inserted: str, left: int) -> None:
    """Also where the editor says that the whole line was replaced."""
    text = "x = foo( a,b )"
    followed = FollowedText(0, len(text))
    assert followed.follow(Change(TextEdit(0, text, inserted)))
    assert followed.num_left == left


def test_an_edit_too_large_to_compare_says_so() -> None:
    lines = [f"line {number}\n" for number in range(MOST_COMPARISONS // 50)]
    removed, inserted = "".join(lines), "".join(reversed(lines))
    followed = FollowedText(0, 10)
    assert not followed.follow(Change(TextEdit(0, removed, inserted)))
    assert FollowedText(0, 10).follow(Change(TextEdit(len(removed), "", inserted)))


def test_many_lines_are_compared_line_by_line() -> None:
    lines = [f"value_{number} = compute({number})\n" for number in range(60)]
    changed = [*lines[:30], "new\n", *lines[31:]]
    edit = TextEdit(0, "".join(["old\n", *lines]), "".join(["older\n", *changed]))
    followed = FollowedText(4, len("".join(lines)))
    assert followed.follow(Change(edit))
    assert followed.num_left == followed.length - len(lines[30].rstrip())
