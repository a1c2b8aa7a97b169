"""Positions that are nowhere, and texts in which counting goes wrong, in every encoding."""

from typing import Any

import pytest
from lsp_editor import Editor, edit, span

A = "file:///a.py"
LAST = 2**31 - 1
"""The largest number that the protocol has."""

ENCODINGS = ("utf-8", "utf-16", "utf-32")
WIDTHS = {"utf-8": 4, "utf-16": 2, "utf-32": 1}
"""Of an emoji, in units of each encoding."""


async def opened_in(editor: Editor, encoding: str, text: str) -> None:
    await editor.initialize({"general": {"positionEncodings": [encoding]}})
    editor.open(A, text)


async def text_after(editor: Editor, *changes: dict[str, Any]) -> str:
    editor.change(A, 2, *changes)
    await editor.settle()
    text: str = editor.backend.completer.documents[A].text
    return text


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("line", "character", "end"),
    [
        (0, LAST, (0, 1)),  # past the end of a line, whose break does not count
        (1, LAST, (1, 3)),
        (2, LAST, (2, 7)),
        (3, 0, (2, 7)),  # past the last line
        (LAST, LAST, (2, 7)),
    ],
)
async def test_past_the_end_is_at_the_end(
    editor: Editor, encoding: str, line: int, character: int, end: tuple[int, int]
) -> None:
    """Of the line, or of the text. The answer says where that is."""
    await opened_in(editor, encoding, "\U0001f600\r\n\r\nxy")
    (item,) = await editor.inline(A, line, character)
    end_line, offset = end
    end_character = (WIDTHS[encoding], 0, 2)[end_line]
    assert item["range"] == span(end_line, end_character, end_character)
    assert editor.backend.completer.requests[-1][1] == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_an_edit_past_the_end_is_made_at_the_end(editor: Editor, encoding: str) -> None:
    await opened_in(editor, encoding, "\U0001f600\r\nb")
    whole_line = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": LAST}}
    changes = edit(LAST, LAST, LAST, "!"), {"range": whole_line, "text": "a"}
    assert await text_after(editor, *changes) == "a\r\nb!"


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_inside_a_character_is_before_it(editor: Editor, encoding: str) -> None:
    """As in the middle of a surrogate pair, where nothing can be written."""
    await opened_in(editor, encoding, "a\U0001f600b")
    width = WIDTHS[encoding]
    for inside in range(1, width):
        (item,) = await editor.inline(A, 0, 1 + inside)
        assert item["range"] == span(0, 1, 1)
        assert editor.backend.completer.requests[-1][1] == 1
    (item,) = await editor.inline(A, 0, 1 + width)
    assert item["range"] == span(0, 1 + width, 1 + width)
    assert editor.backend.completer.requests[-1][1] == 2


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_an_edit_inside_a_character_leaves_it_whole(editor: Editor, encoding: str) -> None:
    await opened_in(editor, encoding, "a\U0001f600b")
    inside = WIDTHS[encoding]  # one unit short of its end; in UTF-32 that is its beginning
    assert await text_after(editor, edit(0, inside, inside, "x")) == "ax\U0001f600b"


async def test_half_a_surrogate_pair_is_written_as_one_replaced_unit(editor: Editor) -> None:
    """A client may send a pair in two edits; neither half is text."""
    await opened_in(editor, "utf-16", "ab")
    halves = edit(0, 1, 1, "\ud83d"), edit(0, 2, 2, "\ude00"), edit(0, 3, 3, "!")
    assert await text_after(editor, *halves) == "a\ufffd\ufffd!b"


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_a_byte_order_mark_in_a_text_is_a_character_of_it(
    editor: Editor, encoding: str
) -> None:
    """Editors that take it off a file do not send it; from those that send it, it counts."""
    await opened_in(editor, encoding, "\ufeffx\r\ny")
    width = 3 if encoding == "utf-8" else 1
    (item,) = await editor.inline(A, 0, width)
    assert item["range"] == span(0, width, width)
    assert await text_after(editor, edit(0, 0, width, "")) == "x\r\ny"


@pytest.mark.parametrize("line_break", ["\r\n", "\r", "\n"])
async def test_each_kind_of_line_break_ends_a_line(editor: Editor, line_break: str) -> None:
    await opened_in(editor, "utf-16", f"a{line_break}b{line_break}")
    assert await text_after(editor, edit(1, 0, 1, "c"), edit(2, 0, 0, "d")) == (
        f"a{line_break}c{line_break}d"
    )


async def test_a_line_break_may_be_parted_and_joined(editor: Editor) -> None:
    """Behind the carriage return is inside the break, so the end of the line; until it is alone."""
    await opened_in(editor, "utf-16", "a\r\nb")
    joined = {"start": {"line": 0, "character": 1}, "end": {"line": 1, "character": 0}}
    changes = {"range": joined, "text": "\r"}, edit(1, 0, 0, "\n"), edit(1, 0, 1, "c")
    assert await text_after(editor, *changes) == "a\r\nc"


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x0c", "\x0b", "\x85"])
async def test_nothing_else_ends_a_line(editor: Editor, separator: str) -> None:
    await opened_in(editor, "utf-16", f"a{separator}b\nc")
    assert await text_after(editor, edit(0, 2, 3, "x"), edit(1, 0, 1, "y")) == f"a{separator}x\ny"


@pytest.mark.parametrize("character", [-1, 2**31, None, {}])
async def test_a_position_that_is_no_position_is_no_edit(editor: Editor, character: Any) -> None:
    await opened_in(editor, "utf-16", "ab")
    assert await text_after(editor, edit(0, character, 1, "x")) == "ab"
