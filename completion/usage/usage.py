"""The face of this folder: told what happens in documents, it counts what becomes of suggestions.

Nobody says when a suggestion is taken, so that is inferred: an insertion at its place of what was
left of it, or of a part that ends with a word or a line. Key by key it is typing. What was taken is
followed through later edits, and looked at after 30 seconds and after five minutes.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from completion.types import EmptyReason, Origin, Suggestion
from completion.usage.edits import TextEdit
from completion.usage.following import Change, FollowedText
from completion.usage.offer import Move, Offer
from completion.usage.tally import Event, Family, Stage, Tally
from engine.protocol.messages import SyncReport

LOOKS_S = {"30s": 30.0, "5min": 300.0}
"""How long after it was taken a piece of text is looked at, by the name of the figure."""

TAKE_BACK_S = 10.0
"""What goes as a whole within this time was taken by mistake, or undone."""

SHOWN_AFTER_S = 0.25
"""An answer that stands so long has been seen, where the client does not say what it shows."""

MOST_DOCUMENTS = 64
MOST_PIECES = 64

_OVERTAKEN = frozenset({EmptyReason.SUPERSEDED, EmptyReason.UNKNOWN_DOCUMENT})


@dataclass(slots=True, eq=False)
class _Piece:
    """A part of a suggestion that was taken at once."""

    text: FollowedText
    taken_s: float
    is_first: bool  # of its suggestion
    looks: list[str] = field(default_factory=lambda: list(LOOKS_S))  # still to come


@dataclass(slots=True, eq=False)
class _Document:
    offer: Offer | None = None
    pieces: list[_Piece] = field(default_factory=list)


class Usage:
    """Counts. Holds at most one suggestion and a few places for each of a few documents.

    Args:
        clock: Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.tally = Tally()
        self._clock = clock
        self._documents: OrderedDict[str, _Document] = OrderedDict()
        self._is_told_what_is_shown = False

    def answered(self, name: str, offset: int, suggestion: Suggestion, forced: str = "") -> None:
        """Hear of an answer for the text as it is now.

        Args:
            name: Of the document.
            offset: Where it is to be inserted.
            suggestion: Also an empty one.
            forced: What every candidate begins with, which alone is no suggestion.
        """
        _count_answer(self.tally, suggestion)
        if suggestion.reason in _OVERTAKEN:
            return
        texts = tuple(each.text for each in suggestion.candidates if len(each.text) > len(forced))
        document = self._document(name)
        self._settle(document)
        if not texts:
            document.offer = None
        elif document.offer is not None and document.offer.goes_on(offset, texts):
            document.offer.widen(texts)
        else:
            document.offer = Offer(offset, texts, self._clock())
            self._count(Event.OFFERED)
        self._drop_unused()

    def took_in_edit(self, took_ms: float) -> None:
        """Hear how long nothing else could be done for an edit of the editor's."""
        self.tally.time(Stage.EDIT, took_ms)

    def synced(self, report: SyncReport) -> None:
        """Hear of a prompt that was read before anybody asked."""
        _count_tokens(self.tally, report)

    def edited(self, name: str, edit: TextEdit, before: str) -> None:
        """Hear of an edit; `before` is the whole text before it, which is not kept."""
        document = self._documents.get(name)
        if document is None:
            return
        change = Change(edit)
        if not change.edit.removed and not change.edit.inserted:
            return
        self._settle(document)
        document.pieces = [each for each in document.pieces if self._follow(each, change)]
        if document.offer is not None:
            self._move(document, document.offer, change.edit, before)

    def shown(self, text: str) -> None:
        """Hear from the client that it shows an item; from now on only that counts as shown."""
        self._is_told_what_is_shown = True
        for _, offer in self._offers_of(text):
            self._count_shown(offer)

    def partly_taken(self, text: str, length: int) -> None:
        """Hear from the client that so many of an item's characters are taken, or about to be."""
        for document, offer in self._offers_of(text):
            offer.announced = offer.reached + length - (len(text) - len(offer.rest_ending(text)))
            was_typing = 0 < offer.announced <= offer.reached and not offer.is_taken
            if was_typing:  # or so it looked
                self._take(document, offer, min(length, offer.announced))

    def closed(self, name: str) -> None:
        """Hear that a document is closed: what was taken in it is followed no longer."""
        document = self._documents.pop(name, None)
        if document is not None:
            self._forget(document)

    def look(self) -> Tally:
        """Count what time alone has settled, and return all figures."""
        for document in self._documents.values():
            self._settle(document)
        self._drop_unused()
        return self.tally

    def _document(self, name: str) -> _Document:
        document = self._documents.setdefault(name, _Document())
        self._documents.move_to_end(name)
        if len(self._documents) > MOST_DOCUMENTS:
            self._forget(self._documents.popitem(last=False)[1])
        return document

    def _forget(self, document: _Document) -> None:
        self._settle(document)
        self._count(Event.UNFOLLOWED, len(document.pieces))

    def _drop_unused(self) -> None:
        for name in [name for name, each in self._documents.items() if not _is_used(each)]:
            del self._documents[name]

    def _settle(self, document: _Document) -> None:
        """Count what time has settled, as it was before whatever happens now."""
        now_s, offer = self._clock(), document.offer
        if offer is not None and self._has_been_seen(offer, now_s):
            self._count_shown(offer)
        for piece in document.pieces:
            while piece.looks and now_s - piece.taken_s >= LOOKS_S[piece.looks[0]]:
                self._look_at(piece, piece.looks.pop(0))
        document.pieces = [each for each in document.pieces if each.looks]

    def _has_been_seen(self, offer: Offer, now_s: float) -> bool:
        """Infer it where the client does not say what it shows."""
        return not self._is_told_what_is_shown and now_s - offer.made_s >= SHOWN_AFTER_S

    def _look_at(self, piece: _Piece, look: str) -> None:
        left, length = piece.text.num_left, piece.text.length
        self.tally.add(Family.RETENTION_PIECES, look)
        self.tally.add(Family.RETENTION_WHOLE, look, int(left == length))
        self.tally.add(Family.RETENTION_CHARACTERS, look, length)
        self.tally.add(Family.RETENTION_KEPT, look, left)

    def _follow(self, piece: _Piece, change: Change) -> bool:
        """Move a piece along; False if there is no more to be found out about it."""
        if not piece.text.follow(change):
            self._count(Event.UNFOLLOWED)
            return False
        is_early = self._clock() - piece.taken_s <= TAKE_BACK_S
        if piece.text.num_left or not is_early:
            return True
        if piece.is_first:
            self._count(Event.TAKEN_BACK)
        return False

    def _move(self, document: _Document, offer: Offer, edit: TextEdit, before: str) -> None:
        match offer.follow(edit, before):
            case Move.TYPED:
                self._count_typed(offer)
            case Move.TAKEN:
                self._take(document, offer, len(edit.inserted))
            case Move.AWAY:
                document.offer = None
        if offer.is_over:
            document.offer = None

    def _take(self, document: _Document, offer: Offer, length: int) -> None:
        self._count_shown(offer)
        piece = FollowedText(offer.place - length, length)
        document.pieces.append(_Piece(piece, self._clock(), is_first=not offer.is_taken))
        if len(document.pieces) > MOST_PIECES:
            del document.pieces[0]
            self._count(Event.UNFOLLOWED)
        self.tally.add(Family.CHARACTERS, Event.ACCEPTED, length)
        if not offer.is_taken:
            offer.is_taken = True
            self._count(Event.ACCEPTED)
        if offer.is_over:
            self._count(Event.ACCEPTED_WHOLE)

    def _offers_of(self, text: str) -> Iterator[tuple[_Document, Offer]]:
        """Yield the newest suggestion that an item of the client is about, if there is one."""
        for document in reversed(self._documents.values()):
            if document.offer is not None and document.offer.rest_ending(text):
                yield document, document.offer
                return

    def _count_shown(self, offer: Offer) -> None:
        if not offer.is_shown:
            offer.is_shown = True
            self._count(Event.SHOWN)

    def _count_typed(self, offer: Offer) -> None:
        if not offer.is_typed:
            offer.is_typed = True
            self._count(Event.TYPED_ALONG)

    def _count(self, event: Event, number: int = 1) -> None:
        if number:
            self.tally.add(Family.SUGGESTIONS, event, number)


