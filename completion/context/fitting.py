"""Chunks fitted into a budget of tokens, and the choice between a new set and the one in use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from completion.context.selection import Passage, Selection
from retrieval.types import Chunk

LEAST_LINES = 3
"""A chunk cut to less says too little."""

CLEAR_MARGIN = 0.25
"""How much more a new set must be worth than the one in use, as a share of that."""

CountTokens = Callable[[Chunk], int]


@dataclass(frozen=True, slots=True)
class Quotation:
    """A passage in the prompt.

    Attributes:
        passage: As it was chosen.
        chunk: As it is quoted: the whole, or its first lines.
        num_tokens: In the prompt, its path included.
    """

    passage: Passage
    chunk: Chunk
    num_tokens: int

    @property
    def is_cut(self) -> bool:
        """Tell whether lines are missing at its end."""
        return self.chunk.text != self.passage.chunk.text


@dataclass(frozen=True, slots=True)
class Fitted:
    """What went into a budget, best first, and what did not."""

    quotations: tuple[Quotation, ...] = ()
    left_out: tuple[Passage, ...] = ()

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """In the order of the prompt: the best stands last, nearest to the code."""
        return tuple(quotation.chunk for quotation in reversed(self.quotations))

    @property
    def num_tokens(self) -> int:
        """Of all quotations together."""
        return sum(quotation.num_tokens for quotation in self.quotations)


def fit(passages: Sequence[Passage], budget_tokens: int, count_tokens: CountTokens) -> Fitted:
    """Take passages, best first: whole while they fit, else their first lines."""
    quotations, left_out = [], []
    room = budget_tokens
    for passage in passages:
        quotation = _quote(passage, room, count_tokens)
        if quotation is None:
            reason = f"there is no room for it in {budget_tokens} tokens"
            left_out.append(replace(passage, left_out=reason))
        else:
            quotations.append(quotation)
            room -= quotation.num_tokens
    return Fitted(tuple(quotations), tuple(left_out))


def is_clearly_better(new: Fitted, used: Fitted, selection: Selection) -> bool:
    """Decide whether a new set is worth another front of the prompt.

    Args:
        new: What was chosen and fitted now.
        used: What the prompt has had so far.
        selection: Says what a passage of either is worth at the present place.
    """
    if new.chunks == used.chunks:
        return False
    worth_of_new, worth_of_used = _worth(new, selection), _worth(used, selection)
    return worth_of_used == 0.0 or worth_of_new > (1 + CLEAR_MARGIN) * worth_of_used


def _worth(fitted: Fitted, selection: Selection) -> float:
    return sum(selection.gain_of(quotation.passage) for quotation in fitted.quotations)


def cut_to_room(chunk: Chunk, room: int, count_tokens: CountTokens) -> Chunk | None:
    """Return a chunk, or as many of its first lines as fit; None if those are too few."""
    if count_tokens(chunk) <= room:
        return chunk
    lines = chunk.text.splitlines(keepends=True)
    fitting, too_many = LEAST_LINES - 1, len(lines)
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        if count_tokens(_first_lines(chunk, lines[:middle])) <= room:
            fitting = middle
        else:
            too_many = middle
    return None if fitting < LEAST_LINES else _first_lines(chunk, lines[:fitting])


def _quote(passage: Passage, room: int, count_tokens: CountTokens) -> Quotation | None:
    chunk = cut_to_room(passage.chunk, room, count_tokens)
    return None if chunk is None else Quotation(passage, chunk, count_tokens(chunk))


def _first_lines(chunk: Chunk, lines: Sequence[str]) -> Chunk:
    return replace(chunk, text="".join(lines))
