"""The engine's caches brought up to the documents before anyone asks."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from completion.background import BackgroundTasks
from completion.context.keeper import PAUSE_TIMEOUT_S, ContextKeeper
from completion.open_documents import OpenDocument
from completion.preparation import PromptBuilders, off_loop
from completion.prompting import PromptBuilder
from completion.serving import Admission
from completion.settings import CompletionSettings
from engine.client.base import EngineClient
from engine.errors import SupersededError
from engine.protocol.messages import Phase, SyncReport
from retrieval.types import Chunk


class Synchronization:
    """Tells the engine each change of a prompt: at once those of the text, others at pauses.

    Args:
        engine: Whose caches follow.
        builders: For the prompt of whatever model is loaded.
        keeper: Knows what else is in a prompt.
        background: Runs the work.
        admission: Knows which documents may reach the model.

    Attributes:
        listener: Called with the report of each sync.
    """

    def __init__(
        self,
        engine: EngineClient,
        builders: PromptBuilders,
        keeper: ContextKeeper,
        background: BackgroundTasks,
        admission: Admission,
    ) -> None:
        self._engine = engine
        self._builders = builders
        self._keeper = keeper
        self._background = background
        self._admission = admission
        self.listener: Callable[[SyncReport], None] = lambda _: None

    def schedule(self, entry: OpenDocument, settings: CompletionSettings) -> None:
        """Begin to bring the cache of a document up to its text, in place of what is under way."""
        entry.cancel_sync()
        is_ready = self._engine.state.phase is Phase.READY
        if is_ready and self._admission.refusal(entry.document, settings) is None:
            purpose = f"syncing {entry.document.name}"
            entry.sync_task = self._background.start(self._sync(entry, settings), purpose)
            self.search_at_pause(entry, settings)

    def search_at_pause(self, entry: OpenDocument, settings: CompletionSettings) -> None:
        """Search other files for what helps once nothing has been typed for a while."""
        entry.context.cancel_pause()
        if settings.context_tokens:
            purpose = f"searching for what helps in {entry.document.name}"
            work = self._search_at_pause(entry, settings)
            entry.context.pause_task = self._background.start(work, purpose)

    async def _sync(self, entry: OpenDocument, settings: CompletionSettings) -> None:
        document, window = entry.document, entry.window
        cursor = entry.likely_cursor
        builder = await self._builders.builder_for(self._engine.state.model)
        await self._keeper.prepare(entry.context, document, cursor, builder, settings)
        chunks = entry.context.fitted.chunks
        built = await off_loop(
            document,
            lambda: builder.build(
                document, cursor, settings, settings.max_tokens, previous=window, chunks=chunks
            ),
        )
        entry.remember_window(document, built.window)
        tokens = built.prompt.tokens.tolist()
        if tokens:
            prompt = built.prompt
            report = await self._engine.sync(document.name, tokens, prompt.cursor, prompt.chunks)
            self.listener(report)

    async def _search_at_pause(self, entry: OpenDocument, settings: CompletionSettings) -> None:
        await asyncio.sleep(settings.context_pause_ms / 1000)
        await _have_ended(entry)  # with the first search, which needs no margin
        document, context = entry.document, entry.context
        builder = await self._builders.builder_for(self._engine.state.model)
        proposal = await self._keeper.propose(
            document, entry.likely_cursor, builder, settings, PAUSE_TIMEOUT_S
        )
        if self._keeper.is_worth_taking(proposal, context, document.name):
            await self._read_ahead(builder, entry, settings, proposal.fitted.chunks)
            await _have_ended(entry)  # a sync would end them
            context.fitted, context.is_searched, context.pause_task = proposal.fitted, True, None
            self.schedule(entry, settings)

    async def _read_ahead(
        self,
        builder: PromptBuilder,
        entry: OpenDocument,
        settings: CompletionSettings,
        chunks: tuple[Chunk, ...],
    ) -> None:
        """Have the engine read chunks before the prompt has them.

        It gives way to everything meanwhile. So whoever goes on typing does not wait for them,
        neither now nor when the prompt has them.
        """
        document, cursor, window = entry.document, entry.likely_cursor, entry.window
        built = await off_loop(
            document,
            lambda: builder.build(
                document, cursor, settings, settings.max_tokens, previous=window, chunks=chunks
            ),
        )
        places = built.prompt.chunks
        if places:
            tokens = built.prompt.tokens[: places[-1].stop].tolist()
            with suppress(SupersededError):  # another document's chunks came: the sync reads these
                await self._engine.read_chunks(tokens, places)


async def _have_ended(entry: OpenDocument) -> None:
    """Wait for what the engine still does for a document; each bounds its own time."""
    tasks = [entry.sync_task, entry.next_task.task if entry.next_task else None]
    running = [task for task in tasks if task is not None]
    if running:
        await asyncio.wait(running)
