"""Positions and incremental edits agree with Python's own encoders, in all three encodings.

The oracle knows nothing of the code under test: it splits the whole text into lines each time
and measures every position by encoding the text in front of it.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from lsprotocol.types import (
    Position,
    Range,
    TextDocumentContentChangePartial,
    TextDocumentContentChangeWholeDocument,
    TextDocumentItem,
)

from lsp_server.documents import OpenDocument, OpenDocuments
from lsp_server.encoding import PositionEncoding, negotiate_encoding
from lsp_server.lines import LineIndex
from lsp_server.positions import PositionCodec
from tests.contracts.position_oracle import (
    ALPHABET,
    ENCODERS,
    is_inside_line_break,
    oracle_offset,
    oracle_position,
    oracle_starts,
)

texts = st.text(st.sampled_from(ALPHABET), max_size=12)
encodings = st.sampled_from(list(ENCODERS))


@given(st.text(), encodings)
def test_every_place_has_a_position_and_comes_back(text: str, encoding: PositionEncoding) -> None:
    codec, lines = PositionCodec(encoding), LineIndex(text)
    for offset in range(len(text) + 1):
        if not is_inside_line_break(text, offset):
            position = codec.position(offset, text, lines)
            assert position == oracle_position(text, offset, encoding)
            assert codec.offset(position, text, lines) == offset


@given(texts, encodings, st.integers(0, 20), st.integers(0, 60))
def test_any_position_means_the_last_place_not_past_it(
    text: str, encoding: PositionEncoding, line: int, character: int
) -> None:
    """So also past the end of a line, past the end of the text, and inside a character."""
    position = Position(line, character)
    offset = PositionCodec(encoding).offset(position, text, LineIndex(text))
    assert offset == oracle_offset(text, position, encoding)


def test_a_position_inside_a_surrogate_pair_means_its_start() -> None:
    text = "a\U0001f600b"
    codec = PositionCodec(PositionEncoding.UTF16)
    offsets = [codec.offset(Position(0, unit), text, LineIndex(text)) for unit in range(5)]
    assert offsets == [0, 1, 1, 2, 3]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([], "utf-16"),
        (["utf-7"], "utf-16"),
        (["utf-16", "utf-8"], "utf-16"),
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-8", "utf-16", "utf-32"], "utf-32"),
    ],
)
def test_code_points_are_preferred_and_utf_16_is_the_default(
    offered: list[str], chosen: str
) -> None:
    assert negotiate_encoding(offered).value == chosen


class EditedDocument(RuleBasedStateMachine):
    """Random edits keep the document equal to a string edited by slicing."""

    encoding: PositionEncoding
    text: str
    version: int
    opened: OpenDocument

    @initialize(text=texts, encoding=encodings)
    def open(self, text: str, encoding: PositionEncoding) -> None:
        self.encoding, self.text, self.version = encoding, text, 1
        documents = OpenDocuments(PositionCodec(encoding))
        documents.open(TextDocumentItem("file:///a", "python", 1, text))
        opened = documents.get("file:///a")
        assert opened is not None
        self.opened = opened

    @rule(data=st.data(), inserted=texts)
    def edit(self, data: st.DataObject, inserted: str) -> None:
        start, stop = sorted(data.draw(st.tuples(self._places(), self._places())))
        self._send(start, stop, inserted)
        self.text = self.text[:start] + inserted + self.text[stop:]

    @rule(data=st.data(), first=texts, second=texts)
    def edit_twice_at_once(self, data: st.DataObject, first: str, second: str) -> None:
        changes = []
        for inserted in (first, second):
            place = data.draw(self._places())
            changes.append(self._change(place, place, inserted))
            self.text = self.text[:place] + inserted + self.text[place:]
        self.version += 1
        assert self.opened.apply(changes, self.version) is None

    @rule(text=texts)
    def replace(self, text: str) -> None:
        self.text = text
        self.version += 1
        change = TextDocumentContentChangeWholeDocument(text)
        assert self.opened.apply([change], self.version) is None

    @rule(
        line=st.integers(0, 30),
        character=st.integers(0, 30),
        inserted=texts,
    )
    def insert_at_any_position(self, line: int, character: int, inserted: str) -> None:
        position = Position(line, character)
        offset = oracle_offset(self.text, position, self.encoding)
        change = TextDocumentContentChangePartial(Range(position, position), inserted)
        self.version += 1
        assert self.opened.apply([change], self.version) == offset + len(inserted)
        self.text = self.text[:offset] + inserted + self.text[offset:]

    @invariant()
    def equals_the_oracle(self) -> None:
        document = self.opened.document
        assert (document.text, document.version) == (self.text, self.version)
        lines = self.opened._lines
        assert [lines.start(line) for line in range(len(lines))] == oracle_starts(self.text)

    def _places(self) -> st.SearchStrategy[int]:
        places = range(len(self.text) + 1)
        return st.sampled_from([p for p in places if not is_inside_line_break(self.text, p)])

    def _change(self, start: int, stop: int, inserted: str) -> TextDocumentContentChangePartial:
        place = Range(
            oracle_position(self.text, start, self.encoding),
            oracle_position(self.text, stop, self.encoding),
        )
        return TextDocumentContentChangePartial(place, inserted)

    def _send(self, start: int, stop: int, inserted: str) -> None:
        self.version += 1
        cursor = self.opened.apply([self._change(start, stop, inserted)], self.version)
        assert cursor == start + len(inserted)


EditedDocument.TestCase.settings = settings(max_examples=100, stateful_step_count=30)
TestEditedDocument = EditedDocument.TestCase
