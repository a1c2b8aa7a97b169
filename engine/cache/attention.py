"""Attention of some queries over the rows of an arena, with keys and values where they lie."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from engine.cache.parts import CacheParts
from engine.cache.slices import RowIndices, gathered, stretches
from engine.model.rotary import rotate, turns_to

MOST_GATHERED_QUERIES = 32
"""Rows that are apart attend together up to here: a call costs more than rows read in vain."""

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


class AttendedRows(Protocol):
    """What attention reads and writes: an arena, or what stands in for one.

    Attributes:
        keys, values: (layers, H_kv, rows, D), keys turned.
    """

    keys: Tensor
    values: Tensor

    def write(
        self, layer: int, rows: Tensor, unrotated: Tensor, keys: Tensor, values: Tensor
    ) -> None:
        """Store one layer's rows: (H_kv, S, D) each, for (S,) row indices."""
        ...


class ArenaAttention:
    """One pass's side of attention: turns, stores, attends. Matches `decoder.Attend`."""

    def __init__(
        self,
        arena: AttendedRows,
        parts: CacheParts,
        *,
        rows: Tensor,
        positions: Tensor,
        groups: Sequence[QueryGroup],
        before_write: Callable[[int], None] | None = None,
    ) -> None:
        """Prepare one pass.

        Args:
            arena: Written at `rows`, read as far as the groups see.
            parts: Of the model.
            rows: (S,), where this pass's keys and values go.
            positions: (S,), the positions that queries and keys turn to.
            groups: Cover all queries in order. Apart, queries near the front do not pay for
                rows that only later ones see.
            before_write: Told the layer that is about to be written, where what stands there
                may have to be brought back.
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
        if self._before_write:
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


def causal_groups(rows: RowIndices, device: torch.device) -> list[QueryGroup]:
    """Let each of some ascending rows see everything up to itself."""
    groups, start = [], 0
    for members in gathered(stretches(rows), MOST_GATHERED_QUERIES):
        groups.append(
            QueryGroup(
                start,
                start + len(members),
                num_visible_rows=int(members[-1]) + 1,
                visibility=partial(_causal_visibility_of, torch.from_numpy(members).to(device)),
            )
        )
        start += len(members)
    return groups


def _causal_visibility_of(rows: Tensor, window: int | None) -> Tensor:
    """Let each row see all up to itself; without a window, all see what is before the first."""
    first = int(rows[0]) if window is None else 0
    keys = torch.arange(first, int(rows[-1]) + 1, device=rows.device)
    return causal_visibility(rows, keys, window)