def _is_used(document: _Document) -> bool:
    return document.offer is not None or bool(document.pieces)


def _count_answer(tally: Tally, suggestion: Suggestion) -> None:
    """Count what an answer says of itself: where it comes from, what it cost, how long it took."""
    if suggestion.reason is not None:
        tally.add(Family.EMPTY_ANSWERS, suggestion.reason)
    else:
        tally.add(Family.ANSWERS, suggestion.origin)
    guidance, times = suggestion.guidance, suggestion.timings
    if suggestion.origin is not Origin.MODEL:
        tally.time(Stage.REUSED, times.total_ms)
        return
    tally.add(Family.TOKENS, "generated", suggestion.num_generated)
    for event, number in (
        ("asked", guidance.num_sites),
        ("answered", guidance.num_answered),
        ("vetoes", len(guidance.vetoes)),
    ):
        tally.add(Family.MONITORS, event, number)
    if suggestion.sync is None:
        return
    _count_tokens(tally, suggestion.sync)
    tally.time(Stage.TOTAL, times.total_ms)
    tally.time(Stage.SYNC, times.sync_ms)
    if times.first_token_ms:
        tally.time(Stage.FIRST_TOKEN, times.first_token_ms)
    if guidance.num_sites:
        tally.time(Stage.ANALYSIS, guidance.waited_ms)
    if times.search_ms:
        tally.time(Stage.SEARCH, times.search_ms)


def _count_tokens(tally: Tally, report: SyncReport) -> None:
    tally.add(Family.TOKENS, "kept", report.kept)
    tally.add(Family.TOKENS, "moved", report.moved)
    tally.add(Family.TOKENS, "encoded", report.encoded)
