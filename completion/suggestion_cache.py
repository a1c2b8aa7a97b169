"""Suggestions that were made, found again as long as what was typed since goes along with them.

Nothing is compared at a request: each remembered suggestion follows the edits of its document
from one to the next and is dropped at the first one that changes the text around it.
"""

import re
from collections import deque
from dataclasses import dataclass, field, replace

from completion.difference import Replacement
from completion.types import Candidate, CompletionOptions, EmptyReason, Origin

_INDENTATION = re.compile(r"\n[ \t]+")
CAPACITY = 16  # suggestions of one document; enough to go back over a few words


@dataclass(slots=True, eq=False)
class Remembered:
    """A suggestion, and the place in the text it was made for.

    Since then the text has changed in `[start, stop)` only, which was empty: what stands there
    now was typed. Whoever has typed `lead` has arrived at what this suggestion answers; with a
    lead it was prepared, and the lead is the suggestion that came before.
    """

    start: int
    stop: int
    model: str
    options: CompletionOptions
    candidates: tuple[Candidate, ...]  # texts from `start` on, so each begins with `lead`
    reason: EmptyReason | None = None  # why there are no candidates
    lead: str = ""

    def follow(self, edit: Replacement, old: str, new: str) -> bool:
        """Move along with an edit; False if it changed anything but what was typed."""
        stop = self.stop + edit.new_stop - edit.old_stop
        if edit.start < self.start or stop < self.start:
            return False
        # An edit has no definite place among equal characters: what is after it may be before.
        if old[self.stop : edit.old_stop] != new[stop : edit.new_stop]:
            return False
        self.stop = stop
        return True

    def shown(self, text: str, cursor: int, options: CompletionOptions) -> "Shown | None":
        """Return what is left of it at `cursor`; None if it is no answer there."""
        if cursor != self.stop or not self._covers(options):
            return None
        typed = text[self.start : self.stop]
        if not self.candidates:
            is_same = typed == self.lead and options.forced_text == self.options.forced_text
            return Shown(self, typed, ()) if is_same else None
        wanted = typed + options.forced_text
        if not wanted.startswith(self.lead + self.options.forced_text):
            return None
        rests = tuple(
            replace(each, text=each.text[len(typed) :])
            for each in self.candidates
            if each.text.startswith(wanted) and len(each.text) > len(wanted)
        )
        return Shown(self, typed, rests) if rests else None

    def goes_along(self, text: str, cursor: int) -> bool:
        """Tell whether what is typed up to `cursor` may still become what it answers."""
        typed = text[self.start : self.stop]
        return cursor == self.stop and any(each.text.startswith(typed) for each in self.candidates)

    def take_back(self, forbidden: str) -> bool:
        """Drop what is written from the end of `forbidden` on; False if nothing is left.

        Whole lines before that stay. The beginning of a line does not: it would be offered as
        if it were all there is to say, where the model has something better.
        """
        least = len(self.lead) + len(self.options.forced_text)
        num_lines = forbidden.count("\n")
        left = []
        for each in self.candidates:
            if not _begins_with(each.text, forbidden):
                left.append(each)
                continue
            lines = "\n".join(each.text.split("\n")[:num_lines]).rstrip("\r\n")
            if lines[least:].strip():
                left.append(replace(each, text=lines))
        has_lost_all = bool(self.candidates) and not left
        self.candidates = tuple(left)
        return not has_lost_all and not _begins_with(self.lead, forbidden)

    def _covers(self, options: CompletionOptions) -> bool:
        is_as_long = options.max_tokens == self.options.max_tokens
        return is_as_long and options.num_candidates <= self.options.num_candidates


def _begins_with(text: str, forbidden: str) -> bool:
    """Tell whether `text` begins with `forbidden`, the last name of which is whole.

    Lines may be indented otherwise: what is remembered is indented as its document is.
    """
    text, forbidden = _INDENTATION.sub("\n", text), _INDENTATION.sub("\n", forbidden)
    following = text[len(forbidden) :][:1]
    return text.startswith(forbidden) and not (following.isalnum() or following == "_")


