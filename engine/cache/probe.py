"""Asks the model which cached rows matter, without changing any of them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.cache.arena import Arena
from engine.cache.attention import ArenaAttention, causal_groups, causal_visibility
from engine.cache.ledger import Flags, Ledger
from engine.cache.parts import CacheParts
from engine.cache.repair import Scores
from engine.cache.slices import RowIndices, pack_slices, stretches
from engine.model.decoder import softcap
from engine.model.rotary import rotate, turns_to
from engine.types import Checkpoint, Interruption

DEVIATION_LAYER = 1
"""The first whose keys and values know what stood before a token."""


class CacheProbe:
    """Implements `Probe` for rows that have been moved, while new ones still hold nothing.

    Nothing is written to the arena, so that it may be left at any checkpoint.
    """

    def __init__(
        self,
        parts: CacheParts,
        arena: Arena,
        ledger: Ledger,
        slice_tokens: int,
        checkpoint: Checkpoint,
    ) -> None:
        self._parts = parts
        self._arena = arena
        self._ledger = ledger
        self._slice_tokens = slice_tokens
        self._checkpoint = checkpoint

    def deviation(self, rows: RowIndices) -> Scores:
        """Return how far each row's keys and values of the second layer are off.

        The distances of keys and of values, each divided by its mean over `rows`, added up.

        Cost: the first layer for `rows` and all rows that hold nothing, which those see.

        Source:
            CacheBlend, arXiv 2405.16444, which compares the same layer's values.
        """
        if not len(rows):
            return np.empty(0, dtype=np.float32)
        layer = min(DEVIATION_LAYER, self._parts.decoder.configuration.num_layers - 1)
        copied = _CopiedRows.of(self._arena, layer, len(self._ledger))
        read = np.union1d(rows, np.flatnonzero(~self._ledger.is_encoded))
        pieces = pack_slices(read, self._slice_tokens)
        changes = torch.cat([self._changes(piece, copied, layer) for piece in pieces], dim=1)
        asked = torch.from_numpy(np.searchsorted(read, rows)).to(changes.device)
        change = changes[:, asked]
        means = change.mean(dim=1, keepdim=True).clamp_min(torch.finfo(change.dtype).tiny)
        return _as_scores((change / means).sum(dim=0))

    def attention_to(self, rows: RowIndices, from_rows: RowIndices) -> Scores:
        """Return the attention that tokens at `from_rows` pay to each row, over all heads.

        Rows that hold nothing are not seen, but for `from_rows` themselves.

        Cost: one pass over `from_rows`.
        """
        is_seen = self._ledger.is_encoded.copy()
        is_seen[from_rows] = False
        attention = _CountedAttention(self._parts, self._arena, is_seen, from_rows)
        self._parts.decoder_for(len(from_rows)).forward(
            self._tokens(from_rows), attention, self._checkpoint
        )
        return _as_scores(attention.paid)[rows]

    def _changes(self, rows: RowIndices, copied: "_CopiedRows", layer: int) -> Tensor:
        """Return the distances of keys and of values, (2, S), of one slice."""
        index = torch.from_numpy(rows).to(self._arena.keys.device)
        attention = ArenaAttention(
            copied,
            self._parts,
            rows=index,
            positions=index,
            groups=causal_groups(rows, index.device),
        )
        comparison = _Comparison(attention, self._arena, index, layer)
        with suppress(_Compared):
            self._parts.decoder.forward(self._tokens(rows), comparison, self._checkpoint)
        return comparison.changes

    def _tokens(self, rows: RowIndices) -> Tensor:
        tokens = torch.from_numpy(self._ledger.tokens[rows].astype(np.int64))
        return tokens.to(self._arena.keys.device)


@dataclass(slots=True)
class _CopiedRows:
    """The first layers of an arena, to write to. Implements `AttendedRows`."""

    keys: Tensor
    values: Tensor

    @classmethod
    def of(cls, arena: Arena, num_layers: int, num_rows: int) -> "_CopiedRows":
        return cls(
            arena.keys[:num_layers, :, :num_rows].clone(),
            arena.values[:num_layers, :, :num_rows].clone(),
        )

    def write(
        self, layer: int, rows: Tensor, unrotated: Tensor, keys: Tensor, values: Tensor
    ) -> None:
        """See `AttendedRows.write`; unrotated keys are not needed."""
        del unrotated
        self.keys[layer].index_copy_(1, rows, keys)
        self.values[layer].index_copy_(1, rows, values)


class _Compared(Interruption):
    """Leaves a pass whose layer has been compared."""


class _Comparison:
    """Attends up to one layer and compares that with the arena. Matches `decoder.Attend`."""

    def __init__(self, attention: ArenaAttention, arena: Arena, rows: Tensor, layer: int) -> None:
        self._attention = attention
        self._arena = arena
        self._rows = rows
        self._layer = layer
        self.changes = torch.empty(2, 0)

    def __call__(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        if layer < self._layer:
            return self._attention(layer, queries, keys, values)
        cached_keys = self._arena.unrotated[layer].index_select(1, self._rows)
        cached_values = self._arena.values[layer].index_select(1, self._rows)
        self.changes = torch.stack(
            [_distances(keys, cached_keys), _distances(values, cached_values)]
        )
        raise _Compared


class _CountedAttention:
    """Attends, and adds up what is attended to. Matches `decoder.Attend`.

    Rows are read where they lie, in stretches, because copying them would take longer than all
    the rest; those in between may hold anything.
    """

    def __init__(
        self, parts: CacheParts, arena: Arena, is_seen: Flags, from_rows: RowIndices
    ) -> None:
        configuration = parts.decoder.configuration
        device = arena.keys.device
        self._arena = arena
        self._configuration = configuration
        self._tables = parts.tables
        seen = np.flatnonzero(is_seen)
        self._stretches = [slice(each[0], each[-1] + 1) for each in stretches(seen)]
        positions = torch.from_numpy(from_rows).to(device)
        self._turns = turns_to(positions, parts.tables)
        rows = torch.cat([torch.from_numpy(seen).to(device), positions])
        self._is_hidden = {
            window: ~causal_visibility(positions, rows, window)
            for window in set(configuration.windows)
        }
        self.paid = torch.zeros(len(is_seen), device=device)
        """(L,), float32; 0 for rows that are not seen."""

    def __call__(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        turn = self._turns[id(self._tables[layer])]
        all_keys = [*self._seen(self._arena.keys[layer]), rotate(keys, turn)]
        weights = self._weights(layer, rotate(queries, turn), all_keys)  # (H_kv, G * S, R)
        all_values = [*self._seen(self._arena.values[layer]), values]
        parts = torch.split(weights, [each.shape[1] for each in all_values], dim=-1)
        for place, part in zip(self._stretches, parts, strict=False):  # the last is no row
            self.paid[place] += part.sum(dim=(0, 1))
        attended = [
            part.to(values.dtype) @ each for part, each in zip(parts, all_values, strict=True)
        ]
        return torch.stack(attended).sum(dim=0).reshape(queries.shape)

    def _seen(self, block: Tensor) -> list[Tensor]:
        """Return the seen rows of keys or values (H_kv, rows, D), stretch by stretch."""
        return [block[:, place] for place in self._stretches]

    def _weights(self, layer: int, queries: Tensor, all_keys: Sequence[Tensor]) -> Tensor:
        """Return how queries (H, S, D) share out their attention, (H_kv, G * S, R)."""
        configuration = self._configuration
        num_queries, size = queries.shape[1:]
        together = queries.reshape(len(all_keys[0]), -1, size)
        products = torch.cat([together @ keys.transpose(-1, -2) for keys in all_keys], dim=-1)
        grouped = products.float().reshape(len(products), -1, num_queries, products.shape[-1])
        scores = softcap(grouped * configuration.attention_scale, configuration.attention_softcap)
        is_hidden = self._is_hidden[configuration.windows[layer]]
        return scores.masked_fill(is_hidden, float("-inf")).softmax(dim=-1).flatten(1, 2)


def _distances(left: Tensor, right: Tensor) -> Tensor:
    """Compare (H_kv, S, D) each; return (S,), float32."""
    return (left.float() - right.float()).square().sum(dim=(0, 2)).sqrt()


def _as_scores(values: Tensor) -> Scores:
    scores: Scores = values.cpu().numpy()
    return scores
