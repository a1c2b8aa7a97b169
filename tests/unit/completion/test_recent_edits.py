"""Where somebody wrote of late."""

from completion.context.recent_edits import CAPACITY, LINES_AROUND, RecentEdits
from completion.document import Document

LINES = [f"line {number}" for number in range(40)]
TEXT = "\n".join(LINES)


def document(name: str, text: str = TEXT) -> Document:
    return Document(name, "python", 1, text)


def write(edits: RecentEdits, before: Document, line: int, text: str) -> Document:
    """Insert text at the start of a line."""
    at = len("\n".join(before.text.split("\n")[:line])) + (line > 0)
    after = before.edited(at, at, text, before.version + 1)
    edits.follow(before, after)
    return after


def places(edits: RecentEdits, name: str = "elsewhere") -> list[tuple[str, int]]:
    return [(other, chunk.start_line) for other, chunk in edits.elsewhere(name)]


def test_an_edit_is_remembered_with_the_lines_around_it() -> None:
    edits = RecentEdits()
    write(edits, document("a"), 20, "new ")
    ((name, chunk),) = edits.elsewhere("b")
    assert (name, chunk.start_line) == ("a", 20 - LINES_AROUND)
    lines = chunk.text.split("\n")
    assert lines[LINES_AROUND] == "new line 20"
    assert len(lines) == 2 * LINES_AROUND + 1


def test_the_document_itself_is_no_other_place() -> None:
    edits = RecentEdits()
    write(edits, document("a"), 20, "new ")
    assert places(edits, "a") == []


def test_typing_on_is_one_place_and_the_last_place_comes_first() -> None:
    edits = RecentEdits()
    a = write(edits, document("a"), 20, "n")
    a = write(edits, a, 20, "ew")
    write(edits, a, 23, "near ")
    write(edits, document("b"), 5, "other ")
    assert places(edits) == [("b", 0), ("a", 23 - LINES_AROUND)]


def test_a_place_moves_with_edits_above_it() -> None:
    edits = RecentEdits()
    a = write(edits, document("a"), 30, "new ")
    write(edits, a, 2, "one\ntwo\nthree\n")
    assert places(edits) == [("a", 0), ("a", 33 - LINES_AROUND)]
    assert "new line 30" in [chunk.text for _, chunk in edits.elsewhere("b")][1]


def test_a_place_that_was_replaced_is_gone() -> None:
    edits = RecentEdits()
    a = write(edits, document("a"), 30, "new ")
    edits.follow(a, document("a", "all is new"))
    assert [chunk.text for _, chunk in edits.elsewhere("b")] == ["all is new"]


def test_old_places_and_closed_documents_are_forgotten() -> None:
    edits = RecentEdits()
    for number in range(CAPACITY + 2):
        write(edits, document(f"d{number}"), 5, "new ")
    assert len(places(edits)) == CAPACITY
    edits.close(f"d{CAPACITY}")
    assert f"d{CAPACITY}" not in dict(places(edits))
    assert len(places(edits)) == CAPACITY - 1
