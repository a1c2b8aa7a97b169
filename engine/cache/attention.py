"""Attention of some queries over the rows of an arena, with keys and values where they lie."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.cache.arena import Arena
from engine.model.configuration import DecoderConfiguration
from engine.model.decoder import softcap
from engine.model.rotary import RotaryTable, rotate

Visibility = Callable[[int | None], Tensor | None]
"""For a layer's window (None is unlimited): what queries may see of the last T of the R rows,
as a boolean (S, T) tensor; the rows before those are seen by all. None where every query sees
all R rows."""


@dataclass(frozen=True, slots=True)
class QueryGroup:
    """Consecutive queries of a pass that look at the same leading rows.

    Attributes:
        start, stop: Which of the pass's queries, half-open.
        num_visible_rows: R; rows from there on are not read for them.
        visibility: What each of them sees among the R rows.
    """

    start: int
    stop: int
    num_visible_rows: int
    visibility: Visibility


class ArenaAttention:
    """One pass's side of attention: turns, stores, attends. Matches `decoder.Attend`."""

    def __init__(
        self,
        arena: Arena,
        tables: Sequence[RotaryTable],
        configuration: DecoderConfiguration,
        *,
        rows: Tensor,
        positions: Tensor,
        groups: Sequence[QueryGroup],
        before_write: Callable[[int], None],
    ) -> None:
        """Prepare one pass.

        Args:
            arena: Written at `rows`, read as far as the groups see.
            tables: Per layer, shared between layers that turn alike.
            configuration: Of the model.
            rows: (S,), where this pass's keys and values go.
            positions: (S,), the positions that queries and keys turn to.
            groups: Cover all queries in order. Apart, queries near the front do not pay for
                rows that only later ones see.
            before_write: Told the layer that is about to be written.
        """
        self._arena = arena
        self._tables = tables
        self._configuration = configuration
        self._rows = rows
        self._groups = groups
        self._before_write = before_write
        self._turns = {id(table): table.at(positions) for table in tables}
        self._biases = {
            window: [self._bias(group.visibility(window), group) for group in groups]
            for window in set(configuration.windows)
        }

    def __call__(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Store one layer's keys and values, then attend. Shapes as in `decoder.Attend`."""
        turn = self._turns[id(self._tables[layer])]
        self._before_write(layer)
        self._arena.write(layer, self._rows, keys, rotate(keys, *turn), values)
        turned = rotate(queries, *turn)
        biases = self._biases[self._configuration.windows[layer]]
        attended = [
            self._attend(layer, turned[:, group.start : group.stop], group, bias)
            for group, bias in zip(self._groups, biases, strict=True)
        ]
        return attended[0] if len(attended) == 1 else torch.cat(attended, dim=1)

    def _attend(
        self, layer: int, queries: Tensor, group: QueryGroup, bias: Tensor | None
    ) -> Tensor:
        return attend_grouped(
            queries,
            self._arena.keys[layer, :, : group.num_visible_rows],
            self._arena.values[layer, :, : group.num_visible_rows],
            bias,
            scale=self._configuration.attention_scale,
            limit=self._configuration.attention_softcap,
        )

    def _bias(self, is_visible: Tensor | None, group: QueryGroup) -> Tensor | None:
        """Turn (S, T) visibility into an additive bias for folded queries, (G * S, R)."""
        if is_visible is None:
            return None
        num_queries, num_masked = is_visible.shape
        bias = torch.zeros(
            (num_queries, group.num_visible_rows),
            dtype=self._arena.keys.dtype,
            device=is_visible.device,
        )
        bias[:, group.num_visible_rows - num_masked :].masked_fill_(~is_visible, float("-inf"))
        return bias.repeat(self._configuration.num_heads // self._configuration.num_kv_heads, 1)


def attend_grouped(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    bias: Tensor | None,
    *,
    scale: float,
    limit: float | None = None,
) -> Tensor:
    """Attend with the queries of one key/value head folded into one long row of queries.

    Folding reads each key once for all query heads that share it; with heads expanded, one
    query over 7,600 rows took twenty times as long.

    Shapes:
        queries: (H, S, D).
        keys, values: (H_kv, R, D), not copied.
        bias: (H // H_kv * S, R) or None.

    Returns:
        (H, S, D).
    """
    heads, length, size = queries.shape
    folded = queries.reshape(len(keys), -1, size)  # (H_kv, G * S, D)
    if limit is None:
        attended = functional.scaled_dot_product_attention(
            folded[None], keys[None], values[None], attn_mask=bias, scale=scale
        )[0]
    else:
        scores = softcap(torch.matmul(folded, keys.transpose(1, 2)).float() * scale, limit)
        if bias is not None:
            scores = scores + bias
        attended = torch.matmul(scores.softmax(-1).to(values.dtype), values)
    return attended.reshape(heads, length, size)


def causal_visibility(queries: Tensor, keys: Tensor, window: int | None) -> Tensor:
    """Return which keys each query sees, (S, R), from positions (S,) and (R,)."""
    distance = queries[:, None] - keys[None, :]
    is_visible = distance >= 0
    if window is not None:
        is_visible &= distance < window
    return is_visible
