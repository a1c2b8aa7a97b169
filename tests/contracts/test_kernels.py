"""All ways to attend give what attention is by definition, computed in float64."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from engine.cache import kernels
from engine.cache.attention import causal_visibility
from engine.cache.kernels import FusedKernel, Kernel, Kernels, ProductsKernel
from engine.model.configuration import decoder_configuration
from tests.unit.engine.families import make_network

SCALE = 0.3
SOFT_CAP = 1.5
ONE_QUERY_PER_BLOCK = 1
BLOCK_SCORES = (ONE_QUERY_PER_BLOCK, 700, kernels.BLOCK_SCORES)
TOLERANCES = {torch.float32: 2e-6, torch.bfloat16: 4 * torch.finfo(torch.bfloat16).eps}


@dataclass(frozen=True)
class Shape:
    """Heads H, key heads H_kv, queries S, rows R, last rows T that a bias speaks of."""

    num_heads: int
    num_kv_heads: int
    num_queries: int
    num_rows: int
    tail: int | None
    window: int | None = None


SHAPES = {
    "one query sees all": Shape(6, 2, 1, 40, None),
    "many queries see all": Shape(6, 2, 9, 40, None),
    "causal, with a tail": Shape(6, 2, 9, 40, 9),
    "a tail longer than the queries": Shape(6, 2, 5, 40, 17),
    "all rows named": Shape(6, 2, 9, 40, 40),
    "a window": Shape(6, 2, 9, 40, 40, window=6),
    "a head each": Shape(4, 4, 7, 30, 7),
    "one key head": Shape(4, 1, 7, 30, 7),
    "only the queries' own rows": Shape(4, 2, 13, 13, 13),
}


@pytest.fixture(params=sorted(SHAPES))
def shape(request: pytest.FixtureRequest) -> Shape:
    return SHAPES[request.param]


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=str)
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    return request.param


def naive(
    queries: Tensor, keys: Tensor, values: Tensor, is_visible: Tensor, limit: float | None
) -> Tensor:
    group = len(queries) // len(keys)
    wide_keys, wide_values = (rows.double().repeat_interleave(group, 0) for rows in (keys, values))
    scores = queries.double() @ wide_keys.transpose(1, 2) * SCALE
    if limit is not None:
        scores = torch.tanh(scores / limit) * limit
    return torch.softmax(scores.masked_fill(~is_visible, float("-inf")), -1) @ wide_values


def visibility(shape: Shape) -> Tensor | None:
    """Return what the last queries of a text see of its last rows, (S, T)."""
    if shape.tail is None:
        return None
    rows = torch.arange(shape.num_rows)
    queries = rows[-shape.num_queries :]
    return causal_visibility(queries, rows[-shape.tail :], shape.window)


def assert_right(kernel: Kernel, shape: Shape, dtype: torch.dtype, limit: float | None) -> None:
    generator = torch.Generator().manual_seed(1)
    # As in an arena: memory for more rows than are looked at, and queries of a longer pass.
    pass_queries = torch.randn(shape.num_heads, 50, 16, generator=generator).to(dtype)
    arena = torch.randn(2, shape.num_kv_heads, 64, 16, generator=generator).to(dtype)
    queries = pass_queries[:, 3 : 3 + shape.num_queries]
    keys, values = arena[:, :, : shape.num_rows]
    is_visible = visibility(shape)
    bias = kernel.bias(
        is_visible,
        num_rows=shape.num_rows,
        heads_per_key=shape.num_heads // shape.num_kv_heads,
        dtype=dtype,
    )
    inputs = [tensor for tensor in (pass_queries, arena, is_visible, bias) if tensor is not None]
    before = [tensor.clone() for tensor in inputs]
    ours = kernel.attend(queries, keys, values, bias, SCALE)
    assert ours.shape == queries.shape
    assert ours.dtype == dtype
    all_visible = torch.ones(shape.num_queries, shape.num_rows, dtype=torch.bool)
    if is_visible is not None and shape.tail is not None:
        all_visible[:, -shape.tail :] = is_visible
    error = (ours.double() - naive(queries, keys, values, all_visible, limit)).abs().max()
    assert error <= TOLERANCES[dtype] * values.double().abs().max()
    assert all(map(torch.equal, inputs, before))


def test_fused_attention_is_attention(shape: Shape, dtype: torch.dtype) -> None:
    assert_right(FusedKernel(), shape, dtype, None)


@pytest.mark.parametrize("block_scores", BLOCK_SCORES)
@pytest.mark.parametrize("limit", [None, SOFT_CAP])
def test_products_are_attention(
    monkeypatch: pytest.MonkeyPatch,
    shape: Shape,
    dtype: torch.dtype,
    limit: float | None,
    block_scores: int,
) -> None:
    """Also where a block ends in the middle of the queries."""
    monkeypatch.setattr(kernels, "BLOCK_SCORES", block_scores)
    assert_right(ProductsKernel(limit), shape, dtype, limit)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", ["qwen2", "gemma2-sliding"])
def test_the_fastest_kernels_know_the_soft_cap(family: str, dtype: torch.dtype) -> None:
    """Whichever won the test on this machine."""
    configuration = decoder_configuration(make_network(family).config.to_dict())
    limit = configuration.attention_softcap
    chosen = Kernels.fastest(configuration, dtype)
    for num_queries in (1, kernels.FEWEST_QUERIES_FOR_PRODUCTS, 9):
        shape = Shape(6, 2, num_queries, 40, num_queries)
        assert_right(chosen.for_queries(num_queries), shape, dtype, limit)


def test_few_queries_and_many_have_their_own_kernel() -> None:
    chosen = Kernels(for_few := FusedKernel(), for_many := ProductsKernel())
    assert chosen.for_queries(kernels.FEWEST_QUERIES_FOR_PRODUCTS - 1) is for_few
    assert chosen.for_queries(kernels.FEWEST_QUERIES_FOR_PRODUCTS) is for_many


@pytest.mark.parametrize("limit", [None, SOFT_CAP])
def test_settled_kernels_are_the_same_on_every_machine(limit: float | None) -> None:
    settled = Kernels.settled(limit)
    assert isinstance(settled.for_few, FusedKernel if limit is None else ProductsKernel)
    shape = Shape(6, 2, 9, 40, 9)
    assert isinstance(settled.for_many, ProductsKernel)
    assert_right(settled.for_many, shape, torch.float32, limit)


def test_exchanged_kernels_are_the_other_ones_that_are_right() -> None:
    """With a cap only one kernel is."""
    few, many = FusedKernel(), ProductsKernel()
    assert isinstance(Kernels(few, many).exchanged().for_many, FusedKernel)
    assert isinstance(Kernels(few, few).exchanged().for_many, ProductsKernel)
    capped = Kernels.plain(SOFT_CAP)
    assert capped.exchanged() == capped
