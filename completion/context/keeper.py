"""The chunks in each document's prompt: looked for at first use and at pauses, kept between."""

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from completion.context.fitting import Fitted, fit, is_clearly_better
from completion.context.recent_edits import RecentEdits
from completion.context.repositories import Repositories
from completion.context.selection import Selection, select
from completion.document import Document
from completion.prompting import PromptBuilder
from completion.settings import CompletionSettings
from retrieval.query import query_of
from retrieval.types import Chunk, Place, Retrieval, Retriever

_LOGGER = logging.getLogger(__name__)

PAUSE_TIMEOUT_S = 5.0
"""Of a search that no suggestion waits for."""

OFF = "Other files are not searched: the setting context_tokens is 0."
NO_REPOSITORY = "The document lies in no folder that is open, so there is nothing to search."


@dataclass(slots=True)
class DocumentContext:
    """What other files give to one document's prompt. Belongs to the event loop."""

    fitted: Fitted = field(default_factory=Fitted)
    is_searched: bool = False  # for the first time, with whatever result
    pause_task: asyncio.Task[None] | None = None

    def cancel_pause(self) -> None:
        """Give up the search that waits for a pause, or is under way since one."""
        if self.pause_task is not None:
            self.pause_task.cancel()
            self.pause_task = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a search came to.

    Attributes:
        retrieval: As the repository's retriever answered; empty where it did not.
        selection: With the places edited of late, and without secrets.
        fitted: What of it goes into the budget.
        budget_tokens: For `fitted`.
        search_ms: From the question to the answer.
        problem: Why the repository was not searched, in a sentence; empty if it was.
        has_failed: Whether that is a failure, and another time the search may succeed.
    """

    retrieval: Retrieval
    selection: Selection
    fitted: Fitted
    budget_tokens: int
    search_ms: float = 0.0
    problem: str = ""
    has_failed: bool = False


class ContextKeeper:
    """Searches for what helps, within bounds, and decides when the prompt takes it up.

    A search that fails or takes too long costs the chunks, never the suggestion; it is logged
    once. Used from one event loop.

    Args:
        repositories: Told of every document; closed by this.
    """

    def __init__(self, repositories: Repositories) -> None:
        self.repositories = repositories
        self._recent = RecentEdits()
        self._logged: set[type[Exception]] = set()

    def open(self, document: Document) -> None:
        """Take in a document."""
        self.repositories.change(document)

    def change(self, old: Document, new: Document) -> None:
        """Follow an edit."""
        if old.text != new.text:
            self._recent.follow(old, new)
        self.repositories.change(new)

    def close(self, name: str) -> None:
        """Let a document go."""
        self._recent.close(name)
        self.repositories.close(name)

    def has_to_search(self, context: DocumentContext, settings: CompletionSettings) -> bool:
        """Tell whether the next request waits for a search."""
        return settings.context_tokens > 0 and not context.is_searched

    async def prepare(
        self,
        context: DocumentContext,
        document: Document,
        offset: int,
        builder: PromptBuilder,
        settings: CompletionSettings,
    ) -> None:
        """Search for the first time, while somebody waits; later times are at pauses.

        What an earlier search of the document found stays. Being cancelled is no search.
        """
        if not self.has_to_search(context, settings):
            return
        timeout_s = settings.context_timeout_ms / 1000
        proposal = await self.propose(document, offset, builder, settings, timeout_s)
        context.fitted = proposal.fitted
        context.is_searched = True

    async def propose(
        self,
        document: Document,
        offset: int,
        builder: PromptBuilder,
        settings: CompletionSettings,
        timeout_s: float,
    ) -> Proposal:
        """Search, choose and fit, without taking anything up. Never raises, save for cancelling."""
        if not settings.context_tokens:
            return Proposal(Retrieval((), (), ""), Selection(), Fitted(), 0, problem=OFF)
        started = time.perf_counter()
        place = Place("", document.text, offset)
        located = self.repositories.locate(document.name)
        retrieval, problem = None, NO_REPOSITORY
        if located is not None:
            place = replace(place, path=located.path)
            retrieval, problem = await self._retrieve(located.retriever, place, timeout_s)
        has_failed = located is not None and retrieval is None
        answer = retrieval or Retrieval((), (), query_of(place))
        search_ms = (time.perf_counter() - started) * 1000
        edited = tuple(self._edited_elsewhere(document.name))
        budget_tokens = builder.context_budget(settings)

        def choose() -> tuple[Selection, Fitted]:
            selection = select(answer, edited)
            count = builder.chunk_counter(document.language)
            return selection, fit(selection.chosen, budget_tokens, count)

        selection, fitted = await asyncio.to_thread(choose)
        return Proposal(answer, selection, fitted, budget_tokens, search_ms, problem, has_failed)

    def is_worth_taking(self, proposal: Proposal, context: DocumentContext, name: str) -> bool:
        """Decide whether a proposal should take the place of what the prompt has."""
        if not self._may_all_be_quoted(context.fitted, name):
            return True
        if proposal.has_failed and context.fitted.quotations:
            return False
        return is_clearly_better(proposal.fitted, context.fitted, proposal.selection)

    async def aclose(self) -> None:
        """Stop following files."""
        await self.repositories.aclose()

    async def _retrieve(
        self, retriever: Retriever, place: Place, timeout_s: float
    ) -> tuple[Retrieval | None, str]:
        """Ask the retriever; return None and why where it does not answer."""
        try:
            async with asyncio.timeout(timeout_s):
                return await retriever.retrieve(place), ""
        except TimeoutError:
            problem = f"The search of the repository took longer than {timeout_s * 1000:.0f} ms."
            self._log(problem, TimeoutError)
        except Exception as error:  # noqa: BLE001 -- whatever it is must not cost a suggestion
            problem = f"The search of the repository failed: {error!r}."
            self._log(problem, type(error), error)
        return None, problem

    def _log(self, problem: str, kind: type[Exception], error: Exception | None = None) -> None:
        level = logging.DEBUG if kind in self._logged else logging.WARNING
        self._logged.add(kind)
        _LOGGER.log(level, "%s Suggestions do without it.", problem, exc_info=error)

    def _edited_elsewhere(self, name: str) -> Iterator[Chunk]:
        for other, chunk in self._recent.elsewhere(name):
            located = self.repositories.locate(other, seen_from=name)
            if located is not None and located.may_be_quoted(located.path):
                yield replace(chunk, path=located.path)

    def _may_all_be_quoted(self, fitted: Fitted, name: str) -> bool:
        located = self.repositories.locate(name)
        if located is None or not fitted.quotations:
            return True
        return all(located.may_be_quoted(chunk.path) for chunk in fitted.chunks)
