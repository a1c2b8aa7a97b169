"""Turning queries and keys to their positions.

A key is turned once, from its unrotated form, straight to where it stands. The arithmetic is
done one type wider than storage (float32 for bfloat16 and float16, float64 for float32), so the
result is within one rounding of the exact turn however often a key has moved before.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine.model.frequencies import RotaryFrequencies

WIDER = {
    torch.bfloat16: torch.float32,
    torch.float16: torch.float32,
    torch.float32: torch.float64,
}
TABLE_STEP_TOKENS = 4096


class Turn(NamedTuple):
    """What turns vectors to some positions, one type wider than they are stored in.

    Attributes:
        cosines: (S, rotary_size).
        sines: (S, rotary_size), negative for the first half of the elements.
    """

    cosines: Tensor
    sines: Tensor


class RotaryTable:
    """Cosines and sines of every position so far asked for, computed in float64."""

    def __init__(
        self, frequencies: RotaryFrequencies, storage: torch.dtype, device: torch.device
    ) -> None:
        self.rotary_size = frequencies.rotary_size
        self._frequencies = frequencies
        self._wide = WIDER[storage]
        self._device = device
        self._cosines = torch.empty(0, self.rotary_size, dtype=self._wide, device=device)
        self._sines = self._cosines.clone()

    def at(self, positions: Tensor) -> Turn:
        """Return the turn to (S,) integer positions."""
        self._grow(int(positions.max()) + 1)
        return Turn(self._cosines[positions], self._sines[positions])

    def _grow(self, num_positions: int) -> None:
        if num_positions <= len(self._cosines):
            return
        size = -(-num_positions // TABLE_STEP_TOKENS) * TABLE_STEP_TOKENS
        radians = torch.from_numpy(self._frequencies.radians_per_token)
        angles = torch.arange(size, dtype=torch.float64)[:, None] * radians
        cosines = angles.cos() * self._frequencies.amplitude
        sines = angles.sin() * self._frequencies.amplitude
        self._cosines = torch.cat([cosines, cosines], dim=1).to(self._device, self._wide)
        self._sines = torch.cat([-sines, sines], dim=1).to(self._device, self._wide)


def turns_to(positions: Tensor, tables: Sequence[RotaryTable]) -> dict[int, Turn]:
    """Return the turn of each table, by its `id`; layers share tables, so there are few."""
    distinct = {id(table): table for table in tables}
    return {key: table.at(positions) for key, table in distinct.items()}


def rotate(vectors: Tensor, turn: Turn) -> Tensor:
    """Turn the rotary elements of each vector; the others pass through.

    Shapes:
        vectors: (heads, S, D), storage type. Not changed.

    Returns:
        (heads, S, D), storage type.

    Source:
        RoFormer, arXiv 2104.09864, section 3.4.2; element i turns with element
        i + rotary_size // 2, the layout of the supported families.
    """
    size = turn.cosines.shape[-1]
    rotary = vectors[..., :size].to(turn.cosines.dtype)
    partners = rotary.roll(size // 2, -1)
    turned = torch.addcmul(rotary * turn.cosines, partners, turn.sines).to(vectors.dtype)
    if size == vectors.shape[-1]:
        return turned
    return torch.cat([turned, vectors[..., size:]], dim=-1)
