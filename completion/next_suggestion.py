"""While a suggestion is shown, the one that comes after it is prepared."""

import asyncio
from contextlib import aclosing, suppress

from completion.background import BackgroundTasks
from completion.candidates import Drafts, for_document
from completion.continuation import Continuation
from completion.guidance.late import LateAnswers
from completion.guidance.watching import PATIENT_MS, Watching
from completion.open_documents import NextTask, OpenDocument
from completion.preparation import (
    PromptBuilders,
    line_start_behind,
    off_loop,
    place_behind,
    prepare_next,
)
from completion.serving import is_sure_enough, refusal_of_place
from completion.settings import CompletionSettings
from completion.suggestion_cache import Remembered, Shown
from completion.types import CompletionOptions, EmptyReason
from engine.client.base import EngineClient

PAUSE_S = 0.2
"""How long a suggestion must be shown first: while somebody types on, preparing is for nothing."""

LASTING_REASONS = frozenset(
    {EmptyReason.NOTHING_TO_SAY, EmptyReason.REPEATS_PREFIX, EmptyReason.REPEATS_SUFFIX}
)
"""What the model would say again to the same text."""

_AUTOMATIC = CompletionOptions()


class NextSuggestions:
    """Has the engine write on after what is shown, when it has nothing else to do.

    The prompt stays as it is and the shown text is forced, so the document's cache is not
    touched. Any edit of the document ends the work, here and in the engine.

    Args:
        engine: Writes.
        builders: For the prompt of whatever model is loaded.
        background: Runs the work.
        watching: Guides it.
        late: Judges what was prepared once it is remembered.
        pause_s: How long to wait before it begins.
    """

    def __init__(
        self,
        engine: EngineClient,
        builders: PromptBuilders,
        background: BackgroundTasks,
        watching: Watching,
        late: LateAnswers,
        *,
        pause_s: float,
    ) -> None:
        self._engine = engine
        self._builders = builders
        self._background = background
        self._watching = watching
        self._late = late
        self._pause_s = pause_s

    def prepare(self, entry: OpenDocument, shown: Shown, settings: CompletionSettings) -> None:
        """Begin to prepare what comes after `shown`, unless that is done or under way."""
        if not shown.candidates or entry.suggestions.has_next(shown):
            return
        if entry.next_task is not None and entry.next_task.is_for(shown):
            return
        entry.cancel_next()
        work = self._prepare(entry, shown, settings)
        task = self._background.start(work, f"preparing what comes next in {entry.document.name}")
        entry.next_task = NextTask(shown, task)

    async def _prepare(
        self, entry: OpenDocument, shown: Shown, settings: CompletionSettings
    ) -> None:
        await asyncio.sleep(self._pause_s)
        if not await _has_synced(entry) or not await _is_settled(entry, shown):
            return
        with suppress(TimeoutError):  # nobody waits for it, so nobody is told
            async with asyncio.timeout(settings.timeout_ms / 1000):
                await self._write(entry, shown, settings)

    async def _write(self, entry: OpenDocument, shown: Shown, settings: CompletionSettings) -> None:
        """Prepare what comes on the same line or, where that is nothing, on the next one."""
        document, window, chunks = entry.document, entry.window, entry.context.fitted.chunks
        builder = await self._builders.builder_for(self._engine.state.model)
        prepared = await off_loop(
            document,
            lambda: prepare_next(
                builder, document, shown, settings, previous=window, chunks=chunks
            ),
        )
        if prepared is None:
            return
        writer, request = builder.writer(self._engine, prepared.built), prepared.request
        accepted, cursor = shown.candidates[0].text, shown.remembered.stop

        async def read_behind(inserted: str, start_byte: int) -> EmptyReason | None:
            place = await off_loop(
                document, lambda: place_behind(document, cursor, inserted, settings)
            )
            if refusal_of_place(place, _AUTOMATIC, settings):
                return None
            drafts = Drafts(place, 1, "", builder.tokenization.control_tokens)
            is_kept = await written.read(drafts, start_byte)
            if not is_kept:
                return None
            remembered, reason = _remember(entry, shown, inserted, drafts, settings)
            if remembered is not None:
                self._late.follow(entry, remembered, shown.typed, guidance)
            return reason

        with self._watching.guide(document, cursor, accepted, PATIENT_MS) as guidance:
            async with aclosing(Continuation(writer, request, guidance)) as written:
                reason = await read_behind(accepted, 0)
                if reason is EmptyReason.NOTHING_TO_SAY and (start := await written.line_start()):
                    inserted = accepted + line_start_behind(
                        document, cursor, accepted, start, settings
                    )
                    await read_behind(inserted, len(start))


def _remember(
    entry: OpenDocument,
    shown: Shown,
    inserted: str,
    drafts: Drafts,
    settings: CompletionSettings,
) -> tuple[Remembered | None, EmptyReason | None]:
    """Keep what was written behind `inserted`; return that, or why it is nothing."""
    candidates, reason = drafts.candidates()
    if candidates and not is_sure_enough(candidates[0], _AUTOMATIC, settings):
        return None, EmptyReason.UNSURE
    if candidates:
        candidates = for_document(entry.document.text, candidates)
        return entry.suggestions.remember_next(shown, inserted, candidates, None), None
    if drafts.are_whole and reason in LASTING_REASONS:
        entry.suggestions.remember_next(shown, inserted, (), reason)
    return None, reason


async def _has_synced(entry: OpenDocument) -> bool:
    """Wait until the engine has the text; False if it did not come to that."""
    task = entry.sync_task
    if task is None:
        return True
    await asyncio.wait([task])
    return not task.cancelled() and task.exception() is None


async def _is_settled(entry: OpenDocument, shown: Shown) -> bool:
    """Wait until analysis has judged what is shown; False if that was taken back."""
    tasks = [each.task for each in entry.unsettled]
    if tasks:
        await asyncio.wait(tasks)
    return entry.suggestions.still_gives(shown)
