"""Which tokens to encode afresh beside the new ones, so that rotation alone is not trusted.

A token that moved keeps conclusions drawn from what stood before it. Those are mended where they
matter most: just after a change, just before the cursor, and at the very end, from where the
next token is predicted. The rest is left to the refresh. Imports no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.cache.alignment import Run
from engine.cache.ledger import Flags
from engine.cache.slices import RowIndices
from engine.protocol.messages import TokenRange
from engine.tokens import TokenArray

Scores = NDArray[np.float32]
"""One for each row asked about; larger matters more."""


class Probe(Protocol):
    """What only the model can say about rows. Asking changes no row; each question is work."""

    def deviation(self, rows: RowIndices) -> Scores:
        """Return how far each row's keys and values are from what they would be now.

        Args:
            rows: Cached rows, in any order.
        """
        ...

    def attention_to(self, rows: RowIndices, from_rows: RowIndices) -> Scores:
        """Return how much the tokens at `from_rows` attend to each row.

        Args:
            rows: In any order.
            from_rows: Ascending, at least one.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """A cache whose known rows are where they belong, before anything is encoded.

    Attributes:
        tokens: The new prompt, (L,).
        removed: Tokens of the old prompt that were not kept, in its order.
        runs: What is held already, in order of the new prompt: kept, moved or from the store.
        is_fresh: (L,), rows encoded since anything before them changed; they need nothing.
        is_encoded: (L,), rows that hold anything; the others will be encoded in any case.
        cursor: Token index just past the text before the cursor.
        probe: Asks the model.
        chunks: Where pieces of other files stand.
        has_other_chunks: Whether these, or what stands before them, are not as they were, so
            that everything behind is stale.
    """

    tokens: TokenArray
    removed: TokenArray
    runs: Sequence[Run]
    is_fresh: Flags
    is_encoded: Flags
    cursor: int
    probe: Probe
    chunks: Sequence[TokenRange] = ()
    has_other_chunks: bool = False

    @property
    def is_stale(self) -> Flags:
        """Rows to choose from, (L,): cached, but under another text."""
        stale: Flags = self.is_encoded & ~self.is_fresh
        return stale

    @property
    def has_moved_cursor(self) -> bool:
        """Whether the gap for the next text is at another place than before.

        The marker behind the text before the cursor moves along with what follows it while one
        types; between other neighbours it is found nowhere in the old prompt.
        """
        return self.cursor < len(self.tokens) and not self.is_encoded[self.cursor]


class RepairPolicy(Protocol):
    """A way to choose what is mended at once."""

    def select(self, situation: Situation) -> Flags:
        """Choose among stale rows. Returns (L,), true for tokens to encode afresh."""
        ...


@dataclass(frozen=True, slots=True)
class WindowRepair:
    """Windows at fixed places. Their sizes are in tokens, together at most 160 by default."""

    head_tokens: int = 64  # of each run behind a change
    all_heads_tokens: int = 80  # of all such runs together
    cursor_tokens: int = 64  # before the cursor
    end_tokens: int = 16  # of the prompt

    def select(self, situation: Situation) -> Flags:
        """See `RepairPolicy.select`."""
        chosen = np.zeros(len(situation.tokens), dtype=np.bool_)
        for start, stop in self._heads(situation):
            chosen[start:stop] = True
        chosen[max(0, situation.cursor - self.cursor_tokens) : situation.cursor] = True
        chosen[max(0, len(chosen) - self.end_tokens) :] = True
        return chosen & situation.is_stale

    def scaled(self, share: float) -> "WindowRepair":
        """Return windows of so much of their sizes, one token at least where there is any."""
        return WindowRepair(
            head_tokens=share_of(self.head_tokens, share),
            all_heads_tokens=share_of(self.all_heads_tokens, share),
            cursor_tokens=share_of(self.cursor_tokens, share),
            end_tokens=share_of(self.end_tokens, share),
        )

    def _heads(self, situation: Situation) -> list[tuple[int, int]]:
        """Return the beginnings of runs that something changed in front of."""
        runs = runs_behind_change(situation)
        if not runs:
            return []
        size = min(self.head_tokens, self.all_heads_tokens // len(runs))
        return [(run.new_start, run.new_start + min(size, run.length)) for run in runs]


def share_of(num_tokens: int, share: float) -> int:
    """Return so much of a number of tokens, rounded down, but at least one of any."""
    return max(int(num_tokens * share), min(num_tokens, 1))


def runs_behind_change(situation: Situation) -> list[Run]:
    """Return the runs that something changed in front of."""
    return [run for run in situation.runs if situation.is_stale[run.new_start]]


NO_REPAIR = WindowRepair(head_tokens=0, all_heads_tokens=0, cursor_tokens=0, end_tokens=1)
"""Rotation alone: of the cached tokens only the last, from which the next one is predicted."""
