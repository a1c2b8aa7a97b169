"""`textDocument/didOpen`, `didChange` and `didClose`."""

import logging

from lsprotocol.types import (
    DidChangeTextDocumentParams,
    DidCloseTextDocumentParams,
    DidOpenTextDocumentParams,
)

from lsp_server.documents import OpenDocuments
from lsp_server.session_keeper import SessionKeeper
from lsp_server.suggesting import Suggester

logger = logging.getLogger(__name__)


class TextSync:
    """Follows the editor's documents and passes them on; returns before anything else is done."""

    def __init__(
        self, documents: OpenDocuments, keeper: SessionKeeper, suggester: Suggester
    ) -> None:
        self._documents = documents
        self._keeper = keeper
        self._suggester = suggester

    def open(self, params: DidOpenTextDocumentParams) -> None:
        """Take in a document."""
        self._suggester.supersede(params.text_document.uri)
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
        cursor = opened.apply(params.content_changes, params.text_document.version)
        if session := self._keeper.session:
            session.completer.change(opened.document, cursor)

    def close(self, params: DidCloseTextDocumentParams) -> None:
        """Forget a document."""
        uri = params.text_document.uri
        self._suggester.supersede(uri)
        if self._documents.close(uri) and (session := self._keeper.session):
            session.completer.close(uri)
