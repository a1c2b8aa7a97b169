"""One answer of the model: the prompt, the request, and what comes back in time."""

import asyncio
from dataclasses import dataclass

from completion.attempt import Attempt
from completion.candidates import Drafts, for_document
from completion.context.keeper import ContextKeeper
from completion.errors import CompletionError
from completion.guidance.guidance import Guidance
from completion.guidance.watching import PATIENT_MS
from completion.open_documents import Ticket
from completion.preparation import PreparedRequest, PromptBuilders, off_loop, prepare_request
from completion.prompting import PromptBuilder
from completion.reasons import reason_for
from completion.serving import is_sure_enough, refusal_of_place
from completion.settings import CompletionSettings
from completion.synchronization import Synchronization
from completion.types import CompletionOptions, EmptyReason, Suggestion
from engine.client.base import EngineClient
from engine.errors import EngineError


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, and when in the life of the document.

    Attributes:
        ticket: Says of which text, and whether something newer has come.
        offset: Where, in code points.
        options: What differs from the settings.
        settings: In force when it was asked.
    """

    ticket: Ticket
    offset: int
    options: CompletionOptions
    settings: CompletionSettings

    @property
    def analysis_budget_ms(self) -> float:
        """How long the answer may be held back for analysis."""
        budget_ms = float(self.settings.analysis_timeout_ms)
        return max(budget_ms, PATIENT_MS) if self.options.is_invoked else budget_ms


class Answering:
    """Has the model answer a request, guided by monitors.

    Args:
        engine: Writes.
        builders: For the prompt of whatever model is loaded.
        context: Knows what else is in a prompt.
        sync: Goes on reading where a request was too short for it.
    """

    def __init__(
        self,
        engine: EngineClient,
        builders: PromptBuilders,
        context: ContextKeeper,
        sync: Synchronization,
    ) -> None:
        self._engine = engine
        self._builders = builders
        self._context = context
        self._sync = sync

    async def answer(self, question: Question, attempt: Attempt, guidance: Guidance) -> Suggestion:
        """Answer with what there is when the request ends or its time is up.

        Args:
            question: What is asked for.
            attempt: Collects what comes.
            guidance: Has been asked about the cursor already.
        """
        ticket, settings, is_late, refusal = question.ticket, question.settings, False, None
        try:
            async with asyncio.timeout(settings.timeout_ms / 1000):
                refusal = await self._write(question, attempt, guidance)
        except TimeoutError:
            is_late = True
            # the next request finds the reading done
            self._sync.schedule(ticket.entry, settings)
        except EngineError as error:
            return attempt.empty(reason_for(error), str(error))
        except CompletionError as error:
            return attempt.empty(EmptyReason.ENGINE_FAILED, str(error))
        if refusal is not None:
            self._sync.schedule(ticket.entry, settings)  # the request has taken its place
            return attempt.empty(refusal)
        candidates, reason = attempt.candidates()
        if not candidates:
            return attempt.empty(EmptyReason.TIMED_OUT if is_late else reason)
        if not is_sure_enough(candidates[0], question.options, settings):
            return attempt.empty(EmptyReason.UNSURE)
        return attempt.answer(for_document(ticket.document.text, candidates))

    async def _write(
        self, question: Question, attempt: Attempt, guidance: Guidance
    ) -> EmptyReason | None:
        """Have it written.

        Returns:
            Why nothing is to be written at that place.
        """
        await asyncio.sleep(0)  # an answer that is known by now is there with that
        builder = await self._builders.builder_for(self._engine.state.model)
        prepared = await self._prepared(question, builder, attempt)
        if not question.ticket.is_newest or not prepared.request.tokens:
            return None  # in the engine it would end the newer work
        if refusal := refusal_of_place(prepared.place, question.options, question.settings):
            return refusal
        question.ticket.entry.window = prepared.built.window
        drafts = Drafts(
            prepared.place,
            prepared.request.num_candidates,
            question.options.forced_text,
            builder.tokenization.control_tokens,
        )
        writer = builder.writer(self._engine, prepared.built)
        await attempt.write(
            writer, prepared.request, drafts, guidance, lambda: question.ticket.is_newest
        )
        return None

    async def _prepared(
        self, question: Question, builder: PromptBuilder, attempt: Attempt
    ) -> PreparedRequest:
        document, entry = question.ticket.document, question.ticket.entry
        offset, options, settings = question.offset, question.options, question.settings
        if self._context.has_to_search(entry.context, settings):
            with attempt.searching():
                await self._context.prepare(entry.context, document, offset, builder, settings)
        window, chunks = entry.window, entry.context.fitted.chunks
        return await off_loop(
            document,
            lambda: prepare_request(
                builder, document, offset, settings, options, previous=window, chunks=chunks
            ),
        )
