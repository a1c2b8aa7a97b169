"""`textDocument/didOpen`, `didChange` and `didClose`."""

import logging
from functools import partial

from lsprotocol.types import (
    DidChangeTextDocumentParams,
    DidCloseTextDocumentParams,
    DidOpenTextDocumentParams,
)

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
    ) -> None:
        self._documents = documents
        self._keeper = keeper
        self._suggester = suggester
        self._usage = usage

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
        if session := self._keeper.session:
            session.completer.change(opened.document, cursor)

    def close(self, params: DidCloseTextDocumentParams) -> None:
        """Forget a document."""
        uri = params.text_document.uri
        self._suggester.supersede(uri)
        self._usage.closed(uri)
        if self._documents.close(uri) and (session := self._keeper.session):
            session.completer.close(uri)
