"""`textDocument/didOpen`, `didChange` and `didClose`."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from lsprotocol.types import (
    DidChangeTextDocumentParams,
    DidCloseTextDocumentParams,
    DidOpenTextDocumentParams,
)

from completion.document_names import path_of
from completion.reasons import sentence_for
from completion.types import EmptyReason
from completion.usage.usage import Usage
from lsp_server.documents import OpenDocuments
from lsp_server.session_keeper import SessionKeeper
from lsp_server.suggesting import Suggester

logger = logging.getLogger(__name__)


class TextSync:
    """Follows the editor's documents and passes them on; returns before anything else is done."""

    def __init__(
        self,
        documents: OpenDocuments,
        keeper: SessionKeeper,
        suggester: Suggester,
        usage: Usage,
        tell: Callable[[str], None],
    ) -> None:
        self._documents = documents
        self._keeper = keeper
        self._suggester = suggester
        self._usage = usage
        self._tell = tell

    def open(self, params: DidOpenTextDocumentParams) -> None:
        """Take in a document."""
        self._suggester.supersede(params.text_document.uri)
        self._usage.closed(params.text_document.uri)  # as it was, where it was open already
        document = self._documents.open(params.text_document)
        if session := self._keeper.session:
            session.completer.open(document)

    def change(self, params: DidChangeTextDocumentParams) -> None:
        """Apply edits. A request that is under way is too late now and is ended."""
        uri = params.text_document.uri
        opened = self._documents.get(uri)
        if opened is None:
            logger.warning("An edit of %s is ignored: it is not open.", uri)
            return
        self._suggester.supersede(uri)
        hear = partial(self._usage.edited, uri)
        cursor = opened.apply(params.content_changes, params.text_document.version, hear)
        if opened.is_out_of_step:
            return
        if session := self._keeper.session:
            session.completer.change(opened.document, cursor)

    def lose(self, params: Any) -> None:
        """Hear of an edit that cannot be read: from here on the editor's text is not known.

        Until a whole text comes no edit is passed on and nothing is suggested, since an edit
        of another text than the editor's would lead further away from it.
        """
        uri = _uri_of(params)
        opened = self._documents.get(uri)
        if opened is None or opened.is_out_of_step:
            return
        opened.is_out_of_step = True
        self._suggester.supersede(uri)
        name = PurePosixPath(path_of(uri)).name
        self._tell(f"No suggestions in {name}: {sentence_for(EmptyReason.OUT_OF_STEP)}")

    def close(self, params: DidCloseTextDocumentParams) -> None:
        """Forget a document."""
        uri = params.text_document.uri
        self._suggester.supersede(uri)
        self._usage.closed(uri)
        if self._documents.close(uri) and (session := self._keeper.session):
            session.completer.close(uri)


def _uri_of(params: Any) -> str:
    """Return which document wrong parameters speak of; empty where they do not say."""
    document = params.get("textDocument") if isinstance(params, Mapping) else None
    uri = document.get("uri") if isinstance(document, Mapping) else None
    return uri if isinstance(uri, str) else ""
