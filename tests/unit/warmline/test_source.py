"""A place in a file: what is right, and what the sentence says when it is not."""

from pathlib import Path

import pytest

from warmline.errors import UsageError, WorkError
from warmline.source import Place, line_bounds, offset_of, parse_place, read_source


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a.py:3:7", "a.py"),
        ("/x/y z.py:3:7", "/x/y z.py"),
        ("C:\\code\\a.py:3:7", "C:\\code\\a.py"),
        ("odd:1:2.py:3:7", "odd:1:2.py"),
    ],
)
def test_a_place_is_the_last_two_numbers(text: str, path: str) -> None:
    """Colons may stand in file names, and do on Windows."""
    assert parse_place(text) == Place(Path(path), 3, 7)


@pytest.mark.parametrize("text", ["a.py", "a.py:3", "a.py:x:1", "a.py:1:-1", ":1:1", ""])
def test_a_file_without_a_position_is_told_the_form(text: str) -> None:
    with pytest.raises(UsageError, match="FILE:LINE:COLUMN"):
        parse_place(text)


@pytest.mark.parametrize("text", ["a.py:0:1", "a.py:1:0"])
def test_positions_begin_at_one(text: str) -> None:
    with pytest.raises(UsageError, match="begin at 1"):
        parse_place(text)


TEXT = "ab\r\n🦊é\n\nlast"


@pytest.mark.parametrize(
    ("line", "column", "offset"),
    [(1, 1, 0), (1, 3, 2), (2, 1, 4), (2, 2, 5), (2, 3, 6), (3, 1, 7), (4, 5, 12)],
)
def test_columns_count_characters_up_to_one_past_the_end(
    line: int, column: int, offset: int
) -> None:
    """Characters beyond the basic plane count as one; line endings are no columns."""
    assert offset_of(TEXT, Place(Path("a"), line, column)) == offset


def test_a_column_outside_is_told_the_last_one() -> None:
    with pytest.raises(UsageError, match="no column 4: the last is 3"):
        offset_of(TEXT, Place(Path("a"), 2, 4))


def test_a_line_outside_is_told_how_many_there_are() -> None:
    with pytest.raises(UsageError, match="no line 9: its last line is 4"):
        offset_of(TEXT, Place(Path("a"), 9, 1))


def test_an_empty_file_has_one_place() -> None:
    assert offset_of("", Place(Path("a"), 1, 1)) == 0


def test_only_the_protocols_line_endings_end_lines() -> None:
    """Form feeds and U+2028 do not, as in editors, though `str.splitlines` thinks so."""
    assert line_bounds("a\fb\u2028c\rd\n") == [(0, 5), (6, 7), (8, 8)]


def test_line_endings_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a\r\nb\rc\n")
    assert read_source(path) == "a\r\nb\rc\n"


def test_the_first_wrong_byte_is_named(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes(b"caf\xe9\n")
    with pytest.raises(WorkError, match="byte 3 is 0xe9"):
        read_source(path)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        read_source(tmp_path)
    with pytest.raises(UsageError, match="there is no file"):
        read_source(tmp_path / "nothing.py")
    with pytest.raises(WorkError, match="cannot be read"):
        read_source(tmp_path / ("long" * 100))
    with pytest.raises(UsageError, match="cannot be the name"):
        read_source(Path("nul\0.py"))


def test_a_file_that_may_never_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warmline.source.MAX_SOURCE_BYTES", 1000)
    with pytest.raises(WorkError, match="more than 1000 bytes"):
        read_source(Path("/dev/zero"))
