"""`textDocument/inlineCompletion`: suggestions shown in the text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lsprotocol.types import (
    InlineCompletionItem,
    InlineCompletionList,
    InlineCompletionParams,
    InlineCompletionTriggerKind,
    Range,
    SelectedCompletionInfo,
)

from completion.reasons import sentence_for
from completion.types import CompletionOptions, EmptyReason
from lsp_server.documents import OpenDocument, OpenDocuments
from lsp_server.session_keeper import SessionKeeper
from lsp_server.settings import Settings
from lsp_server.suggesting import Suggester


@dataclass(frozen=True, slots=True)
class Place:
    """Where a suggestion goes."""

    range: Range
    offset: int  # of the cursor, in code points
    typed: str  # from the start of the range to the cursor; every item begins with it
    forced: str  # what the entry selected in the editor's list goes on with


class InlineCompletion:
    """Answers with a list always, never with null or an error: some clients choke on those."""

    def __init__(
        self,
        documents: OpenDocuments,
        keeper: SessionKeeper,
        suggester: Suggester,
        settings: Callable[[], Settings],
        *,
        is_debounced: bool,
    ) -> None:
        self._documents = documents
        self._keeper = keeper
        self._suggester = suggester
        self._settings = settings
        self._is_debounced = is_debounced

    async def answer(self, params: InlineCompletionParams) -> InlineCompletionList:
        """Suggest what comes at the cursor."""
        uri = params.text_document.uri
        opened = self._documents.followed(uri)
        if isinstance(opened, EmptyReason):
            self._suggester.remember(uri, opened, sentence_for(opened))
            return InlineCompletionList(items=[])
        place = find_place(opened, params)
        if place is None:
            detail = "The selected entry of the list does not go on with what is typed."
            self._suggester.remember(uri, EmptyReason.NOTHING_TO_SAY, detail)
            return InlineCompletionList(items=[])
        options = self._options(params, place)
        suggestion = await self._suggester.suggest(uri, place.offset, options)
        items = [_item(place, candidate.text) for candidate in suggestion.candidates]
        shown = [item for item in items if item is not None]
        return InlineCompletionList(items=self._suggester.send_off(uri, shown))

    def _options(self, params: InlineCompletionParams, place: Place) -> CompletionOptions:
        if params.context.trigger_kind is not InlineCompletionTriggerKind.Invoked:
            return CompletionOptions(forced_text=place.forced, is_debounced=self._is_debounced)
        self._keeper.connect_again()
        num_candidates = self._settings().editor.invoked_candidates
        return CompletionOptions(num_candidates, forced_text=place.forced, is_invoked=True)


def find_place(opened: OpenDocument, params: InlineCompletionParams) -> Place | None:
    """Return where the suggestion goes, or None when it cannot extend the selected entry."""
    offset = opened.offset(params.position)
    selected = params.context.selected_completion_info
    if selected is None:
        position = opened.position(offset)
        return Place(Range(position, position), offset, typed="", forced="")
    return _place_after_entry(opened, offset, selected)


def _place_after_entry(
    opened: OpenDocument, offset: int, selected: SelectedCompletionInfo
) -> Place | None:
    """Extend the entry selected in the editor's list, where it extends what is typed.

    An entry that would rewrite what is typed, or replace text after the cursor, would need a
    prompt of a text that does not exist yet.
    """
    start, stop = opened.offset(selected.range.start), opened.offset(selected.range.end)
    typed = opened.text_between(start, offset)
    if start > offset or stop != offset or not selected.text.startswith(typed):
        return None
    return Place(selected.range, offset, typed, forced=selected.text.removeprefix(typed))


def _item(place: Place, text: str) -> InlineCompletionItem | None:
    if not text.startswith(place.forced) or text == place.forced:
        return None
    return InlineCompletionItem(insert_text=place.typed + text, range=place.range)


class TriggerKinds:
    """Reads how a request was triggered, from present clients and from older ones.

    The specification says 1 for invoked and 2 for automatic. Clients from before it say 0
    and 1. The first 0 gives them away, and from then on their 1 is read as they mean it.
    """

    def __init__(self) -> None:
        self._is_zero_based = False

    def __call__(self, value: Any, _: type) -> InlineCompletionTriggerKind:
        """Return the kind; raises `ValueError` for what is none."""
        self._is_zero_based = self._is_zero_based or value == 0
        return InlineCompletionTriggerKind(value + 1 if self._is_zero_based else value)
