"""One suggestion while it may still be taken, and what an edit says about that."""

from dataclasses import dataclass
from enum import Enum

from completion.usage.edits import TextEdit

FEWEST_TAKEN_CHARACTERS = 4
"""A shorter part of a suggestion is taken for typing: an editor may report several keys at once."""

_PAIRS = frozenset({"()", "[]", "{}", "<>", '""', "''", "``"})
"""What editors insert for one key."""


class Move(Enum):
    """What an edit means for a suggestion."""

    TYPED = "typed"  # along it, key by key
    BACK = "back"  # towards where it was made
    TAKEN = "taken"  # all that was left of it, or a part that ends with a word or a line
    AWAY = "away"  # it does not hold any more


@dataclass(slots=True, eq=False)
class Offer:
    """A suggestion at a place, and how much of it stands there by now.

    Attributes:
        start: Where it was made.
        texts: The candidates, from there on, of which what stands there is the beginning.
        made_s: When it was answered.
        reached: How many of its characters stand there, typed or taken.
        announced: So far the client says that it is taken; 0 before it says so.
        is_shown, is_typed, is_taken: What has been counted of it.
    """

    start: int
    texts: tuple[str, ...]
    made_s: float
    reached: int = 0
    announced: int = 0
    is_shown: bool = False
    is_typed: bool = False
    is_taken: bool = False

    @property
    def place(self) -> int:
        """Where what is left of it would be inserted."""
        return self.start + self.reached

    @property
    def is_over(self) -> bool:
        """Tell whether all of a candidate stands there."""
        return any(len(text) == self.reached for text in self.texts)

    def goes_on(self, offset: int, texts: tuple[str, ...]) -> bool:
        """Tell whether an answer is only what is left of this one."""
        rests = {text[self.reached :] for text in self.texts}
        return offset == self.place and texts[0] in rests

    def widen(self, texts: tuple[str, ...]) -> None:
        """Take more candidates in, which begin where what is left of this one does."""
        lead = self.texts[0][: self.reached]
        self.texts = tuple(dict.fromkeys([*self.texts, *(lead + text for text in texts)]))

    def rest_ending(self, text: str) -> str:
        """Return what is left of a candidate, if `text` ends with it, else nothing.

        A client's item may begin with what was typed before the cursor.
        """
        rests = (each[self.reached :] for each in self.texts)
        return next((rest for rest in rests if text.endswith(rest)), "")

    def follow(self, edit: TextEdit, before: str) -> Move:
        """Move along with an edit, as small as it can be said.

        Args:
            edit: What happened.
            before: The document before it.
        """
        if edit.removed:
            return self._go_back(edit, before)
        length = len(edit.inserted)
        agreed = tuple(
            text
            for text in self.texts
            if edit.inserts(text[self.reached : self.reached + length], self.place, before)
        )
        if not agreed:
            return Move.AWAY
        self.texts = agreed
        self.reached += length
        is_taken = self.announced >= self.reached or looks_taken(
            agreed[0][self.reached - length :], length
        )
        return Move.TAKEN if is_taken else Move.TYPED

    def _go_back(self, edit: TextEdit, before: str) -> Move:
        length = len(edit.removed)
        if length > self.reached or not edit.removes(self.place - length, self.place, before):
            return Move.AWAY
        self.reached -= length
        self.announced = 0
        self.is_taken = self.is_taken and self.reached > 0
        return Move.BACK


def looks_taken(rest: str, length: int) -> bool:
    """Tell whether inserting so much of what was left of a suggestion took it.

    One key inserts one character, or a pair of brackets or quotes, or a line break with its
    indentation; all that is typing. So is what ends within a word.
    """
    text = rest[:length]
    if length == 1 or text.isspace() or text in _PAIRS:
        return False
    if text == rest:
        return True
    return length >= FEWEST_TAKEN_CHARACTERS and ends_word(rest, length)


def ends_word(text: str, place: int) -> bool:
    """Tell whether no word goes on across a place."""
    is_inside = 0 < place < len(text)
    return not (is_inside and _is_of_word(text[place - 1]) and _is_of_word(text[place]))


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"
