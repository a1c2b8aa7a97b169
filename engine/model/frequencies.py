"""Rotary frequencies: how far each pair of key elements turns per position."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RotaryFrequencies:
    """The turning of one layer's queries and keys.

    Attributes:
        radians_per_token: (rotary_size // 2,), float64. The first `rotary_size` elements of a
            head turn, element i together with element i + rotary_size // 2.
        amplitude: Factor on turned elements (YaRN's attention factor), applied with the one
            turn from the unrotated key, so never twice.
    """

    radians_per_token: FloatArray
    amplitude: float

    @property
    def rotary_size(self) -> int:
        """How many elements of a head turn."""
        return 2 * len(self.radians_per_token)


def rotary_frequencies(parameters: dict[str, Any], head_size: int) -> RotaryFrequencies:
    """Return the frequencies that `rope_parameters` of a configuration describe.

    Raises:
        ValueError: If the kind of scaling is unknown; the message names it.

    Source:
        RoFormer, arXiv 2104.09864; YaRN, arXiv 2309.00071; Llama 3.1's published scaling.
    """
    rotary_size = int(head_size * parameters.get("partial_rotary_factor", 1.0))
    exponents = np.arange(0, rotary_size, 2, dtype=np.float64) / rotary_size
    plain = float(parameters["rope_theta"]) ** -exponents
    kind = parameters.get("rope_type", "default")
    if kind == "default":
        return RotaryFrequencies(plain, 1.0)
    if kind == "linear":
        return RotaryFrequencies(plain / parameters["factor"], 1.0)
    if kind == "llama3":
        return RotaryFrequencies(_llama3(plain, parameters), 1.0)
    if kind == "yarn":
        return RotaryFrequencies(_yarn(plain, rotary_size, parameters), _yarn_factor(parameters))
    raise ValueError(f"rotary scaling of the kind {kind!r} is not known")


def _llama3(plain: FloatArray, parameters: dict[str, Any]) -> FloatArray:
    """Slow down long wavelengths, leave short ones, blend between."""
    context = parameters["original_max_position_embeddings"]
    low, high = parameters["low_freq_factor"], parameters["high_freq_factor"]
    turns_in_context = context * plain / (2 * math.pi)
    smooth = np.clip((turns_in_context - low) / (high - low), 0.0, 1.0)
    blended: FloatArray = (1 - smooth) * plain / parameters["factor"] + smooth * plain
    return blended


def _yarn(plain: FloatArray, rotary_size: int, parameters: dict[str, Any]) -> FloatArray:
    """Interpolate dimensions that turn rarely in the original context, keep the others."""
    context = parameters["original_max_position_embeddings"]
    base = float(parameters["rope_theta"])

    def dimension_of(turns: float) -> float:
        return rotary_size * math.log(context / (turns * 2 * math.pi)) / (2 * math.log(base))

    low = dimension_of(parameters.get("beta_fast") or 32)
    high = dimension_of(parameters.get("beta_slow") or 1)
    if parameters.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, rotary_size - 1)
    span = (high - low) or 0.001
    interpolated = np.clip((np.arange(rotary_size // 2) - low) / span, 0.0, 1.0)
    blended: FloatArray = plain / parameters["factor"] * interpolated + plain * (1 - interpolated)
    return blended


def _yarn_factor(parameters: dict[str, Any]) -> float:
    given = parameters.get("attention_factor")
    if given is not None:
        return float(given)

    def magnitude(weight: float) -> float:
        factor = parameters["factor"]
        return 1.0 if factor <= 1 else 0.1 * weight * math.log(factor) + 1.0

    weight, weight_all = parameters.get("mscale"), parameters.get("mscale_all_dim")
    if weight and weight_all:
        return magnitude(weight) / magnitude(weight_all)
    return magnitude(1.0)
