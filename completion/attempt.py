"""One request on its way, and what is known of it whenever it ends."""

import time
from contextlib import aclosing

from completion.candidates import Drafts
from completion.reasons import sentence_for
from completion.suggestion_cache import Shown
from completion.types import Candidate, EmptyReason, Origin, Suggestion, Timings
from engine.client.base import EngineClient
from engine.protocol.messages import (
    Decoded,
    DecodeReport,
    GenerationEvent,
    GenerationRequest,
    Piece,
    Synced,
    SyncReport,
)


class Attempt:
    """Collects events, times and drafts from the moment of the request."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._started = time.perf_counter()
        self._sync_ms = 0.0
        self._first_token_ms = 0.0
        self._sync: SyncReport | None = None
        self._decoding: DecodeReport | None = None
        self._drafts: Drafts | None = None

    async def stream(
        self, engine: EngineClient, request: GenerationRequest, drafts: Drafts
    ) -> None:
        """Take events until every candidate has ended; leaving cancels the request.

        Raises:
            EngineError: If the engine fails; what came before is kept.
        """
        self._drafts = drafts
        async with aclosing(engine.generate(request)) as events:
            async for event in events:
                self._take(event, drafts)
                if drafts.are_complete:
                    break

    @property
    def is_whole(self) -> bool:
        """Tell whether the model has said all it was asked for."""
        return self._drafts is not None and self._drafts.are_whole

    def candidates(self) -> tuple[tuple[Candidate, ...], EmptyReason]:
        """Return what there is to suggest by now, or why there is nothing."""
        if self._drafts is None:
            return (), EmptyReason.NOTHING_TO_SAY
        return self._drafts.candidates()

    def answer(self, candidates: tuple[Candidate, ...]) -> Suggestion:
        """Answer with at least one candidate."""
        return self._suggestion(candidates, None, "")

    def recalled(self, shown: Shown) -> Suggestion:
        """Answer with what was answered before."""
        reason = shown.remembered.reason
        detail = sentence_for(reason) if reason else ""
        return self._suggestion(shown.candidates, reason, detail, shown.origin)

    def empty(self, reason: EmptyReason, detail: str = "") -> Suggestion:
        """Answer with nothing and the reason; `detail` replaces its usual sentence."""
        return self._suggestion((), reason, detail or sentence_for(reason))

    def _take(self, event: GenerationEvent, drafts: Drafts) -> None:
        if isinstance(event, Synced):
            self._sync = event.report
            self._sync_ms = self._elapsed_ms()
            return
        if isinstance(event, Decoded):
            self._decoding = event.report
            return
        if isinstance(event, Piece) and not self._first_token_ms:
            self._first_token_ms = self._elapsed_ms()
        drafts.take(event)

    def _suggestion(
        self,
        candidates: tuple[Candidate, ...],
        reason: EmptyReason | None,
        detail: str,
        origin: Origin = Origin.MODEL,
    ) -> Suggestion:
        return Suggestion(
            candidates=candidates,
            model=self._model,
            timings=Timings(self._sync_ms, self._first_token_ms, self._elapsed_ms()),
            sync=self._sync,
            num_generated=self._drafts.num_generated if self._drafts else 0,
            decoding=self._decoding,
            reason=reason,
            detail=detail,
            origin=origin,
        )

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000
