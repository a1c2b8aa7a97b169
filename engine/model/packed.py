"""Weights in four bits, for passes over a few tokens, which wait for memory and not for products.

Every 32 neighbouring weights of a row share a scale and a midpoint, chosen for the least squared
error. Projections that read the same input are packed as one matrix. Attention's few weights cause
half of the divergence: what four bits miss of them is packed again, eight bits in all. The scores
of the likeliest tokens are computed again from the full weights, so that packing the output layer
changes only what has no chance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from engine.model.layers import (
    ACTIVATIONS,
    AttentionWeights,
    LayerWeights,
    Linear,
    MlpWeights,
    ModelWeights,
    Product,
)
from engine.model.likeliest import likeliest

GROUP_WEIGHTS = 32
PRODUCT_TYPE = torch.bfloat16
"""PyTorch's packed product is fast in this type only, with and without AVX-512."""
OUTPUT_ROWS_STEP = 16
"""PyTorch packs matrices whose number of rows is a multiple of this."""
NUM_LEVELS = 16
MIDDLE_LEVEL = 8
NUM_RESCORED = 64
ATTENTION_PLANES = 2
_NARROWER_RANGES = (0.95, 0.9, 0.85, 0.8, 0.7)
"""Shares of a group's range that the levels may cover instead of all of it."""
_BLOCK_ROWS = 4096


@dataclass(frozen=True, slots=True)
class PackedLinear:
    """A matrix (out, in) in four bits, and perhaps a bias.

    With `n` planes of four bits, each holding what those before it miss, the matrix is stored as
    one of `n` times as many columns, and reads its input as often.

    Attributes:
        packed: (out, n * in / 2), uint8, in an order that depends on the processor.
        levels: (n * in / group, out, 2), scale and midpoint of each group.
        bias: (out,) or None.
    """

    packed: Tensor
    levels: Tensor
    bias: Tensor | None

    def __call__(self, hidden: Tensor) -> Tensor:
        """(S, in) gives (S, out)."""
        multiply = torch.ops.aten._weight_int4pack_mm_for_cpu  # noqa: SLF001  (no public name)
        num_planes = len(self.levels) * GROUP_WEIGHTS // hidden.shape[1]
        narrow = hidden.to(PRODUCT_TYPE)
        if num_planes > 1:
            narrow = narrow.repeat(1, num_planes)
        product: Tensor = multiply(narrow, self.packed, GROUP_WEIGHTS, self.levels).to(hidden.dtype)
        return product if self.bias is None else product + self.bias


@dataclass(frozen=True, slots=True)
class PackedAttention:
    """Projections into attention as one matrix, and the one out of it."""

    into: PackedLinear
    sizes: tuple[int, ...]  # rows of queries, keys and values
    output: PackedLinear

    def project(self, hidden: Tensor, head_size: int) -> tuple[Tensor, Tensor, Tensor]:
        """(S, hidden) gives queries (S, H, D), keys and values (S, H_kv, D)."""
        queries, keys, values = torch.split(self.into(hidden), list(self.sizes), dim=1)
        shape = (len(hidden), -1, head_size)
        return queries.reshape(shape), keys.reshape(shape), values.reshape(shape)


@dataclass(frozen=True, slots=True)
class PackedMlp:
    """Gate and up as one matrix, and down."""

    into: PackedLinear
    down: PackedLinear

    def apply(self, hidden: Tensor, activation: str) -> Tensor:
        """(S, hidden) gives (S, hidden)."""
        gate, up = self.into(hidden).chunk(2, dim=1)
        return self.down(ACTIVATIONS[activation](gate) * up)


@dataclass(frozen=True, slots=True)
class PackedPlainMlp:
    """Up and down, without a gate."""

    up: PackedLinear
    down: PackedLinear

    def apply(self, hidden: Tensor, activation: str) -> Tensor:
        """(S, hidden) gives (S, hidden)."""
        return self.down(ACTIVATIONS[activation](self.up(hidden)))


