"""From a request of the editor to a suggestion: newest wins, and no answer without a reason."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from completion.types import CompletionOptions, EmptyReason, Suggestion, Timings
from completion.usage.usage import Usage
from lsp_server.ports import CompleterPort
from lsp_server.session_keeper import SessionKeeper
from lsp_server.status import StatusReporter

logger = logging.getLogger(__name__)

_REMEMBERED_ANSWERS = 20

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class EmptyAnswer:
    """Why a request got nothing."""

    uri: str
    reason: EmptyReason
    detail: str


class Suggester:
    """Asks the completer, for one request per document at a time.

    A later request on a document, and a later state of it, end the earlier request; the
    engine stops working for it.
    """

    def __init__(self, keeper: SessionKeeper, status: StatusReporter, usage: Usage) -> None:
        self._keeper = keeper
        self._status = status
        self._usage = usage
        self._turns: dict[str, asyncio.Task[Suggestion]] = {}
        self._on_their_way: dict[str, list[Any]] = {}
        self.empty_answers: deque[EmptyAnswer] = deque(maxlen=_REMEMBERED_ANSWERS)

    async def suggest(self, uri: str, offset: int, options: CompletionOptions) -> Suggestion:
        """Suggest what comes at `offset` of an open document. Never raises, save for cancelling."""
        suggestion = await self._suggest(uri, offset, options)
        self._status.answered(suggestion)
        self._usage.answered(uri, offset, suggestion, options.forced_text)
        if suggestion.reason is not None:
            self.remember(uri, suggestion.reason, suggestion.detail)
        return suggestion

    def remember(self, uri: str, reason: EmptyReason, detail: str) -> None:
        """Note why a request gets nothing, for whoever asks about it later."""
        logger.info("No suggestion in %s (%s): %s", uri, reason, detail)
        self.empty_answers.append(EmptyAnswer(uri, reason, detail))

    def send_off(self, uri: str, items: Sequence[Item]) -> list[Item]:
        """Return the items of an answer, emptied if something newer comes before it leaves.

        Between the end of a request's work and its answer the event loop may hear of an edit.
        """
        leaving = list(items)
        self._on_their_way[uri] = leaving
        return leaving

    def supersede(self, uri: str) -> None:
        """End the work on a document's request: its answer would come too late."""
        if turn := self._turns.pop(uri, None):
            turn.cancel()
        self._on_their_way.pop(uri, []).clear()

    async def _suggest(self, uri: str, offset: int, options: CompletionOptions) -> Suggestion:
        session = self._keeper.session
        if session is None:
            return _without_session(self._keeper.problem)
        self._keeper.wake()
        try:
            suggestion = await self._take_turn(session.completer, uri, offset, options)
        except Exception as error:
            logger.exception("A suggestion failed.")
            return empty_suggestion(EmptyReason.ENGINE_FAILED, f"An internal error: {error!r}.")
        if suggestion is None:
            return empty_suggestion(EmptyReason.SUPERSEDED, "Something newer took its place.")
        return suggestion

    async def _take_turn(
        self, completer: CompleterPort, uri: str, offset: int, options: CompletionOptions
    ) -> Suggestion | None:
        """Run the newest request of a document; None when a newer one has come."""
        self.supersede(uri)
        turn = asyncio.ensure_future(completer.complete(uri, offset, options))
        self._turns[uri] = turn
        try:
            with self._status.busy():
                suggestion = await turn
        except asyncio.CancelledError:
            if _is_being_cancelled():  # by the editor, which gets its answer elsewhere
                raise
            return None
        finally:
            is_newest = self._turns.get(uri) is turn
            if is_newest:
                del self._turns[uri]
        return suggestion if is_newest else None


def empty_suggestion(reason: EmptyReason, detail: str) -> Suggestion:
    """Return an answer without text."""
    return Suggestion(
        candidates=(),
        model="",
        timings=Timings(0.0, 0.0, 0.0),
        sync=None,
        num_generated=0,
        reason=reason,
        detail=detail,
    )


def _without_session(problem: str) -> Suggestion:
    if problem:
        return empty_suggestion(EmptyReason.ENGINE_UNAVAILABLE, problem)
    return empty_suggestion(EmptyReason.LOADING, "The settings are still being read.")


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
