"""Ways to spend the same budget on repair, to be compared on the same edits.

Each encodes at most `BUDGET_TOKENS` cached tokens afresh: the end of the prompt first, as the
default does, then rows in the policy's own order. Where the order is fixed by places alone, rows
that need nothing use up the budget too, so that typing does not widen the windows with every
key; the orders that look for rows look among stale ones only. Imports no torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from engine.cache.ledger import Flags
from engine.cache.repair import RepairPolicy, Scores, Situation, runs_behind_change
from engine.cache.slices import RowIndices
from engine.tokens import TokenArray

BUDGET_TOKENS = 160
END_TOKENS = 16
MOST_OCCURRENCES = 4
"""Tokens found more often than that say little about where a name is used."""
NAMES_TOKENS = 96
"""For rows around names; what is left of the budget goes to the tail."""
NEAR_CURSOR_TOKENS = 48
"""About four lines of code."""
BEFORE_NAME_TOKENS, AFTER_NAME_TOKENS = 6, 10
"""About the line that a name stands in."""
ASKING_TOKENS = 4
"""So few that a pass over them may run with packed weights."""

Order = Callable[[Situation], RowIndices]
"""Rows, the one to encode first in front; may repeat rows and name ones that need nothing."""


@dataclass(frozen=True, slots=True)
class RankedRepair:
    """Encodes the end of the prompt afresh, then the first rows of an order, up to a budget."""

    order: Order
    budget_tokens: int = BUDGET_TOKENS
    end_tokens: int = END_TOKENS

    def select(self, situation: Situation) -> Flags:
        """See `RepairPolicy.select`."""
        chosen = np.zeros(len(situation.tokens), dtype=np.bool_)
        if not situation.is_stale.any():
            return chosen
        end = _backwards_from(len(chosen))[: self.end_tokens]
        rows = _without_repeats(np.concatenate([end, self.order(situation)]))
        cached = rows[situation.is_encoded[rows]]
        chosen[cached[: self.budget_tokens]] = True
        return chosen & situation.is_stale


@dataclass(frozen=True, slots=True)
class ShareRepair:
    """Does as `RankedRepair` with a budget that grows with the prompt."""

    order: Order
    share: float
    end_tokens: int = END_TOKENS

    def select(self, situation: Situation) -> Flags:
        """See `RepairPolicy.select`."""
        budget_tokens = round(self.share * len(situation.tokens))
        return RankedRepair(self.order, budget_tokens, self.end_tokens).select(situation)

    def scaled(self, share: float) -> "ShareRepair":
        """Return one whose budget is so much of this one's."""
        return replace(self, share=self.share * share)


def tail(situation: Situation) -> RowIndices:
    """Spend everything just before the cursor.

    Encoded afresh, these rows see the edit themselves, and the next token sees mostly them.
    """
    return _backwards_from(min(situation.cursor, len(situation.tokens)))


def head(situation: Situation) -> RowIndices:
    """Spend everything on the beginnings of runs behind a change.

    All such runs alike, however many; among equals the one nearest to the cursor first.

    Source:
        EPIC, arXiv 2410.15332: the first tokens of a moved piece carry most of its error.
    """
    runs = runs_behind_change(situation)
    if not runs:
        return _NO_ROWS
    rows = np.concatenate([np.arange(run.new_start, run.new_stop) for run in runs])
    depths = np.concatenate([np.arange(run.length) for run in runs])
    return rows[np.lexsort((np.abs(rows - situation.cursor), depths))]


def head_then_tail(head_tokens: int, situation: Situation) -> RowIndices:
    """Spend so many tokens as `head` does and the rest as `tail` does."""
    return np.concatenate([head(situation)[:head_tokens], tail(situation)])


def chunk_heads(head_tokens: int, situation: Situation) -> RowIndices:
    """Spend so many tokens on each chunk's beginning and that of the text behind them.

    Source:
        EPIC, arXiv 2410.15332: the first tokens of a chunk that was encoded alone took it for
        the beginning of all.
    """
    starts = [place.start for place in situation.chunks]
    starts += [place.stop for place in situation.chunks[-1:]]
    heads = [np.arange(start, start + head_tokens) for start in starts]
    rows = np.concatenate([_NO_ROWS, *heads])
    return rows[rows < len(situation.tokens)]


def chunk_heads_then_tail(head_tokens: int, situation: Situation) -> RowIndices:
    """Spend what `chunk_heads` does and the rest as `tail` does."""
    return np.concatenate([chunk_heads(head_tokens, situation), tail(situation)])


def rare_names(situation: Situation) -> RowIndices:
    """Spend 96 tokens on lines that share rare tokens with the edit, the rest on the tail.

    Rare are tokens that were inserted or removed and are cached at most four times. Lines
    nearest to the cursor come first. An edit should matter most to lines that use the names it
    touches.
    """
    edited = np.concatenate([situation.tokens[~situation.is_encoded], situation.removed])
    around = _lines_around(situation, _rows_of_rare(situation, edited))
    return np.concatenate([around[:NAMES_TOKENS], tail(situation)])


