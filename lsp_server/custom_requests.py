"""The server's own requests, described in docs/protocol.md. All answers are plain JSON."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lsprotocol.types import LSPErrorCodes, Position
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from completion.context.repositories import RepositoryStatus
from completion.suggestion_json import suggestion_json
from completion.usage.prometheus import CONTENT_TYPE, exposition
from completion.usage.summary import summary
from completion.usage.usage import Usage
from engine.client.base import EngineClient
from engine.errors import EngineError
from engine.protocol.messages import PROTOCOL_VERSION
from lsp_server.documents import OpenDocuments
from lsp_server.ports import AnalysisPort
from lsp_server.session_keeper import SessionKeeper
from lsp_server.suggesting import Suggester

logger = logging.getLogger(__name__)

STATUS = "warmline/status"
CACHE = "warmline/cache"
EXPLAIN = "warmline/explain"
LAST_SUGGESTION = "warmline/lastSuggestion"
METRICS = "warmline/metrics"


class CustomRequests:
    """Answers what no standard method asks."""

    def __init__(
        self,
        version: str,
        documents: OpenDocuments,
        keeper: SessionKeeper,
        suggester: Suggester,
        usage: Usage,
    ) -> None:
        self._version = version
        self._documents = documents
        self._keeper = keeper
        self._suggester = suggester
        self._usage = usage

    async def status(self, _params: Any) -> dict[str, Any]:
        """Describe server and engine, and why the latest requests got nothing."""
        session = self._keeper.session
        if session is None:
            engine = {"state": None, "engine": None, "engine_error": self._keeper.problem or None}
        else:
            engine = await _describe_engine(session.engine)
        return {
            "server": {
                "version": self._version,
                "protocol_version": PROTOCOL_VERSION,
                "pid": os.getpid(),
            },
            "documents": [document.name for document in self._documents],
            "monitors": None if session is None else await _describe_analysis(session.analysis),
            "repositories": [asdict(each) for each in self._repositories()],
            "empty_answers": [asdict(answer) for answer in self._suggester.empty_answers],
            "metrics": summary(self._usage.look()),
            **engine,
        }

    async def cache(self, params: Any) -> dict[str, Any] | None:
        """Describe the live cache of a document; null when there is none.

        Raises:
            JsonRpcException: RequestFailed, with the reason, where it cannot be described.
        """
        uri = _document_uri(params)
        if self._keeper.session is None or self._documents.get(uri) is None:
            return None
        try:
            view = await self._keeper.session.completer.cache_view(uri)
        except Exception as error:
            logger.exception("The cache of %s could not be described.", uri)
            raise JsonRpcException(str(error), LSPErrorCodes.RequestFailed.value) from error
        return None if view is None else asdict(view)

    async def explain(self, params: Any) -> dict[str, Any] | None:
        """Describe what a suggestion at a position is made from; null for an unknown document.

        Raises:
            JsonRpcException: RequestFailed, with the reason, where it cannot be described.
        """
        uri, position = _document_uri(params), _position(params)
        opened = self._documents.get(uri)
        if self._keeper.session is None or opened is None:
            return None
        try:
            completer = self._keeper.session.completer
            explanation = await completer.explain(uri, opened.offset(position))
        except Exception as error:
            logger.exception("The prompt for %s could not be explained.", uri)
            raise JsonRpcException(str(error), LSPErrorCodes.RequestFailed.value) from error
        return None if explanation is None else asdict(explanation)

    async def last_suggestion(self, params: Any) -> dict[str, Any] | None:
        """Return the latest answer for a document; null when there was none."""
        uri = _document_uri(params)
        if self._keeper.session is None or self._documents.get(uri) is None:
            return None
        suggestion = self._keeper.session.completer.last_suggestion(uri)
        return None if suggestion is None else suggestion_json(suggestion)

    def metrics(self, _params: Any) -> dict[str, str]:
        """Return all figures as text for Prometheus."""
        text = exposition([({"window": str(os.getpid())}, self._usage.look())])
        return {"content_type": CONTENT_TYPE, "text": text}

    def _repositories(self) -> Sequence[RepositoryStatus]:
        session = self._keeper.session
        return () if session is None else session.completer.repositories()


async def _describe_engine(engine: EngineClient) -> dict[str, Any]:
    """Return the engine's status, or its last known state and why it does not answer."""
    try:
        status = await engine.status()
    except (EngineError, TimeoutError) as error:
        return {"state": asdict(engine.state), "engine": None, "engine_error": str(error)}
    return {"state": asdict(engine.state), "engine": asdict(status), "engine_error": None}


async def _describe_analysis(analysis: AnalysisPort | None) -> Mapping[str, Any] | None:
    """Return how the analysers are; None where they are turned off."""
    return None if analysis is None else await analysis.status()


def _document_uri(params: Any) -> str:
    document = params.get("textDocument") if isinstance(params, Mapping) else None
    uri = document.get("uri") if isinstance(document, Mapping) else None
    if not isinstance(uri, str):
        raise JsonRpcInvalidParams(f"textDocument.uri is {uri!r}, but a text is wanted.")
    return uri


def _position(params: Any) -> Position:
    position = params.get("position") if isinstance(params, Mapping) else None
    values = position if isinstance(position, Mapping) else {}
    line, character = values.get("line"), values.get("character")
    if not isinstance(line, int) or not isinstance(character, int) or min(line, character) < 0:
        raise JsonRpcInvalidParams(f"position is {position!r}, but line and character are wanted.")
    return Position(line, character)
