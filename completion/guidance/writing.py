"""Has the engine write the candidates of one request, and write anew what may not stand."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from completion.candidates import Drafts
from completion.guidance.guidance import Guidance, Rewriting
from completion.healing import Writer
from engine.protocol.messages import Finished, GenerationEvent, GenerationRequest, Piece


class GuidedWriting:
    """One request and what has to be written anew of it.

    Args:
        writer: Writes, an engine as a rule.
        guidance: Judges; open as long as this is in use.
        drafts: Takes what is written. At any time it holds no name known to be forbidden.
        hear: Told of each event.
        is_wanted: Whether somebody still waits; asked before the engine is asked again, which
            would end the work for somebody newer.
    """

    def __init__(
        self,
        writer: Writer,
        guidance: Guidance,
        drafts: Drafts,
        hear: Callable[[GenerationEvent], None],
        is_wanted: Callable[[], bool],
    ) -> None:
        self._writer = writer
        self._guidance = guidance
        self._drafts = drafts
        self._hear = hear
        self._is_wanted = is_wanted
        self._rewritings: dict[int, Rewriting] = {}  # by candidate

    async def write(self, request: GenerationRequest) -> None:
        """Write until every candidate has ended and is settled; leaving cancels the request.

        Raises:
            EngineError: If the engine fails; what came before is kept.
        """
        await self._stream(self._guidance.constrained(request))
        await self._settle()
        while self._rewritings and self._is_wanted():
            candidate = next(iter(self._rewritings))
            rewriting = self._rewritings.pop(candidate)
            self._drafts.restart(candidate)
            await self._stream(rewriting.request(request), candidate)
            await self._settle()

    async def _stream(self, request: GenerationRequest, only: int | None = None) -> None:
        """Take what the engine writes until all have ended.

        Args:
            request: What it is asked.
            only: The candidate that the request's only one stands for.
        """
        async with aclosing(self._writer.generate(request)) as events:
            async for event in events:
                self._hear(event)
                if isinstance(event, Piece | Finished):
                    self._take(event if only is None else replace(event, candidate=only))
                if self._drafts.are_complete:
                    break

    def _take(self, event: Piece | Finished) -> None:
        candidate, drafts = event.candidate, self._drafts
        if drafts.has_ended(candidate):
            drafts.take(event)
            return
        drafts.take(event)
        self._obey(self._guidance.look(candidate, drafts.written(candidate)))

    async def _settle(self) -> None:
        """Wait for answers that the candidates still need, within bounds."""
        drafts = self._drafts
        for candidate in range(drafts.num_candidates):
            if candidate in self._rewritings:
                continue  # what comes of it is settled then
            written, is_whole = drafts.written(candidate), drafts.has_ended_by_itself(candidate)
            self._obey(await self._guidance.settle(candidate, written, is_whole=is_whole))

    def _obey(self, rewriting: Rewriting | None) -> None:
        if rewriting is None:
            return
        self._drafts.cut(rewriting.candidate, rewriting.kept)
        if rewriting.is_worthwhile:
            self._rewritings[rewriting.candidate] = rewriting
