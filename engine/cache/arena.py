"""One document's keys and values in one block of memory.

Row i of a layer belongs to the token at index i, and i is also its position. Rows from the
length of the document on are scratch, in which candidates are written. Unrotated keys are kept
beside rotated ones, so that a key is always turned once from its own origin.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.cache.alignment import Run
from engine.model.decoder import Decoder
from engine.model.rotary import RotaryTable, rotate, turns_to

ROW_STEP = 512


@dataclass(frozen=True, slots=True)
class SavedRows:
    """What stood in some rows of one layer before they were written, to put it back."""

    layer: int
    rows: Tensor
    unrotated: Tensor
    keys: Tensor
    values: Tensor


class Arena:
    """Keys, unrotated keys and values of all layers, (layers, H_kv, rows, D) each.

    Grows in steps of `ROW_STEP` rows and by at least a quarter, so that typing rarely does it.
    """

    def __init__(self, decoder: Decoder, tables: Sequence[RotaryTable]) -> None:
        configuration = decoder.configuration
        self._tables = tables
        shape = (configuration.num_layers, configuration.num_kv_heads, 0, configuration.head_size)
        self.keys = torch.empty(shape, dtype=decoder.dtype, device=decoder.device)
        self.unrotated = torch.empty_like(self.keys)
        self.values = torch.empty_like(self.keys)

    @property
    def num_rows(self) -> int:
        """Rows there is memory for."""
        return self.keys.shape[2]

    @property
    def num_bytes(self) -> int:
        """Memory held."""
        return 3 * self.keys.nbytes

    def reserve(self, num_rows: int) -> None:
        """Make room for so many rows, keeping what is there."""
        if num_rows <= self.num_rows:
            return
        wanted = max(num_rows, self.num_rows + self.num_rows // 4)
        size = -(-wanted // ROW_STEP) * ROW_STEP
        self.keys, self.unrotated, self.values = (
            _grown(block, size) for block in (self.keys, self.unrotated, self.values)
        )

    def move(self, runs: Sequence[Run]) -> None:
        """Put the runs' rows where they belong now and turn their keys to match.

        One pass over the moved rows of each layer, whatever the number of runs. Rows that no
        run covers hold rubbish afterwards.
        """
        moved = [run for run in runs if run.old_start != run.new_start]
        if not moved:
            return
        sources = _row_indices([(run.old_start, run.length) for run in moved], self.keys.device)
        targets = _row_indices([(run.new_start, run.length) for run in moved], self.keys.device)
        turns = turns_to(targets, self._tables)
        for layer, table in enumerate(self._tables):
            unrotated = self.unrotated[layer].index_select(1, sources)
            values = self.values[layer].index_select(1, sources)
            self.unrotated[layer].index_copy_(1, targets, unrotated)
            self.values[layer].index_copy_(1, targets, values)
            self.keys[layer].index_copy_(1, targets, rotate(unrotated, turns[id(table)]))

    def write(
        self, layer: int, rows: Tensor, unrotated: Tensor, keys: Tensor, values: Tensor
    ) -> None:
        """Store one layer's rows: (H_kv, S, D) each, for (S,) row indices."""
        self.unrotated[layer].index_copy_(1, rows, unrotated)
        self.keys[layer].index_copy_(1, rows, keys)
        self.values[layer].index_copy_(1, rows, values)

    def write_unrotated(self, layer: int, rows: Tensor, unrotated: Tensor, values: Tensor) -> None:
        """Store one layer's rows like `write`, and turn the keys to where they stand."""
        table = self._tables[layer]
        self.write(layer, rows, unrotated, rotate(unrotated, table.at(rows)), values)

    def place(self, start: int, unrotated: Tensor, values: Tensor) -> None:
        """Put rows from elsewhere at `start` and turn their keys to match.

        Shapes:
            unrotated, values: (layers, H_kv, C, D).
        """
        rows = torch.arange(start, start + values.shape[2], device=self.keys.device)
        for layer in range(len(self._tables)):
            self.write_unrotated(layer, rows, unrotated[layer], values[layer])

    def save(self, layer: int, rows: Tensor) -> SavedRows:
        """Copy what stands in some rows of a layer."""
        return SavedRows(
            layer,
            rows,
            self.unrotated[layer].index_select(1, rows),
            self.keys[layer].index_select(1, rows),
            self.values[layer].index_select(1, rows),
        )

    def restore(self, saved: SavedRows) -> None:
        """Put saved rows back."""
        self.write(saved.layer, saved.rows, saved.unrotated, saved.keys, saved.values)

    def move_scratch(self, first_row: int, sources: Sequence[int]) -> None:
        """Put scratch rows side by side from `first_row` on; keys stay turned as they are.

        Unrotated keys are left behind: nothing moves candidates to other positions.
        """
        rows = torch.tensor(sources, device=self.keys.device)
        stop_row = first_row + len(sources)
        self.keys[:, :, first_row:stop_row] = self.keys.index_select(2, rows)
        self.values[:, :, first_row:stop_row] = self.values.index_select(2, rows)

    def copy_from(self, other: "Arena", num_rows: int) -> None:
        """Take the first `num_rows` rows of another arena of the same model."""
        self.reserve(num_rows)
        for mine, theirs in (
            (self.keys, other.keys),
            (self.unrotated, other.unrotated),
            (self.values, other.values),
        ):
            mine[:, :, :num_rows] = theirs[:, :, :num_rows]


def _grown(block: Tensor, num_rows: int) -> Tensor:
    larger = block.new_empty((*block.shape[:2], num_rows, block.shape[3]))
    larger[:, :, : block.shape[2]] = block
    return larger


def _row_indices(spans: Sequence[tuple[int, int]], device: torch.device) -> Tensor:
    return torch.cat(
        [torch.arange(start, start + length, device=device) for start, length in spans]
    )
