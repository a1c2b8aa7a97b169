"""Attention of some queries over the rows of an arena, with keys and values where they lie."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.cache.arena import Arena
from engine.cache.parts import CacheParts
from engine.model.rotary import rotate, turns_to

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
        parts: CacheParts,
        *,
        rows: Tensor,
        positions: Tensor,
        groups: Sequence[QueryGroup],
        before_write: Callable[[int], None],
    ) -> None:
        """Prepare one pass.

        Args:
            arena: Written at `rows`, read as far as the groups see.
            parts: Of the model.
            rows: (S,), where this pass's keys and values go.
            positions: (S,), the positions that queries and keys turn to.
            groups: Cover all queries in order. Apart, queries near the front do not pay for
                rows that only later ones see.
            before_write: Told the layer that is about to be written.
        """
        self._arena = arena
        self._tables = parts.tables
        self._configuration = parts.decoder.configuration
        self._rows = rows
        self._groups = groups
        self._before_write = before_write
        self._turns = turns_to(positions, self._tables)
        self._kernels = [parts.kernels.for_queries(group.stop - group.start) for group in groups]
        windows = set(self._configuration.windows)
        self._biases = {window: self._biases_for(window) for window in windows}

    def __call__(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Store one layer's keys and values, then attend. Shapes as in `decoder.Attend`."""
        turn = self._turns[id(self._tables[layer])]
        self._before_write(layer)
        turned, turned_keys = torch.split(
            rotate(torch.cat([queries, keys]), turn), [len(queries), len(keys)]
        )
        self._arena.write(layer, self._rows, keys, turned_keys, values)
        biases = self._biases[self._configuration.windows[layer]]
        attended = [
            kernel.attend(
                turned[:, group.start : group.stop],
                self._arena.keys[layer, :, : group.num_visible_rows],
                self._arena.values[layer, :, : group.num_visible_rows],
                bias,
                self._configuration.attention_scale,
            )
            for kernel, group, bias in zip(self._kernels, self._groups, biases, strict=True)
        ]
        return attended[0] if len(attended) == 1 else torch.cat(attended, dim=1)

    def _biases_for(self, window: int | None) -> list[Tensor | None]:
        heads_per_key = self._configuration.num_heads // self._configuration.num_kv_heads
        return [
            kernel.bias(
                group.visibility(window),
                num_rows=group.num_visible_rows,
                heads_per_key=heads_per_key,
                dtype=self._arena.keys.dtype,
            )
            for kernel, group in zip(self._kernels, self._groups, strict=True)
        ]


def causal_visibility(queries: Tensor, keys: Tensor, window: int | None) -> Tensor:
    """Return which keys each query sees, (S, R), from positions (S,) and (R,)."""
    distance = queries[:, None] - keys[None, :]
    is_visible = distance >= 0
    if window is not None:
        is_visible &= distance < window
    return is_visible
