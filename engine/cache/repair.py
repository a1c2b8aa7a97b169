"""Which tokens to encode afresh beside the new ones, so that rotation alone is not trusted.

A token that moved keeps conclusions drawn from what stood before it. Those are mended where they
matter most: just after a change, just before the cursor, and at the very end, from where the
next token is predicted. The rest is left to the refresh.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.cache.alignment import Run
from engine.cache.ledger import Flags


@dataclass(frozen=True, slots=True)
class RepairPolicy:
    """Sizes of the windows, in tokens. Together at most 160 with the defaults."""

    head_tokens: int = 64  # of each run behind a change
    all_heads_tokens: int = 80  # of all such runs together
    cursor_tokens: int = 64  # before the cursor
    end_tokens: int = 16  # of the prompt

    def select(self, runs: Sequence[Run], is_fresh: Flags, cursor: int) -> Flags:
        """Choose among cached tokens.

        Args:
            runs: What was kept, in order of the new prompt.
            is_fresh: (L,), rows encoded since anything before them changed; they need nothing.
            cursor: Token index just past the text before the cursor.

        Returns:
            (L,), true for tokens to encode afresh.
        """
        chosen = np.zeros(len(is_fresh), dtype=np.bool_)
        for start, stop in self._heads(runs, is_fresh):
            chosen[start:stop] = True
        chosen[max(0, cursor - self.cursor_tokens) : cursor] = True
        chosen[max(0, len(chosen) - self.end_tokens) :] = True
        return chosen & ~is_fresh

    def _heads(self, runs: Sequence[Run], is_fresh: Flags) -> list[tuple[int, int]]:
        """Return the beginnings of runs that something changed in front of."""
        behind_change = [run for run in runs if not is_fresh[run.new_start]]
        if not behind_change:
            return []
        size = min(self.head_tokens, self.all_heads_tokens // len(behind_change))
        return [(run.new_start, run.new_start + min(size, run.length)) for run in behind_change]
