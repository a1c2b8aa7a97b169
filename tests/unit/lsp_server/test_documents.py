"""Open documents: guesses of the cursor, odd text, large text."""

import pytest
from lsprotocol.types import (
    Position,
    PositionEncodingKind,
    Range,
    TextDocumentContentChangePartial,
    TextDocumentItem,
)

from lsp_server.documents import SMALL_EDIT_CHARACTERS, OpenDocument, OpenDocuments
from lsp_server.positions import PositionCodec

URI = "file:///a.py"


def opened_with(text: str, language: str = "python") -> OpenDocument:
    documents = OpenDocuments(PositionCodec(PositionEncodingKind.Utf16))
    documents.open(TextDocumentItem(URI, language, 1, text))
    opened = documents.get(URI)
    assert opened is not None
    return opened


def change(line: int, start: int, stop: int, text: str) -> TextDocumentContentChangePartial:
    return TextDocumentContentChangePartial(
        Range(Position(line, start), Position(line, stop)), text
    )


def test_after_typing_the_cursor_is_behind_what_was_typed() -> None:
    assert opened_with("ab\ncd").apply([change(1, 1, 1, "xy")], 2) == 6


def test_after_deleting_the_cursor_is_where_the_text_was() -> None:
    assert opened_with("ab\ncd").apply([change(1, 0, 2, "")], 2) == 3


def test_a_paste_says_nothing_about_the_cursor() -> None:
    pasted = "x" * (SMALL_EDIT_CHARACTERS + 1)
    opened = opened_with("ab")
    assert opened.apply([change(0, 1, 1, pasted)], 2) is None
    assert opened.document.text == f"a{pasted}b"


def test_deleting_much_says_nothing_about_the_cursor() -> None:
    size = SMALL_EDIT_CHARACTERS + 1
    assert opened_with("x" * size).apply([change(0, 0, size, "")], 2) is None


def test_a_reversed_range_is_read_as_it_is_meant() -> None:
    opened = opened_with("abcd")
    opened.apply([change(0, 3, 1, "-")], 2)
    assert opened.document.text == "a-d"


@pytest.mark.parametrize("language", ["python", "a-language-nobody-knows"])
def test_the_language_is_what_the_editor_says(language: str) -> None:
    assert opened_with("", language).document.language == language


def test_half_a_surrogate_pair_becomes_a_replacement_character_of_the_same_width() -> None:
    opened = opened_with("a\ud83db")
    opened.apply([change(0, 2, 2, "\ude00")], 2)
    assert opened.document.text == "a\ufffd\ufffdb"
    opened.document.text.encode()


def test_an_edit_leaves_earlier_snapshots_alone() -> None:
    opened = opened_with("a")
    before = opened.document
    opened.apply([change(0, 1, 1, "b")], 2)
    assert (before.text, before.version) == ("a", 1)


def test_typing_at_one_place_of_a_large_document_touches_no_other_line() -> None:
    """All starts below stay as they are; only their common shift grows."""
    opened = opened_with("line\n" * 100_000)
    opened.apply([change(50_000, 0, 0, "x")], 2)
    below = opened._lines._starts[50_001:].copy()
    opened.apply([change(50_000, 1, 1, "y\n")], 3)
    assert opened._lines._starts[50_002:] == below
    assert opened.offset(Position(99_999, 4)) == 99_998 * 5 + 3 + 4


def test_closing_tells_whether_the_document_was_open() -> None:
    documents = OpenDocuments(PositionCodec(PositionEncodingKind.Utf16))
    documents.open(TextDocumentItem(URI, "python", 1, ""))
    assert documents.close(URI)
    assert not documents.close(URI)
    assert documents.get(URI) is None
