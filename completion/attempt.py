"""One request on its way, and what is known of it whenever it ends."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from completion.candidates import Drafts
from completion.guidance.guidance import Guidance
from completion.guidance.report import GuidanceReport
from completion.guidance.writing import GuidedWriting
from completion.healing import Writer
from completion.reasons import sentence_for
from completion.suggestion_cache import Shown
from completion.types import Candidate, EmptyReason, Origin, Suggestion, Timings
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
        self._search_ms = 0.0
        self._sync: SyncReport | None = None
        self._decoding: DecodeReport | None = None
        self._decoded_before: DecodeReport | None = None  # by requests before the present one
        self._guidance: Guidance | None = None
        self._drafts: Drafts | None = None

    async def write(
        self,
        writer: Writer,
        request: GenerationRequest,
        drafts: Drafts,
        guidance: Guidance,
        is_wanted: Callable[[], bool],
    ) -> None:
        """Have every candidate written, see `GuidedWriting`; leaving cancels the request.

        Raises:
            EngineError: If the engine fails; what came before is kept.
        """
        self._drafts, self._guidance = drafts, guidance
        await GuidedWriting(writer, guidance, drafts, self._hear, is_wanted).write(request)

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Count how long the search for what helps takes."""
        started_ms = self._elapsed_ms()
        try:
            yield
        finally:
            self._search_ms = self._elapsed_ms() - started_ms

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

    def _hear(self, event: GenerationEvent) -> None:
        if isinstance(event, Synced):
            self._begin_report(event.report)
        elif isinstance(event, Decoded):
            self._decoding = _added(self._decoded_before, event.report)
        elif isinstance(event, Piece) and not self._first_token_ms:
            self._first_token_ms = self._elapsed_ms()

    def _begin_report(self, report: SyncReport) -> None:
        """Count on from here: the engine counts each request for itself."""
        self._decoded_before = self._decoding
        if self._sync is None:
            self._sync = report
            self._sync_ms = self._elapsed_ms()

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
            timings=Timings(
                self._sync_ms, self._first_token_ms, self._elapsed_ms(), self._search_ms
            ),
            sync=self._sync,
            num_generated=self._drafts.num_generated if self._drafts else 0,
            decoding=self._decoding,
            reason=reason,
            detail=detail,
            origin=origin,
            guidance=self._guidance.report() if self._guidance else GuidanceReport(),
        )

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000


def _added(before: DecodeReport | None, report: DecodeReport) -> DecodeReport:
    if before is None:
        return report
    return DecodeReport(
        tokens=before.tokens + report.tokens,
        passes=before.passes + report.passes,
        drafted=before.drafted + report.drafted,
        accepted=before.accepted + report.accepted,
        decode_ms=before.decode_ms + report.decode_ms,
    )
