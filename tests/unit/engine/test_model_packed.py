"""Matrices in four bits: what they stand for, and products with them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.cache.base import Proposal, run_to_end
from engine.cache.live import LiveCache
from engine.cache.parts import CacheParts
from engine.model.configuration import decoder_configuration
from engine.model.decoder import Decoder
from engine.model.layers import (
    ACTIVATIONS,
    AttentionWeights,
    LayerWeights,
    Linear,
    MlpWeights,
    assemble_weights,
)
from engine.model.packed import (
    ATTENTION_PLANES,
    GROUP_WEIGHTS,
    MIDDLE_LEVEL,
    NUM_LEVELS,
    NUM_RESCORED,
    PackedAttention,
    PackedHead,
    PackedLinear,
    PackedMlp,
    PackedPlainMlp,
    can_pack,
    dequantise,
    pack,
    packed_like,
    packed_weights,
    quantise,
)
from engine.types import never_interrupt
from tests.contracts.test_live_cache import random_tokens
from tests.unit.engine.families import PACKABLE, ROTATING, make_network


@pytest.fixture(autouse=True)
def precise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products in float32, slow but exact enough to tell a wrong one from a rounded one."""
    torch.manual_seed(5)
    monkeypatch.setattr("engine.model.packed.PRODUCT_TYPE", torch.float32)


def test_products_are_rounded_once_whatever_the_storage_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.model.packed.PRODUCT_TYPE", torch.bfloat16)
    linear, hidden = random_linear(48, 96, has_bias=True), torch.randn(3, 96)
    product, exact = pack([linear])(hidden), dequantised(linear)(hidden)
    assert product.dtype == torch.float32
    torch.testing.assert_close(product, exact, rtol=0.02, atol=0.2)


def random_linear(rows: int, columns: int, *, has_bias: bool = False) -> Linear:
    bias = torch.randn(rows) if has_bias else None
    return Linear(torch.randn(rows, columns), bias)


def restored(matrix: Tensor) -> Tensor:
    """Return what the levels chosen for a matrix stand for, as the docstring says."""
    levels, numbers = quantise(matrix)
    assert 0 <= numbers.min() <= numbers.max() < NUM_LEVELS
    pairs = levels.float().transpose(0, 1)  # (out, in / group, 2)
    steps = (numbers - MIDDLE_LEVEL).view(len(matrix), -1, GROUP_WEIGHTS)
    return (steps * pairs[..., :1] + pairs[..., 1:]).view(matrix.shape)


def dequantised(linear: Linear, num_planes: int = 1) -> Linear:
    whole = torch.zeros_like(linear.weight, dtype=torch.float32)
    for _ in range(num_planes):
        whole = whole + restored(linear.weight - whole)
    return replace(linear, weight=whole.to(linear.weight.dtype))


def min_max(matrix: Tensor) -> Tensor:
    groups = matrix.float().view(len(matrix), -1, GROUP_WEIGHTS)
    low, high = groups.aminmax(dim=-1, keepdim=True)
    step = (high - low) / (NUM_LEVELS - 1)
    return (((groups - low) / step).round() * step + low).view(matrix.shape)


def group_errors(approximate: Tensor, matrix: Tensor) -> Tensor:
    squares = (approximate - matrix.float()).square()
    return squares.view(len(matrix), -1, GROUP_WEIGHTS).sum(-1)


def test_a_second_plane_holds_what_the_first_one_misses() -> None:
    linear, hidden = random_linear(64, 128, has_bias=True), torch.randn(3, 128)
    exact = linear(hidden)
    errors = [(pack([linear], planes)(hidden) - exact).square().mean() for planes in (1, 2)]
    assert errors[1] < errors[0] / 50  # less than a 256th, but for rounding to bfloat16
    torch.testing.assert_close(
        pack([linear], 2)(hidden), dequantised(linear, 2)(hidden), rtol=0.02, atol=0.1
    )


def test_what_is_packed_can_be_read_back() -> None:
    matrix = torch.randn(64, 96)
    torch.testing.assert_close(dequantise(*quantise(matrix)), restored(matrix))


@pytest.mark.parametrize("tail", [1.0, 3.0], ids=["normal", "heavy tails"])
def test_no_group_is_worse_than_rounded_between_its_ends(tail: float) -> None:
    noise = torch.randn(64, 256)
    matrix = noise.sign() * noise.abs() ** tail + 0.1
    ours = group_errors(restored(matrix), matrix)
    plain = group_errors(min_max(matrix), matrix)
    assert (ours <= plain * 1.0001).all()
    assert ours.sum() < 0.9 * plain.sum()


