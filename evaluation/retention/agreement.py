"""How much of a suggestion its author would have accepted, going by what was typed instead."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from completion.difference import replacement_between
from completion.usage.offer import ends_word
from evaluation.retention.author import TypedState

LINE, WORD = "line", "word"
RULES = (LINE, WORD)
"""`line`: the first line is the author's; that line is taken. `word`: at least the first word is;
all words up to the first one that is not are taken."""

_FIRST_LINE = re.compile(r"\s*[^\n]*")
_FIRST_WORD = re.compile(r"\W*\w+")


@dataclass(frozen=True, slots=True)
class Taken:
    """What would have been accepted, and when the author had typed as much.

    Attributes:
        length: Of the accepted part of the suggestion.
        number: Of the transaction.
        at_s: When that was.
        text: All that stood there then; it begins with the accepted part.
    """

    length: int
    number: int
    at_s: float
    text: str


def taken_by_rule(suggestion: str, states: Iterable[TypedState]) -> Mapping[str, Taken]:
    """Return what would have been accepted by each rule; a rule by which nothing is, is missing.

    Args:
        suggestion: Shown before the first state.
        states: What was typed, in the order of time.
    """
    line = len(_first_line(suggestion).rstrip())
    first_word = _FIRST_WORD.match(suggestion)
    least = first_word.end() if first_word else max(1, line)
    taken: dict[str, Taken] = {}
    for state in states:
        agreed = agreed_length(suggestion, state)
        if LINE not in taken and line and agreed >= line and _is_line_over(state, line):
            taken[LINE] = Taken(line, state.number, state.at_s, state.text)
        if agreed >= least and (WORD not in taken or agreed > taken[WORD].length):
            taken[WORD] = Taken(agreed, state.number, state.at_s, state.text)
    return taken


def agreed_length(suggestion: str, state: TypedState) -> int:
    """Return how far both are the same, in whole words and without white space at the end."""
    typed = state.text

    def is_end(place: int) -> bool:
        may_go_on = place == len(typed) and not state.is_settled and typed[-1:].isalnum()
        return ends_word(suggestion, place) and ends_word(typed, place) and not may_go_on

    common = replacement_between(suggestion, typed).start
    length = next((place for place in range(common, 0, -1) if is_end(place)), 0)
    return len(suggestion[:length].rstrip())


def _first_line(text: str) -> str:
    """Return the first line that says anything, with blank ones before it."""
    found = _FIRST_LINE.match(text)
    return found.group() if found else ""


def _is_line_over(state: TypedState, length: int) -> bool:
    """Tell whether nothing else stands on the line whose first characters are so many."""
    rest, line_end, _ = state.text[length:].partition("\n")
    return not rest.strip() and (bool(line_end) or state.is_settled)