@dataclass(frozen=True, slots=True)
class PackedHead:
    """The output layer: all tokens scored in four bits, the likeliest again in full.

    Attributes:
        draft: Of all tokens.
        full: The same weights as stored.
    """

    draft: PackedLinear
    full: Linear

    def __call__(self, hidden: Tensor) -> Tensor:
        """(S, hidden) gives scores, (S, V), float32."""
        scores = self.draft(hidden).float()
        best = likeliest(scores, NUM_RESCORED)  # (S, NUM_RESCORED)
        rescored = torch.bmm(self.full.weight[best], hidden[:, :, None])[:, :, 0]
        if self.full.bias is not None:
            rescored += self.full.bias[best]
        return scores.scatter_(1, best, rescored.float())


Pack = Callable[[str, Sequence[Linear], int], PackedLinear]
"""Gives matrices with the same input as one packed matrix, which has a name and so many planes
of four bits."""


def packed_weights(weights: ModelWeights, get: Pack) -> ModelWeights:
    """Return the same model with packed matrices; embedding and norms are shared."""
    layers = tuple(
        _packed_layer(layer, partial(_get_of_layer, get, index))
        for index, layer in enumerate(weights.layers)
    )
    output = _full(weights.output)
    head = PackedHead(get("output", [output], 1), output)
    return replace(weights, layers=layers, output=head)


def packed_like(packed: ModelWeights, full: ModelWeights) -> ModelWeights:
    """Return the packed matrices with everything else taken from `full`."""
    layers = tuple(
        replace(theirs, attention=mine.attention, mlp=mine.mlp)
        for mine, theirs in zip(packed.layers, full.layers, strict=True)
    )
    if not isinstance(packed.output, PackedHead):
        raise TypeError("The output layer is not packed; wanted packed weights first.")
    output = replace(packed.output, full=_full(full.output))
    return replace(full, layers=layers, output=output)


def _get_of_layer(
    get: Pack, index: int, name: str, linears: Sequence[Linear], num_planes: int
) -> PackedLinear:
    return get(f"{index}.{name}", linears, num_planes)


def can_pack(weights: ModelWeights) -> bool:
    """Tell whether PyTorch has packed products for matrices of these shapes."""
    shapes = [matrix.shape for matrix in full_matrices(weights)]
    return all(
        rows % OUTPUT_ROWS_STEP == 0 and columns % GROUP_WEIGHTS == 0 for rows, columns in shapes
    )


def full_matrices(weights: ModelWeights) -> list[Tensor]:
    """Return every matrix that would be packed."""
    products: list[Product] = [weights.output]
    for layer in weights.layers:
        attention, mlp = _products(layer)
        products += [attention.query, attention.key, attention.value, attention.output]
        products += [mlp.up, mlp.down] if mlp.gate is None else [mlp.gate, mlp.up, mlp.down]
    return [_full(product).weight for product in products]


def _packed_layer(layer: LayerWeights, get: Pack) -> LayerWeights:
    attention, mlp = _products(layer)
    projections = [_full(attention.query), _full(attention.key), _full(attention.value)]
    return replace(
        layer,
        attention=PackedAttention(
            into=get("attention.into", projections, ATTENTION_PLANES),
            sizes=tuple(len(each.weight) for each in projections),
            output=get("attention.output", [_full(attention.output)], ATTENTION_PLANES),
        ),
        mlp=_packed_mlp(mlp, get),
    )


def _products(layer: LayerWeights) -> tuple[AttentionWeights, MlpWeights]:
    attention, mlp = layer.attention, layer.mlp
    if not isinstance(attention, AttentionWeights) or not isinstance(mlp, MlpWeights):
        raise TypeError("The layer is packed already; only weights as read can be packed.")
    return attention, mlp


def _full(product: Product) -> Linear:
    if not isinstance(product, Linear):
        raise TypeError("The matrix is in another form; only weights as read can be packed.")
    return product


def _packed_mlp(mlp: MlpWeights, get: Pack) -> PackedMlp | PackedPlainMlp:
    down, up = get("mlp.down", [_full(mlp.down)], 1), _full(mlp.up)
    if mlp.gate is None:
        return PackedPlainMlp(get("mlp.up", [up], 1), down)
    return PackedMlp(get("mlp.into", [_full(mlp.gate), up], 1), down)