@dataclass(frozen=True, slots=True)
class Shown:
    """What is left of a remembered suggestion once `typed` is."""

    remembered: Remembered
    typed: str
    candidates: tuple[Candidate, ...]  # to be inserted at the cursor; empty: nothing to say

    @property
    def origin(self) -> Origin:
        """Tell how the answer was come by."""
        lead = self.remembered.lead
        return Origin.PREPARED if lead and self.typed == lead else Origin.TYPED_ALONG

    @property
    def accepted(self) -> str:
        """What is typed, from where it was made, once its best candidate is accepted."""
        return self.typed + self.candidates[0].text


@dataclass(slots=True)
class SuggestionCache:
    """The latest suggestions of one document, newest first."""

    _remembered: deque[Remembered] = field(default_factory=lambda: deque(maxlen=CAPACITY))

    def remember(self, remembered: Remembered) -> Shown:
        """Keep a suggestion just made for the text as it is, and return it as it is shown."""
        self._remembered.appendleft(remembered)
        return Shown(remembered, "", remembered.candidates)

    def remember_next(
        self,
        shown: Shown,
        inserted: str,
        candidates: tuple[Candidate, ...],
        reason: EmptyReason | None,
    ) -> Remembered | None:
        """Keep and return what comes after `shown`, unless the text around it has changed.

        Args:
            shown: What is inserted first, or at least the beginning of it.
            inserted: All that is inserted first.
            candidates: To be inserted behind that.
            reason: Why there are none.
        """
        if shown.remembered not in self._remembered:
            return None
        before = shown.remembered
        lead = shown.typed + inserted
        whole = tuple(replace(each, text=lead + each.text) for each in candidates)
        options = CompletionOptions(max_tokens=before.options.max_tokens)
        following = Remembered(
            before.start, before.stop, before.model, options, whole, reason, lead
        )
        self._remembered.appendleft(following)
        return following

    def has_next(self, shown: Shown) -> bool:
        """Tell whether what comes after `shown` is known."""
        return any(
            each.start == shown.remembered.start and each.lead == shown.accepted
            for each in self._remembered
        )

    def find(self, text: str, cursor: int, options: CompletionOptions, model: str) -> Shown | None:
        """Return the newest suggestion that answers a request.

        Args:
            text: The document as the last edit left it.
            cursor: In code points.
            options: What is asked for.
            model: Name of the model that would answer.
        """
        answers = (
            each.shown(text, cursor, options) for each in self._remembered if each.model == model
        )
        return next((answer for answer in answers if answer is not None), None)

    def follow(self, edit: Replacement, old: str, new: str) -> None:
        """Go along with an edit; forget what it takes the ground from."""
        kept = [each for each in self._remembered if each.follow(edit, old, new)]
        self._remembered = deque(kept, maxlen=CAPACITY)

    def take_back(self, start: int, forbidden: str) -> None:
        """Drop from all suggestions a name that does not exist, and what comes after it.

        Args:
            start: Offset in the document where `forbidden` begins.
            forbidden: Ends with that name.
        """
        kept = [
            each for each in self._remembered if each.start != start or each.take_back(forbidden)
        ]
        self._remembered = deque(kept, maxlen=CAPACITY)

    def forget(self, remembered: Remembered) -> None:
        """Drop a suggestion; nothing if it is gone already."""
        if remembered in self._remembered:
            self._remembered.remove(remembered)

    def is_followed(self, remembered: Remembered, text: str, cursor: int | None) -> bool:
        """Tell whether a suggestion is still remembered, and what is typed goes along with it."""
        if cursor is None or remembered not in self._remembered:
            return False
        return remembered.goes_along(text, cursor)

    def still_gives(self, shown: Shown) -> bool:
        """Tell whether what was shown has not been taken back since."""
        is_there = shown.remembered in self._remembered
        texts = (each.text for each in shown.remembered.candidates)
        return is_there and shown.accepted in texts

    def clear(self) -> None:
        """Forget everything, because answers would be different now."""
        self._remembered.clear()
