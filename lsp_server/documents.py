"""The open documents, following the editor's edits."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lsprotocol.types import (
    LanguageKind,
    Position,
    Range,
    TextDocumentContentChangeEvent,
    TextDocumentContentChangePartial,
    TextDocumentItem,
)

from completion.document import Document
from completion.types import EmptyReason
from completion.usage.edits import TextEdit
from lsp_server.lines import LineIndex
from lsp_server.positions import PositionCodec

logger = logging.getLogger(__name__)

SMALL_EDIT_CHARACTERS = 200
"""An edit of at most this many characters is taken for typing, not for a paste or a format."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class OpenDocument:
    """One document as the editor has it now."""

    def __init__(self, document: Document, codec: PositionCodec) -> None:
        self._document = document
        self._codec = codec
        self._lines = LineIndex(document.text)
        self.is_out_of_step = False
        """An edit was lost: what is here may be another text than the editor's."""

    @property
    def document(self) -> Document:
        """The present state; later edits leave it alone."""
        return self._document

    def offset(self, position: Position) -> int:
        """Return the offset of an editor's position, in code points, moved inside if need be."""
        return self._codec.offset(position, self._document.text, self._lines)

    def position(self, offset: int) -> Position:
        """Return the editor's position of `offset`."""
        return self._codec.position(offset, self._document.text, self._lines)

    def text_between(self, start: int, stop: int) -> str:
        """Return the text in `[start, stop)`."""
        return self._document.text[start:stop]

    def apply(
        self,
        changes: Sequence[TextDocumentContentChangeEvent],
        version: int,
        hear: Callable[[TextEdit, str], None] = lambda _edit, _before: None,
    ) -> int | None:
        """Apply the changes of one notification, each to the result of the one before.

        Args:
            changes: By range, or of the whole text.
            version: Of the document once they are applied.
            hear: Called with each edit and the whole text before it.

        Returns:
            Where the cursor probably is now: just behind what one small edit inserted. None
            where nothing can be said.
        """
        cursor = None
        self._document = replace(self._document, version=version)
        for change in changes:
            cursor = self._apply_one(change, version, hear)
        return cursor if len(changes) == 1 else None

    def _apply_one(
        self,
        change: TextDocumentContentChangeEvent,
        version: int,
        hear: Callable[[TextEdit, str], None],
    ) -> int | None:
        text, before = without_lone_surrogates(change.text), self._document.text
        if not isinstance(change, TextDocumentContentChangePartial):
            hear(TextEdit(0, before, text), before)
            self._document = self._document.edited(0, len(before), text, version)
            self._lines = LineIndex(text)
            self.is_out_of_step = False
            return None
        start, stop = self._offsets(change.range)
        hear(TextEdit(start, before[start:stop], text), before)
        self._document = self._document.edited(start, stop, text, version)
        self._lines.follow(self._document.text, start, stop, len(text))
        is_small = max(stop - start, len(text)) <= SMALL_EDIT_CHARACTERS
        return start + len(text) if is_small else None

    def _offsets(self, place: Range) -> tuple[int, int]:
        start, stop = sorted((self.offset(place.start), self.offset(place.end)))
        return start, stop


class OpenDocuments:
    """All documents the editor has open, by URI."""

    def __init__(self, codec: PositionCodec) -> None:
        self._codec = codec
        self._open: dict[str, OpenDocument] = {}

    def __iter__(self) -> Iterator[Document]:
        return (opened.document for opened in list(self._open.values()))

    def get(self, uri: str) -> OpenDocument | None:
        """Return the document, or None when it is not open."""
        return self._open.get(uri)

    def followed(self, uri: str) -> "OpenDocument | EmptyReason":
        """Return the document, or why its text is not known."""
        opened = self._open.get(uri)
        if opened is None:
            return EmptyReason.UNKNOWN_DOCUMENT
        return EmptyReason.OUT_OF_STEP if opened.is_out_of_step else opened

    def open(self, item: TextDocumentItem) -> Document:
        """Take in a document; one that was open already starts anew."""
        text = without_lone_surrogates(item.text)
        document = Document(item.uri, _language(item), item.version, text)
        self._open[item.uri] = OpenDocument(document, self._codec)
        return document

    def close(self, uri: str) -> bool:
        """Forget a document; False when it was not open."""
        return self._open.pop(uri, None) is not None


def _language(item: TextDocumentItem) -> str:
    language = item.language_id
    return language.value if isinstance(language, LanguageKind) else language


def without_lone_surrogates(text: str) -> str:
    """Replace what JSON can say but Unicode text cannot hold.

    Half a surrogate pair counts one UTF-16 unit, and so does U+FFFD, so positions stay right.
    """
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)