def pack(weights: Sequence[Linear], num_planes: int = 1) -> PackedLinear:
    """Pack matrices with the same input as one, their rows one after the other."""
    rest = torch.cat([linear.weight for linear in weights])
    planes = []
    for _ in range(num_planes):
        planes.append(quantise(rest))
        rest = rest - dequantise(*planes[-1])
    levels, numbers = zip(*planes, strict=True)
    return pack_numbers(torch.cat(levels), torch.cat(numbers, dim=1), joined_bias(weights))


def joined_bias(weights: Sequence[Linear]) -> Tensor | None:
    """Return the biases one after the other, zeros where only others have one."""
    if all(linear.bias is None for linear in weights):
        return None
    return torch.cat([_bias_or_zeros(linear) for linear in weights])


def _bias_or_zeros(linear: Linear) -> Tensor:
    return linear.weight.new_zeros(len(linear.weight)) if linear.bias is None else linear.bias


def pack_numbers(levels: Tensor, numbers: Tensor, bias: Tensor | None) -> PackedLinear:
    """Pack a quantised matrix; shapes as `quantise` returns them."""
    packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(numbers, 1)  # noqa: SLF001
    return PackedLinear(packed, levels, bias)


def quantise(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Choose a scale and a midpoint for each group of weights, and a level for each weight.

    For several shares of a group's range, weights are rounded to levels that cover it, and scale
    and offset fitted to those levels by least squares.

    Returns:
        (in / group, out, 2) scales and midpoints, and (out, in) int32 levels from 0 to 15.
        A weight is its level minus 8, times the scale, plus the midpoint.
    """
    rows, columns = matrix.shape
    levels = torch.empty(columns // GROUP_WEIGHTS, rows, 2, dtype=PRODUCT_TYPE)
    numbers = torch.empty(rows, columns, dtype=torch.int32)
    for start in range(0, rows, _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        groups = matrix[block].float().view(-1, columns // GROUP_WEIGHTS, GROUP_WEIGHTS)
        fit = _fit_best(groups)
        pair = torch.cat([fit.scale, fit.middle], dim=-1)  # (block, in / group, 2)
        levels[:, block] = pair.transpose(0, 1).to(PRODUCT_TYPE)
        numbers[block] = fit.level.view(-1, columns).int() + MIDDLE_LEVEL
    return levels, numbers


def dequantise(levels: Tensor, numbers: Tensor) -> Tensor:
    """Return the matrix that `quantise` made these of, as they stand for it, in float32."""
    groups = numbers.view(len(numbers), -1, GROUP_WEIGHTS) - MIDDLE_LEVEL  # (out, in / group, 32)
    scale, middle = levels.float().transpose(0, 1)[..., None, :].unbind(-1)
    return (groups * scale + middle).view(numbers.shape)


class _Fit(NamedTuple):
    """Levels of groups and what they stand for; all but `level` have one element a group."""

    scale: Tensor
    middle: Tensor
    level: Tensor
    error: Tensor


def _fit_best(groups: Tensor) -> _Fit:
    low, high = groups.aminmax(dim=-1, keepdim=True)
    best = _fit(groups, low, high)
    for share in _NARROWER_RANGES:
        margin = (high - low) * (1 - share) / 2
        other = _fit(groups, low + margin, high - margin)
        is_better = other.error < best.error
        chosen = [torch.where(is_better, new, old) for new, old in zip(other, best, strict=True)]
        best = _Fit(*chosen)
    return best


def _fit(groups: Tensor, low: Tensor, high: Tensor) -> _Fit:
    """Round to levels between `low` and `high`, then fit scale and midpoint to the levels."""
    step = ((high - low) / (NUM_LEVELS - 1)).clamp(min=torch.finfo(torch.float32).tiny)
    level = ((groups - low) / step).round().clamp(0, NUM_LEVELS - 1) - MIDDLE_LEVEL
    mean_level = level.mean(-1, keepdim=True)
    centred = level - mean_level
    spread = centred.square().sum(-1, keepdim=True)
    slope = (centred * groups).sum(-1, keepdim=True) / spread.clamp(min=1e-12)
    scale = torch.where(spread > 0, slope, step).to(PRODUCT_TYPE).float()
    middle = (groups.mean(-1, keepdim=True) - scale * mean_level).to(PRODUCT_TYPE).float()
    error = (level * scale + middle - groups).square().sum(-1, keepdim=True)
    return _Fit(scale, middle, level, error)