def test_rounded_scales_cost_next_to_nothing() -> None:
    matrix = torch.randn(64, 256).bfloat16()
    ours = group_errors(restored(matrix), matrix).sum()
    assert ours < 0.9 * group_errors(min_max(matrix), matrix).sum()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_on_sixteen_levels_are_kept(dtype: torch.dtype) -> None:
    numbers = torch.randint(0, NUM_LEVELS, (32, 4, GROUP_WEIGHTS))
    numbers[..., 0], numbers[..., 1] = 0, NUM_LEVELS - 1
    scales = 2.0 ** torch.randint(-9, 0, (32, 4, 1))
    matrix = ((numbers - MIDDLE_LEVEL) * scales).view(32, -1).to(dtype)
    torch.testing.assert_close(restored(matrix), matrix.float(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("value", [0.0, 0.375, -1000.0])
def test_equal_weights_are_kept_bit_for_bit(value: float, dtype: torch.dtype) -> None:
    matrix = torch.full((16, 64), value, dtype=dtype)
    matrix[3, 32:] = torch.randn(32)
    result = restored(matrix).to(dtype)
    assert torch.equal(result[:, :32], matrix[:, :32])
    hidden = torch.ones(1, 64, dtype=dtype)
    product = pack([Linear(matrix, None)])(hidden)[:, :3]
    torch.testing.assert_close(product, hidden @ matrix[:3].T)


def test_matrices_larger_than_a_block_are_cut_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = torch.randn(80, 64)
    whole = quantise(matrix)
    monkeypatch.setattr("engine.model.packed._BLOCK_ROWS", 24)
    assert all(map(torch.equal, quantise(matrix), whole))


@pytest.mark.parametrize("has_bias", [False, True])
@pytest.mark.parametrize("num_tokens", [1, 5, 12])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_packed_product_is_that_of_the_restored_matrix(
    *, dtype: torch.dtype, num_tokens: int, has_bias: bool
) -> None:
    linear = random_linear(48, 96, has_bias=has_bias)
    bias = None if linear.bias is None else linear.bias.to(dtype)
    linear = Linear(linear.weight.to(dtype), bias)
    hidden = torch.randn(num_tokens, 96).to(dtype)
    before = hidden.clone()
    exact = Linear(restored(linear.weight), None if bias is None else bias.float())(hidden.float())
    tolerance = 2 * torch.finfo(dtype).eps * 96**0.5
    torch.testing.assert_close(
        pack([linear])(hidden).float(), exact, rtol=tolerance, atol=tolerance * 4
    )
    assert torch.equal(hidden, before)


def test_only_some_of_several_matrices_may_have_a_bias() -> None:
    """The rows of the others get none."""
    linears = [random_linear(16, 64), random_linear(32, 64, has_bias=True)]
    hidden = torch.randn(3, 64)
    expected = torch.cat([dequantised(linear)(hidden) for linear in linears], dim=1)
    torch.testing.assert_close(pack(linears)(hidden), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("has_bias", [False, True])
def test_fused_projections_are_those_of_the_parts(*, has_bias: bool) -> None:
    query, key, value = (random_linear(rows, 64, has_bias=has_bias) for rows in (96, 32, 32))
    output = random_linear(64, 96)
    packed = PackedAttention(pack([query, key, value]), (96, 32, 32), pack([output]))
    plain = AttentionWeights(*map(dequantised, (query, key, value, output)))
    hidden = torch.randn(5, 64)
    for ours, theirs in zip(packed.project(hidden, 16), plain.project(hidden, 16), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_a_fused_mlp_is_that_of_the_parts(activation: str) -> None:
    up, gate, down = random_linear(96, 64), random_linear(96, 64), random_linear(64, 96)
    hidden = torch.randn(5, 64) / 8
    for ours, theirs in (
        (PackedMlp(pack([gate, up]), pack([down])), MlpWeights(up, gate, down)),
        (PackedPlainMlp(pack([up]), pack([down])), MlpWeights(up, None, down)),
    ):
        plain = dequantised_mlp(theirs).apply(hidden, activation)
        torch.testing.assert_close(ours.apply(hidden, activation), plain, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("family", sorted(ROTATING))
def test_packed_layers_are_those_of_the_restored_weights(family: str) -> None:
    """Names, biases, gates and views of stacked matrices: all that makes families differ."""
    decoder = make_packable(family)
    weights = decoder.weights
    assert can_pack(weights)
    names: list[str] = []

    def packing(name: str, linears: Any, num_planes: int) -> PackedLinear:
        names.append(name)
        return pack(linears, num_planes)

    packed = packed_weights(weights, packing)
    assert len(set(names)) == len(names) == 4 * len(weights.layers) + 1
    layers = replace(packed, output=weights.output)
    restored_layers = tuple(map(dequantised_layer, weights.layers))
    ours = scores(Decoder(decoder.configuration, layers))
    theirs = scores(Decoder(decoder.configuration, replace(weights, layers=restored_layers)))
    assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()
    assert (ours - scores(decoder)).abs().max() > 1e-3 * theirs.abs().max()


@pytest.mark.parametrize("has_bias", [False, True])
def test_the_likeliest_tokens_are_scored_in_full(*, has_bias: bool) -> None:
    """And the others stay below them, as they were drafted."""
    output = random_linear(256, 64, has_bias=has_bias)
    hidden = torch.randn(5, 64)
    drafted, exact = dequantised(output)(hidden), output(hidden)
    ours = PackedHead(pack([output]), output)(hidden)
    likeliest = drafted.topk(NUM_RESCORED).indices
    is_rescored = torch.zeros_like(ours, dtype=torch.bool).scatter_(1, likeliest, True)
    expected = torch.where(is_rescored, exact, drafted)
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-4)
    assert torch.equal(ours.topk(8).indices, exact.topk(8).indices)


@pytest.mark.parametrize("num_tokens", [16, 48, NUM_RESCORED])
def test_a_vocabulary_may_be_smaller_than_what_is_rescored(num_tokens: int) -> None:
    output = random_linear(num_tokens, 64)
    hidden = torch.randn(2, 64)
    torch.testing.assert_close(PackedHead(pack([output]), output)(hidden), output(hidden))


@pytest.mark.parametrize(
    "odd", [{"vocab_size": 97}, {"hidden_size": 72}, {"intermediate_size": 90}]
)
def test_odd_shapes_cannot_be_packed(odd: dict[str, int]) -> None:
    assert can_pack(make_packable("qwen2").weights)
    assert not can_pack(make_packable("qwen2", **odd).weights)


def test_what_is_packed_cannot_be_packed_again() -> None:
    weights = make_packable("qwen2").weights
    packed = packed_weights(weights, lambda _, linears, num_planes: pack(linears, num_planes))
    with pytest.raises(TypeError, match="only weights as read"):
        packed_weights(packed, lambda _, linears, num_planes: pack(linears, num_planes))
    with pytest.raises(TypeError, match="packed weights first"):
        packed_like(weights, weights)


def test_all_but_the_packed_matrices_comes_from_the_full_weights() -> None:
    weights, other = make_packable("qwen3").weights, make_packable("qwen3").weights
    packed = packed_weights(weights, lambda _, linears, num_planes: pack(linears, num_planes))
    joined = packed_like(packed, other)
    assert joined.embedding is other.embedding
    assert joined.final_norm is other.final_norm
    assert isinstance(joined.output, PackedHead)
    assert joined.output.full is other.output
    for ours, mine, theirs in zip(joined.layers, packed.layers, other.layers, strict=True):
        assert (ours.attention, ours.mlp) == (mine.attention, mine.mlp)
        assert replace(ours, attention=theirs.attention, mlp=theirs.mlp) == theirs


def make_packable(family: str, **changes: Any) -> Decoder:
    network = make_network(family, **(PACKABLE | changes))
    configuration = decoder_configuration(network.config.to_dict())
    tensors = {name: tensor.detach() for name, tensor in network.state_dict().items()}
    return Decoder(configuration, assemble_weights(tensors, configuration))


def dequantised_mlp(mlp: MlpWeights) -> MlpWeights:
    assert isinstance(mlp.up, Linear)
    assert isinstance(mlp.down, Linear)
    gate = dequantised(mlp.gate) if isinstance(mlp.gate, Linear) else None
    return MlpWeights(dequantised(mlp.up), gate, dequantised(mlp.down))


def dequantised_layer(layer: LayerWeights) -> LayerWeights:
    attention, mlp = layer.attention, layer.mlp
    assert isinstance(attention, AttentionWeights)
    assert isinstance(mlp, MlpWeights)
    projections = (attention.query, attention.key, attention.value, attention.output)
    linears = [linear for linear in projections if isinstance(linear, Linear)]
    finer = [dequantised(linear, ATTENTION_PLANES) for linear in linears]
    return replace(layer, attention=AttentionWeights(*finer), mlp=dequantised_mlp(mlp))


def scores(decoder: Decoder) -> Tensor:
    """Score what follows a prompt and a token more, (2, V)."""
    cache = LiveCache(CacheParts.of(decoder))
    tokens = random_tokens(np.random.default_rng(2), 40)
    run_to_end(cache.sync(tokens, len(tokens), never_interrupt))
    branches = cache.branch(1, 4)
    first = branches.first_logits(never_interrupt)
    return torch.stack([first, branches.step([Proposal(0, (5,))], never_interrupt)[0]])
