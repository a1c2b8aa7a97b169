from hypothesis import given
from hypothesis import strategies as st

from completion.difference import Replacement, replacement_between

TEXT = st.text(alphabet="ab\n", max_size=30)


@given(old=TEXT, new=TEXT)
def test_a_replacement_turns_one_text_into_the_other(old: str, new: str) -> None:
    edit = replacement_between(old, new)
    assert old[: edit.start] + new[edit.start : edit.new_stop] + old[edit.old_stop :] == new


@given(before=TEXT, after=TEXT, inserted=TEXT)
def test_an_insertion_is_found_with_its_length(before: str, after: str, inserted: str) -> None:
    edit = replacement_between(before + after, before + inserted + after)
    assert edit.start == edit.old_stop
    assert edit.new_stop - edit.start == len(inserted)


@given(old=TEXT, new=TEXT, data=st.data())
def test_offsets_outside_the_edit_keep_their_text(old: str, new: str, data: st.DataObject) -> None:
    edit = replacement_between(old, new)
    offset = data.draw(st.integers(0, len(old)))
    moved = edit.moved(offset)
    if moved is None:
        assert edit.start < offset < edit.old_stop
    elif offset <= edit.start:
        assert old[:offset] == new[:moved]
    else:
        assert old[offset:] == new[moved:]


def test_same_texts_differ_nowhere() -> None:
    edit = replacement_between("same", "same")
    assert edit == Replacement(4, 4, 4)
    assert edit.moved(2) == 2
