"""Positions as language servers count them, against Python's own codecs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.host.positions import position_at

TEXTS = st.text(alphabet="ab\n\r😀é\u2028\x0c", max_size=20)


@pytest.mark.parametrize(("encoding", "unit"), [("utf-8", 1), ("utf-16", 2), ("utf-32", 4)])
@given(text=TEXTS, data=st.data())
def test_character_counts_units_since_the_line_began(
    encoding: str, unit: int, text: str, data: st.DataObject
) -> None:
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n":
        return  # between the two, there is no position
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    line = before.rpartition("\n")[2]
    codec = encoding if unit == 1 else f"{encoding}-le"
    assert position_at(text, offset, encoding) == {
        "line": before.count("\n"),
        "character": len(line.encode(codec)) // unit,
    }


def test_half_a_surrogate_pair_is_no_obstacle() -> None:
    assert position_at("\ud83d.", 2, "utf-16") == {"line": 0, "character": 2}
