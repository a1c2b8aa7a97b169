"""Turning queries and keys to their positions.

A key is turned once, from its unrotated form, straight to where it stands. The arithmetic is
done one type wider than storage (float32 for bfloat16 and float16, float64 for float32), so the
result is within one rounding of the exact turn however often a key has moved before.
"""

import torch
from torch import Tensor

from engine.model.frequencies import RotaryFrequencies

WIDER = {
    torch.bfloat16: torch.float32,
    torch.float16: torch.float32,
    torch.float32: torch.float64,
}
TABLE_STEP_TOKENS = 4096


class RotaryTable:
    """Cosines and sines of every position so far asked for, computed in float64."""

    def __init__(
        self, frequencies: RotaryFrequencies, storage: torch.dtype, device: torch.device
    ) -> None:
        self.rotary_size = frequencies.rotary_size
        self._frequencies = frequencies
        self._wide = WIDER[storage]
        self._device = device
        self._cosines = torch.empty(0, self.rotary_size // 2, dtype=self._wide, device=device)
        self._sines = self._cosines.clone()

    def at(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Return cosines and sines, (S, rotary_size // 2) each, for (S,) integer positions."""
        self._grow(int(positions.max()) + 1)
        return self._cosines[positions], self._sines[positions]

    def _grow(self, num_positions: int) -> None:
        if num_positions <= len(self._cosines):
            return
        size = -(-num_positions // TABLE_STEP_TOKENS) * TABLE_STEP_TOKENS
        radians = torch.from_numpy(self._frequencies.radians_per_token)
        angles = torch.arange(size, dtype=torch.float64)[:, None] * radians
        amplitude = self._frequencies.amplitude
        self._cosines = (angles.cos() * amplitude).to(self._device, self._wide)
        self._sines = (angles.sin() * amplitude).to(self._device, self._wide)


def rotate(vectors: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Turn the rotary elements of each vector; the others pass through.

    Shapes:
        vectors: (heads, S, D), storage type. Not changed.
        cosines, sines: (S, rotary_size // 2), wider type.

    Returns:
        (heads, S, D), storage type.

    Source:
        RoFormer, arXiv 2104.09864, section 3.4.2; element i turns with element
        i + rotary_size // 2, the layout of the supported families.
    """
    half = cosines.shape[-1]
    first = vectors[..., :half].to(cosines.dtype)
    second = vectors[..., half : 2 * half].to(cosines.dtype)
    turned = torch.empty_like(vectors)
    turned[..., :half] = first * cosines - second * sines
    turned[..., half : 2 * half] = second * cosines + first * sines
    turned[..., 2 * half :] = vectors[..., 2 * half :]
    return turned
