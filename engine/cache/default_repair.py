"""What is mended by default: one policy for each way in which rows become stale.

At most 160 cached tokens after an edit or a move of the cursor. Imports no torch.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from engine.cache.ledger import Flags
from engine.cache.policies import (
    POLICIES,
    ShareRepair,
    attended,
    largest_first,
    misleading,
    tail_then_attention,
)
from engine.cache.repair import RepairPolicy, Scores, Situation, WindowRepair, share_of
from engine.cache.slices import RowIndices


@dataclass(frozen=True, slots=True)
class ScoredRepair:
    """Encodes windows afresh, and of the other stale rows those with the largest score.

    Attributes:
        windows: What is chosen by its place.
        score: `attended` or `misleading`, which cost what `attention` and `influence` do.
        scored_tokens: Rows that are chosen by their score.
        asked_tokens: Most rows that are scored, those nearest to the cursor.
    """

    windows: WindowRepair
    score: Callable[[Situation, RowIndices], Scores]
    scored_tokens: int
    asked_tokens: int

    def select(self, situation: Situation) -> Flags:
        """See `RepairPolicy.select`."""
        chosen = self.windows.select(situation)
        others = np.flatnonzero(situation.is_stale & ~chosen)
        nearest = others[np.argsort(np.abs(others - situation.cursor), kind="stable")]
        asked = np.sort(nearest[: self.asked_tokens])
        if len(asked):
            best = largest_first(asked, self.score(situation, asked))
            chosen[best[: self.scored_tokens]] = True
        return chosen

    def scaled(self, share: float) -> "ScoredRepair":
        """Return one that chooses so much of what this one does, out of so many fewer rows."""
        return replace(
            self,
            windows=self.windows.scaled(share),
            scored_tokens=share_of(self.scored_tokens, share),
            asked_tokens=share_of(self.asked_tokens, share),
        )


@dataclass(frozen=True, slots=True)
class DefaultRepair:
    """One policy for each way in which rows become stale.

    What is typed makes the text behind the cursor stale and nothing else. Where the cursor has
    moved, the text between its old place and its new one has come to stand on the other side of
    the gap, and all of it is as suspicious as what follows. An exchange of chunks makes the whole
    document stale and happens in pauses only, so it may cost more than a keystroke.
    """

    after_typing: ScoredRepair
    after_moves: ScoredRepair
    after_exchanges: ShareRepair
    after_other_edits: ScoredRepair

    def select(self, situation: Situation) -> Flags:
        """See `RepairPolicy.select`."""
        if situation.has_other_chunks and situation.is_stale.any():
            return self.after_exchanges.select(situation)
        if situation.has_moved_cursor:
            return self.after_moves.select(situation)
        if not situation.is_stale[: situation.cursor].any():
            return self.after_typing.select(situation)
        return self.after_other_edits.select(situation)

    def scaled(self, share: float) -> "DefaultRepair":
        """Return one that mends so much of what this one does, in the same places."""
        return DefaultRepair(
            self.after_typing.scaled(share),
            self.after_moves.scaled(share),
            self.after_exchanges.scaled(share),
            self.after_other_edits.scaled(share),
        )


TYPING_REPAIR = ScoredRepair(
    WindowRepair(head_tokens=72, all_heads_tokens=72, cursor_tokens=0, end_tokens=8),
    attended,
    scored_tokens=32,
    asked_tokens=8192,
)
EDIT_REPAIR = ScoredRepair(
    WindowRepair(head_tokens=56, all_heads_tokens=64, cursor_tokens=40, end_tokens=8),
    attended,
    scored_tokens=24,
    asked_tokens=8192,
)
MOVE_REPAIR = ScoredRepair(
    WindowRepair(head_tokens=32, all_heads_tokens=32, cursor_tokens=32, end_tokens=16),
    misleading,
    scored_tokens=80,
    asked_tokens=1024,
)
"""Asks about fewer: each row asked about costs one layer of the model."""
EXCHANGE_SHARE = 0.18
"""About what fits into a quarter of the time of a prefill."""
EXCHANGE_TAIL_TOKENS = 64
EXCHANGE_REPAIR = ShareRepair(partial(tail_then_attention, EXCHANGE_TAIL_TOKENS), EXCHANGE_SHARE)
DEFAULT_REPAIR = DefaultRepair(TYPING_REPAIR, MOVE_REPAIR, EXCHANGE_REPAIR, EDIT_REPAIR)

DEFAULT_POLICY = "default"
POLICY_NAMES = (DEFAULT_POLICY, *POLICIES)


def policy_named(name: str) -> RepairPolicy:
    """Return the policy of a name in `POLICY_NAMES`."""
    return DEFAULT_REPAIR if name == DEFAULT_POLICY else POLICIES[name]