def cursor_names(situation: Situation) -> RowIndices:
    """Spend 96 tokens on lines that share rare tokens with those before the cursor.

    Rare as in `rare_names`, but for the last 48 tokens before the cursor, whose own rows the
    tail covers, on which the rest is spent. What comes next is most likely about the names just
    written, so what the model concluded where else they stand should be of this text.
    """
    start = max(0, situation.cursor - NEAR_CURSOR_TOKENS)
    rows = _rows_of_rare(situation, situation.tokens[start : situation.cursor])
    elsewhere = rows[(rows < start) | (rows >= situation.cursor)]
    around = _lines_around(situation, elsewhere)
    return np.concatenate([around[:NAMES_TOKENS], tail(situation)])


def deviation(situation: Situation) -> RowIndices:
    """Spend everything on rows whose keys and values have changed most.

    Cost: one layer of the model for all stale rows.

    Source:
        CacheBlend, arXiv 2405.16444: tokens that deviate in an early layer do in later ones.
    """
    rows = np.flatnonzero(situation.is_stale)
    return largest_first(rows, situation.probe.deviation(rows))


def attended(situation: Situation, rows: RowIndices) -> Scores:
    """Return how much the cursor and the end of the prompt attend to each row."""
    return situation.probe.attention_to(rows, _asking_rows(situation))


def misleading(situation: Situation, rows: RowIndices) -> Scores:
    """Return how much each row is attended to, times how far it is off."""
    return attended(situation, rows) * situation.probe.deviation(rows)


def attention(situation: Situation) -> RowIndices:
    """Spend everything on rows that the cursor and the end of the prompt attend to most.

    Cost: one pass over four tokens.

    Source:
        ProphetKV, arXiv 2602.02579: repair what the query is going to read.
    """
    rows = np.flatnonzero(situation.is_stale)
    return largest_first(rows, attended(situation, rows))


def influence(tail_tokens: int, situation: Situation) -> RowIndices:
    """Spend so many tokens on the tail, the rest where attention times deviation is largest.

    To first order, a stale row misleads by how far it is off times how much it is read.

    Cost: those of `attention` and `deviation` together.
    """
    rows = np.flatnonzero(situation.is_stale)
    ranked = largest_first(rows, misleading(situation, rows))
    return np.concatenate([tail(situation)[:tail_tokens], ranked])


def tail_then_attention(tail_tokens: int, situation: Situation) -> RowIndices:
    """Spend so many tokens as `tail` does and the rest as `attention` does."""
    return np.concatenate([tail(situation)[:tail_tokens], attention(situation)])


POLICIES: Mapping[str, RepairPolicy] = {
    "tail": RankedRepair(tail),
    "head": RankedRepair(head),
    "head-tail": RankedRepair(partial(head_then_tail, 64)),
    "head-32-tail": RankedRepair(partial(head_then_tail, 32)),
    "head-112-tail": RankedRepair(partial(head_then_tail, 112)),
    "rare-names": RankedRepair(rare_names),
    "cursor-names": RankedRepair(cursor_names),
    "deviation": RankedRepair(deviation),
    "attention": RankedRepair(attention),
    "influence": RankedRepair(partial(influence, 0)),
    "tail-influence": RankedRepair(partial(influence, 64)),
}
"""Every policy to compare, by its name in settings and results."""


_NO_ROWS: RowIndices = np.empty(0, dtype=np.intp)


def _backwards_from(stop: int) -> RowIndices:
    return np.arange(stop - 1, -1, -1)


def _without_repeats(rows: RowIndices) -> RowIndices:
    """Keep the first of each row, in order."""
    _, first = np.unique(rows, return_index=True)
    return rows[np.sort(first)]


def largest_first(rows: RowIndices, scores: Scores) -> RowIndices:
    """Return rows, the one with the largest score in front."""
    return rows[np.argsort(-scores, kind="stable")]


def _asking_rows(situation: Situation) -> RowIndices:
    """Return the last rows before the cursor and the one that predicts the next token."""
    last = len(situation.tokens) - 1
    before_cursor = tail(situation)[:ASKING_TOKENS]
    return np.union1d(before_cursor, [last])[-ASKING_TOKENS:]


def _lines_around(situation: Situation, places: RowIndices) -> RowIndices:
    """Return stale rows around `places`, those nearest to the cursor first."""
    places = places[np.argsort(np.abs(places - situation.cursor), kind="stable")]
    offsets = np.arange(-BEFORE_NAME_TOKENS, AFTER_NAME_TOKENS)
    rows = (places[:, None] + offsets).ravel()
    rows = rows[(rows >= 0) & (rows < len(situation.tokens))]
    return _without_repeats(rows[situation.is_stale[rows]])


def _rows_of_rare(situation: Situation, names: TokenArray) -> RowIndices:
    """Return cached rows whose token is among `names` and in few cached rows."""
    cached = np.flatnonzero(situation.is_encoded)
    tokens, which, counts = np.unique(
        situation.tokens[cached], return_inverse=True, return_counts=True
    )
    is_wanted = np.isin(tokens, names) & (counts <= MOST_OCCURRENCES)
    return cached[is_wanted[which]]
