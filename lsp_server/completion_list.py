"""`textDocument/completion`: suggestions for editors that cannot show them in the text."""

import re

from lsprotocol.types import (
    CompletionItem,
    CompletionItemKind,
    CompletionList,
    CompletionParams,
    InsertTextFormat,
    Range,
    TextEdit,
)

from completion.reasons import sentence_for
from completion.types import CompletionOptions, EmptyReason
from lsp_server.documents import OpenDocument, OpenDocuments
from lsp_server.suggesting import Suggester

_LABEL_CHARACTERS = 60
_WORD_BEFORE = re.compile(r"\w*\Z")


class CompletionLists:
    """Answers with lists that are never complete, so that the editor asks again."""

    def __init__(
        self,
        documents: OpenDocuments,
        suggester: Suggester,
        *,
        is_offered: bool,
        is_debounced: bool,
    ) -> None:
        self._documents = documents
        self._suggester = suggester
        self._is_offered = is_offered
        self._options = CompletionOptions(is_debounced=is_debounced)

    async def answer(self, params: CompletionParams) -> CompletionList:
        """Suggest what comes at the cursor."""
        if not self._is_offered:
            return CompletionList(is_incomplete=False, items=[])
        uri = params.text_document.uri
        opened = self._documents.followed(uri)
        if isinstance(opened, EmptyReason):
            self._suggester.remember(uri, opened, sentence_for(opened))
            return CompletionList(is_incomplete=True, items=[])
        offset = opened.offset(params.position)
        word_start = _word_start(opened, offset)
        place = Range(opened.position(word_start), opened.position(offset))
        word = opened.text_between(word_start, offset)
        suggestion = await self._suggester.suggest(uri, offset, self._options)
        texts = [candidate.text for candidate in suggestion.candidates]
        items = [_item(place, word, text) for text in texts if not text.isspace()]
        return CompletionList(is_incomplete=True, items=self._suggester.send_off(uri, items))


def _word_start(opened: OpenDocument, offset: int) -> int:
    """Return where the word that ends at `offset` begins."""
    before = opened.text_between(max(offset - 100, 0), offset)
    found = _WORD_BEFORE.search(before)
    return offset - (len(found.group()) if found else 0)


def _item(place: Range, word: str, text: str) -> CompletionItem:
    """Make an entry that replaces the word being typed, so that editors match it by that word."""
    lines = text.strip().splitlines()
    return CompletionItem(
        label=_label(word + lines[0] if not text[0].isspace() else lines[0]),
        kind=CompletionItemKind.Snippet if len(lines) > 1 else CompletionItemKind.Text,
        detail="Warmline",
        documentation=word + text if len(lines) > 1 else None,
        filter_text=word or None,
        text_edit=TextEdit(range=place, new_text=word + text),
        insert_text_format=InsertTextFormat.PlainText,
    )


def _label(line: str) -> str:
    return line if len(line) <= _LABEL_CHARACTERS else line[: _LABEL_CHARACTERS - 1] + "…"
