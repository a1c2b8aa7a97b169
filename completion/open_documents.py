"""What is remembered of each open document between requests."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from completion.budget import Window
from completion.context.keeper import DocumentContext
from completion.difference import replacement_between
from completion.document import Document
from completion.rhythm import Rhythm
from completion.suggestion_cache import Remembered, Shown, SuggestionCache
from completion.types import Suggestion


@dataclass(frozen=True, slots=True)
class NextTask:
    """The work on what comes after a suggestion, done or under way."""

    shown: Shown
    task: asyncio.Task[None]

    def is_for(self, shown: Shown) -> bool:
        """Tell whether it is about accepting the same text in the same place."""
        is_same_place = self.shown.remembered is shown.remembered
        return is_same_place and self.shown.accepted == shown.accepted


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A suggestion that was given before analysis had judged all of it, and the work on that."""

    remembered: Remembered
    task: asyncio.Task[None]


@dataclass(slots=True, eq=False)
class OpenDocument:
    """The newest snapshot of a document, and where its last prompt was cut from it."""

    document: Document
    cursor: int | None = None  # offset where the next request is expected
    window: Window | None = None
    is_open: bool = True
    num_requests: int = 0
    last_suggestion: Suggestion | None = None
    suggestions: SuggestionCache = field(default_factory=SuggestionCache)
    context: DocumentContext = field(default_factory=DocumentContext)
    rhythm: Rhythm = field(default_factory=Rhythm)
    sync_task: asyncio.Task[None] | None = None
    next_task: NextTask | None = None
    unsettled: list[Unsettled] = field(default_factory=list)

    @property
    def is_untouched(self) -> bool:
        """Tell whether nobody has edited it or asked for anything in it."""
        return self.cursor is None

    @property
    def likely_cursor(self) -> int:
        """Where the next request is expected, for all that is known."""
        return len(self.document.text) if self.cursor is None else self.cursor

    def change(self, document: Document, cursor: int | None) -> None:
        """Take a new snapshot; cursor, window and suggestions move along with the edit.

        Args:
            document: The new snapshot.
            cursor: None if unknown: then the last one, moved along, or the end of the edit.
        """
        self.cancel_next()
        self.rhythm.note_edit(time.monotonic())
        old, new = self.document.text, document.text
        edit = replacement_between(old, new)
        if self.window is not None:
            self.window = self.window.moved(edit, len(old), len(new))
        if cursor is None and self.cursor is not None:
            cursor = edit.moved(self.cursor)
        self.suggestions.follow(edit, old, new)
        self.cursor = edit.new_stop if cursor is None else max(0, min(cursor, len(new)))
        self.document = document
        self._judge_only_followed()

    def remember_window(self, document: Document, window: Window) -> None:
        """Keep the window of a prompt, unless the text has changed since."""
        if self.document is document:
            self.window = window

    def begin_request(self, cursor: int) -> "Ticket":
        """Count a request, which replaces a waiting sync: it syncs to the same text."""
        self.cancel_sync()
        self.cancel_next()
        self.cancel_unsettled()
        self.context.cancel_pause()
        self.cursor = cursor
        self.overtake_requests()
        return Ticket(self, self.document, self.num_requests)

    def overtake_requests(self) -> None:
        """Let no request that is under way have the last word."""
        self.num_requests += 1

    def close(self) -> None:
        """Let nothing more happen to this document."""
        self.cancel_sync()
        self.cancel_next()
        self.cancel_unsettled()
        self.context.cancel_pause()
        self.is_open = False

    def start_anew(self) -> None:
        """Let every request be answered anew, and search other files anew."""
        self.cancel_next()
        self.cancel_unsettled()
        self.suggestions.clear()
        self.context.cancel_pause()
        self.context = DocumentContext()

    def cancel_sync(self) -> None:
        """Give up the sync that is waiting or under way, for something newer."""
        if self.sync_task is not None:
            self.sync_task.cancel()
            self.sync_task = None

    def cancel_next(self) -> None:
        """Give up what is being prepared."""
        if self.next_task is not None:
            self.next_task.task.cancel()
            self.next_task = None

    def cancel_unsettled(self) -> None:
        """Judge no more what was suggested, for something newer: analysis answers that first.

        What nobody has judged is forgotten, so that it is not offered again.
        """
        self._leave(self.unsettled)
        self.unsettled = []

    def _judge_only_followed(self) -> None:
        text, cursor = self.document.text, self.cursor
        followed = [
            each
            for each in self.unsettled
            if self.suggestions.is_followed(each.remembered, text, cursor)
        ]
        self._leave(each for each in self.unsettled if each not in followed)
        self.unsettled = [each for each in followed if not each.task.done()]

    def _leave(self, unsettled: Iterable[Unsettled]) -> None:
        for each in unsettled:
            if not each.task.done():
                each.task.cancel()
                self.suggestions.forget(each.remembered)


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request's place in the order of things that happen to a document."""

    entry: OpenDocument
    document: Document
    number: int

    @property
    def is_newest(self) -> bool:
        """Tell whether neither a newer request nor a newer text has come since."""
        entry = self.entry
        is_last = entry.num_requests == self.number
        return entry.is_open and is_last and entry.document == self.document
