"""Suggestions for open documents: the face of this room."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from completion.answering import Answering, Question
from completion.attempt import Attempt
from completion.background import BackgroundTasks
from completion.cache_view import CacheView, view_of
from completion.context.explanation import Explanation, explain
from completion.context.keeper import ContextKeeper
from completion.context.repositories import NoRepositories, Repositories, RepositoryStatus
from completion.document import Document
from completion.errors import CompletionError
from completion.guidance.guidance import Guidance
from completion.guidance.late import LateAnswers
from completion.guidance.watching import PATIENT_MS, Watching
from completion.next_suggestion import LASTING_REASONS, PAUSE_S, NextSuggestions
from completion.open_documents import OpenDocument
from completion.preparation import PromptBuilders
from completion.serving import Admission, refusal_of_request
from completion.settings import CompletionSettings
from completion.suggestion_cache import Remembered, Shown
from completion.synchronization import Synchronization
from completion.types import CompletionOptions, EmptyReason, Suggestion
from engine.client.base import EngineClient
from engine.errors import EngineError
from engine.protocol.messages import EngineState, Phase, SyncReport
from monitors.types import Monitors

_DEFAULT_OPTIONS = CompletionOptions()


class Completer:
    """Completes open documents through one engine. Used from one event loop.

    Documents are snapshots; each change is told to the engine at once, so that its cache is
    right before anyone asks. Whatever is newer wins: a newer request or version of a document
    turns the answer to an older request into SUPERSEDED. What is typed along a suggestion is
    answered without the engine, and so is what was prepared while a suggestion was shown.

    Args:
        engine: Connected by whoever owns it, before or after.
        settings: See `update_settings`.
        repository_name: Told to models that know repositories; empty leaves it out.
        folders: That are open.
        repositories: Where to look for what helps; closed by `aclose`.
        monitors: Know which names exist; closed by `aclose`. None lets every name pass.
        pause_s: How long a suggestion must be shown before the next one is prepared.
    """

    def __init__(
        self,
        engine: EngineClient,
        settings: CompletionSettings,
        repository_name: str = "",
        *,
        folders: Sequence[Path] = (),
        repositories: Repositories | None = None,
        monitors: Monitors | None = None,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._builders = PromptBuilders(repository_name)
        self._background = BackgroundTasks(EngineError, CompletionError)
        self._watching = Watching(monitors, folders)
        self._late = LateAnswers(self._background)
        self._next = NextSuggestions(
            engine, self._builders, self._background, self._watching, self._late, pause_s=pause_s
        )
        self._context = ContextKeeper(repositories or NoRepositories())
        self._admission = Admission(self._context.repositories)
        self._sync = Synchronization(
            engine, self._builders, self._context, self._background, self._admission
        )
        self._answering = Answering(engine, self._builders, self._context, self._sync)
        self._open: dict[str, OpenDocument] = {}
        self._newest: OpenDocument | None = None
        engine.on_state(self._catch_up)

    @property
    def documents(self) -> Mapping[str, Document]:
        """The newest snapshot of each open document, by name."""
        return MappingProxyType({name: entry.document for name, entry in self._open.items()})

    def update_settings(self, settings: CompletionSettings) -> None:
        """Use other settings from the next request on."""
        if settings != self._settings:
            for entry in self._open.values():
                entry.start_anew()
        self._settings = settings

    def open(self, document: Document) -> None:
        """Take a document in and, unless the settings forbid it, fill its cache meanwhile.

        Of several documents opened in a row, as when an editor starts, only the last one's.
        """
        self._forget(document.name)
        if self._newest is not None and self._newest.is_untouched:
            self._newest.cancel_sync()
            self._newest.context.cancel_pause()
        self._newest = self._open[document.name] = OpenDocument(document)
        self._context.open(document)
        if self._admission.refusal(document, self._settings) is None:
            self._watching.open(document)
        if self._settings.prepare_on_open:
            self._sync.schedule(self._newest, self._settings)

    def change(self, document: Document, cursor: int | None) -> None:
        """Take a new snapshot and bring the engine's cache up to it in the background.

        Args:
            document: The new snapshot; opened if it was not open.
            cursor: Offset where the next request is expected. None if unknown: then it is
                where it was, moved along with the text, or at the end of the edit.
        """
        entry = self._open.setdefault(document.name, OpenDocument(document))
        self._context.change(entry.document, document)
        entry.change(document, cursor)
        self._newest = entry
        self._sync.schedule(entry, self._settings)
        if self._admission.refusal(document, self._settings) is None:
            self._watching.change(document, entry.likely_cursor)
        shown = self._find(entry, entry.cursor, _DEFAULT_OPTIONS)
        if shown is not None:  # some editors show what is left without asking
            self._prepare_next(entry, shown)

    def close(self, name: str) -> None:
        """Let a document go, here and in the engine; an unknown one is no error."""
        if self._forget(name):
            self._background.start(self._engine.close_document(name), f"closing {name}")

    async def complete(
        self, name: str, offset: int, options: CompletionOptions = _DEFAULT_OPTIONS
    ) -> Suggestion:
        """Suggest what to insert at `offset` of an open document.

        Whatever a user can cause gives an empty suggestion with a reason, never an exception.
        Cancelling the caller cancels the work in the engine.

        Args:
            name: As opened.
            offset: In code points.
            options: What differs from the settings.
        """
        model = self._engine.state.model
        attempt = Attempt(model.name if model else "")
        entry = self._open.get(name)
        if entry is None:
            return attempt.empty(EmptyReason.UNKNOWN_DOCUMENT)
        suggestion = self._refusal(entry, offset, options, attempt)
        if suggestion is None:
            suggestion = self._recalled(entry, offset, options, attempt)
        if suggestion is None:
            suggestion = await self._newest_answer(entry, offset, options, attempt)
        if suggestion.reason is not EmptyReason.SUPERSEDED:
            entry.last_suggestion = suggestion
        return suggestion

    async def cache_view(self, name: str) -> CacheView | None:
        """Describe the live cache of a document; None when the engine holds none.

        Raises:
            EngineError: If the engine fails or has no model yet.
            CompletionError: If the model's tokenizer cannot be read.
        """
        cache = await self._engine.inspect(name)
        if cache is None:
            return None
        builder = await self._builders.builder_for(self._engine.state.model)
        return await asyncio.to_thread(view_of, cache, builder.tokenization)

    async def explain(self, name: str, offset: int) -> Explanation | None:
        """Describe what a suggestion at `offset` is made from; None for an unknown document.

        Raises:
            EngineError: If the engine has no model yet.
            CompletionError: If the model's tokenizer cannot be read.
        """
        entry = self._open.get(name)
        if entry is None:
            return None
        builder = await self._builders.builder_for(self._engine.state.model)
        explanation = await explain(self._context, entry, offset, builder, self._settings)
        timeout_ms = max(self._settings.analysis_timeout_ms, PATIENT_MS)
        at_cursor = await self._watching.explain(entry.document, offset, timeout_ms)
        return replace(explanation, name=at_cursor)

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Search and analyse these folders from now on, and no others."""
        self._context.repositories.use_folders(folders)
        self._watching.use_folders(folders)

    def repositories(self) -> tuple[RepositoryStatus, ...]:
        """Describe what can be searched."""
        return self._context.repositories.statuses()

    def last_suggestion(self, name: str) -> Suggestion | None:
        """Return the last answer for a document that nothing newer overtook."""
        entry = self._open.get(name)
        return entry.last_suggestion if entry else None

    def on_sync(self, listener: Callable[[SyncReport], None]) -> None:
        """Call `listener` with what became of the tokens of each prompt read ahead of requests."""
        self._sync.listener = listener

    async def aclose(self) -> None:
        """Give up all work in the background, before the engine's session ends."""
        await self._background.aclose()
        await self._context.aclose()
        await self._watching.aclose()

    def _refusal(
        self, entry: OpenDocument, offset: int, options: CompletionOptions, attempt: Attempt
    ) -> Suggestion | None:
        """Answer at once what needs no engine."""
        length, state = len(entry.document.text), self._engine.state
        refusal = self._admission.refusal(entry.document, self._settings)
        refusal = refusal or refusal_of_request(options, self._settings)
        if refusal is not None:
            return attempt.empty(refusal)
        if not 0 <= offset <= length:
            detail = f"The position {offset} is outside a document of {length} characters."
            return attempt.empty(EmptyReason.POSITION_OUTSIDE, detail)
        if state.phase is Phase.FAILED:
            return attempt.empty(EmptyReason.ENGINE_FAILED, state.message)
        if state.phase is not Phase.READY:
            return attempt.empty(EmptyReason.LOADING)
        return None

    async def _newest_answer(
        self, entry: OpenDocument, offset: int, options: CompletionOptions, attempt: Attempt
    ) -> Suggestion:
        """Answer, unless something newer overtakes the answer."""
        if not await self._pause(entry, options):
            return attempt.empty(EmptyReason.SUPERSEDED)
        ticket = entry.begin_request(offset)
        question = Question(ticket, offset, options, self._settings)
        with self._watching.guide(
            entry.document, offset, options.forced_text, question.analysis_budget_ms
        ) as guidance:
            suggestion = await self._answering.answer(question, attempt, guidance)
            if not ticket.is_newest:
                return attempt.empty(EmptyReason.SUPERSEDED)
            self._sync.search_at_pause(entry, self._settings)
            is_final = attempt.is_whole and suggestion.reason in LASTING_REASONS
            if suggestion.candidates or is_final:
                self._remember(question, suggestion, guidance)
            return suggestion

    async def _pause(self, entry: OpenDocument, options: CompletionOptions) -> bool:
        """Wait for another key, where that is wanted; False if something newer has come."""
        settings = self._settings
        wait_s = entry.rhythm.wait_s(
            time.monotonic(),
            settings.delay_ms / 1000,
            is_adaptive=settings.adaptive_delay and not options.is_debounced,
        )
        if options.is_invoked or not wait_s:
            return True
        entry.overtake_requests()
        number, document = entry.num_requests, entry.document
        await asyncio.sleep(wait_s)
        return entry.is_open and entry.num_requests == number and entry.document is document

    def _find(
        self, entry: OpenDocument, offset: int | None, options: CompletionOptions
    ) -> Shown | None:
        """Look for an answer among those already given."""
        model = self._engine.state.model
        if offset is None or model is None or not self._settings.reuse_suggestions:
            return None
        return entry.suggestions.find(entry.document.text, offset, options, model.name)

    def _recalled(
        self, entry: OpenDocument, offset: int, options: CompletionOptions, attempt: Attempt
    ) -> Suggestion | None:
        """Answer without the engine, which only follows the cursor."""
        shown = self._find(entry, offset, options)
        if shown is None:
            return None
        entry.overtake_requests()
        if entry.cursor != offset:
            entry.cursor = offset
            self._sync.schedule(entry, self._settings)
        self._prepare_next(entry, shown)
        return attempt.recalled(shown)

    def _remember(self, question: Question, answer: Suggestion, guidance: Guidance) -> None:
        if not self._settings.reuse_suggestions:
            return
        entry, offset, options = question.ticket.entry, question.offset, question.options
        remembered = Remembered(
            offset, offset, answer.model, options, answer.candidates, answer.reason
        )
        shown = entry.suggestions.remember(remembered)
        self._late.follow(entry, remembered, "", guidance)
        self._prepare_next(entry, shown)

    def _prepare_next(self, entry: OpenDocument, shown: Shown) -> None:
        if self._settings.prepare_next:
            self._next.prepare(entry, shown, self._settings)

    def _catch_up(self, state: EngineState) -> None:
        """Fill the newest document's cache when a model becomes ready, first or again."""
        newest = self._newest
        if state.phase is not Phase.READY or newest is None:
            return
        if self._settings.prepare_on_open or not newest.is_untouched:
            self._sync.schedule(newest, self._settings)

    def _forget(self, name: str) -> bool:
        entry = self._open.pop(name, None)
        if entry is None:
            return False
        entry.close()
        self._context.close(name)
        self._watching.close(name)
        if self._newest is entry:
            self._newest = None
        return True
