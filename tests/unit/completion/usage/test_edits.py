"""Two edits are the same where they make the same text of the same text."""

from hypothesis import given
from hypothesis import strategies as st

from completion.usage.edits import TextEdit

texts = st.text("ab", max_size=6)


def applied(before: str, edit: TextEdit) -> str:
    return before[: edit.start] + edit.inserted + before[edit.old_stop :]


@given(st.data(), texts, texts)
def test_an_insertion_is_known_by_what_it_makes(
    data: st.DataObject, before: str, text: str
) -> None:
    """The oracle makes both texts and compares them."""
    turned = [text[by:] + text[:by] for by in range(len(text) + 1)]
    other = data.draw(st.one_of(texts, st.sampled_from(turned)))
    place = data.draw(st.integers(0, len(before)))
    edit = TextEdit(data.draw(st.integers(0, len(before))), "", other)
    is_same = applied(before, edit) == applied(before, TextEdit(place, "", text))
    assert edit.inserts(text, place, before) == is_same


@given(st.data(), texts.filter(bool))
def test_so_is_a_removal(data: st.DataObject, before: str) -> None:
    length = data.draw(st.integers(1, len(before)))
    start, other = (data.draw(st.integers(0, len(before) - length)) for _ in range(2))
    edit = TextEdit(start, before[start : start + length], "")
    alike = TextEdit(other, before[other : other + length], "")
    is_same = applied(before, edit) == applied(before, alike)
    assert edit.removes(other, other + length, before) == is_same


@given(st.data(), texts, texts)
def test_trimming_changes_nothing_but_the_words(
    data: st.DataObject, before: str, inserted: str
) -> None:
    start = data.draw(st.integers(0, len(before)))
    stop = data.draw(st.integers(start, len(before)))
    edit = TextEdit(start, before[start:stop], inserted)
    trimmed = edit.trimmed()
    assert applied(before, trimmed) == applied(before, edit)
    assert trimmed.growth == edit.growth
    assert trimmed.trimmed() == trimmed


def test_what_is_far_away_is_another_edit() -> None:
    """So that a keystroke never costs a look at a whole document of equal characters."""
    assert not TextEdit(0, "", "a").inserts("a", 1000, "a" * 1000)
    assert not TextEdit(0, "a", "").removes(999, 1000, "a" * 1000)
