"""Ways to compute attention over rows where they lie, and which one to take.

Both fold the queries of all heads that share a key/value head into one long row of queries, so
that each key is read once for all of them and never expanded.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from engine.machine import best_seconds
from engine.model.configuration import DecoderConfiguration

SELF_TEST_QUERIES, SELF_TEST_ROWS = 64, 1024

BLOCK_SCORES = 3 * 2**20
"""Scores computed at a time: few enough to stay in the processor's cache."""
FEWEST_QUERIES_FOR_PRODUCTS = 4


class Kernel(Protocol):
    """One way to attend."""

    def bias(
        self, is_visible: Tensor | None, *, num_rows: int, heads_per_key: int, dtype: torch.dtype
    ) -> Tensor | None:
        """Prepare what queries may see for all layers of a pass.

        Args:
            is_visible: (S, T), of the last T rows; None where all queries see all rows.
            num_rows: R.
            heads_per_key: G, which is H // H_kv.
            dtype: Of keys and values.
        """
        ...

    def attend(
        self, queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None, scale: float
    ) -> Tensor:
        """Attend.

        Shapes:
            queries: (H, S, D).
            keys, values: (H_kv, R, D), not copied.
            bias: As `bias` returned it.

        Returns:
            (H, S, D).
        """
        ...


class FusedKernel:
    """PyTorch's own fused attention. Best for a few queries, and without bfloat16 products."""

    def bias(
        self, is_visible: Tensor | None, *, num_rows: int, heads_per_key: int, dtype: torch.dtype
    ) -> Tensor | None:
        """Return the bias for all rows and folded queries, (G * S, R)."""
        if is_visible is None:
            return None
        tail = _additive(is_visible, dtype)
        return functional.pad(tail, (num_rows - tail.shape[1], 0)).repeat(heads_per_key, 1)

    def attend(
        self, queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None, scale: float
    ) -> Tensor:
        """See `Kernel.attend`."""
        folded = queries.reshape(len(keys), -1, queries.shape[2])  # (H_kv, G * S, D)
        attended = functional.scaled_dot_product_attention(
            folded[None], keys[None], values[None], attn_mask=bias, scale=scale
        )
        return attended.reshape(queries.shape)


class ProductsKernel:
    """Two plain products per block of queries, which on some processors run much faster.

    Scores are in the storage type. In bfloat16 that adds a third to the rounding noise of a
    pass, measured as divergence of the next token from float32.

    Args:
        limit: Soft cap of the scores, as Gemma 2 has it.
    """

    def __init__(self, limit: float | None = None) -> None:
        self._limit = limit

    def bias(
        self, is_visible: Tensor | None, *, num_rows: int, heads_per_key: int, dtype: torch.dtype
    ) -> Tensor | None:
        """Return the bias for the last rows, (S, T)."""
        del num_rows, heads_per_key  # rows before the last need no bias, and heads share it
        return None if is_visible is None else _additive(is_visible, dtype)

    def attend(
        self, queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None, scale: float
    ) -> Tensor:
        """See `Kernel.attend`."""
        num_heads, num_queries, size = queries.shape
        group = num_heads // len(keys)
        scaled = (queries * scale).view(len(keys), group, num_queries, size)
        attended = torch.empty_like(scaled)
        step = max(1, BLOCK_SCORES // (group * keys.shape[1]))
        scores = queries.new_empty(group * min(step, num_queries), keys.shape[1])
        weights = torch.empty_like(scores)
        for head in range(len(keys)):
            for start in range(0, num_queries, step):
                block = slice(start, min(start + step, num_queries))
                part = scaled[head, :, block].reshape(-1, size)  # (G * block, D)
                out = weights[: len(part)]
                self._score(
                    scores[: len(part)], part, keys[head], None if bias is None else bias[block]
                )
                torch.softmax(scores[: len(part)], -1, out=out)
                attended[head, :, block] = torch.mm(out, values[head]).view(group, -1, size)
        return attended.view(queries.shape)

    def _score(self, scores: Tensor, queries: Tensor, keys: Tensor, bias: Tensor | None) -> None:
        torch.mm(queries, keys.t(), out=scores)
        if self._limit is not None:
            scores.div_(self._limit).tanh_().mul_(self._limit)
        if bias is not None:
            scores.view(-1, *bias.shape[:1], scores.shape[1])[..., -bias.shape[1] :] += bias


@dataclass(frozen=True, slots=True)
class Kernels:
    """Which kernel for how many queries.

    Attributes:
        for_few: Used for fewer than `FEWEST_QUERIES_FOR_PRODUCTS` queries.
        for_many: Used for all others.
    """

    for_few: Kernel
    for_many: Kernel

    @classmethod
    def plain(cls, limit: float | None) -> "Kernels":
        """Return those that are right everywhere; capped scores need products."""
        kernel = FusedKernel() if limit is None else ProductsKernel(limit)
        return cls(kernel, kernel)

    @classmethod
    def settled(cls, limit: float | None) -> "Kernels":
        """Return products for many queries, whatever a test of this moment would say."""
        return cls(cls.plain(limit).for_few, ProductsKernel(limit))

    @classmethod
    def fastest(cls, configuration: DecoderConfiguration, dtype: torch.dtype) -> "Kernels":
        """Return those for this processor, by a test of some milliseconds."""
        plain = cls.plain(configuration.attention_softcap)
        heads, kv_heads = configuration.num_heads, configuration.num_kv_heads
        queries = torch.ones(heads, SELF_TEST_QUERIES, configuration.head_size, dtype=dtype)
        rows = torch.ones(kv_heads, SELF_TEST_ROWS, configuration.head_size, dtype=dtype)
        products = ProductsKernel(configuration.attention_softcap)
        seconds = {
            kernel: best_seconds(partial(kernel.attend, queries, rows, rows, None, 1.0))
            for kernel in (plain.for_many, products)
        }
        return cls(plain.for_few, min(seconds, key=seconds.__getitem__))

    def exchanged(self) -> "Kernels":
        """Return those that the test of another moment might have chosen for many queries.

        They compute the same and round otherwise. Capped scores leave no choice.
        """
        if isinstance(self.for_many, FusedKernel):
            return replace(self, for_many=ProductsKernel())
        return replace(self, for_many=self.for_few)

    def for_queries(self, num_queries: int) -> Kernel:
        """Return the kernel for a group of queries."""
        return self.for_few if num_queries < FEWEST_QUERIES_FOR_PRODUCTS else self.for_many


def _additive(is_visible: Tensor, dtype: torch.dtype) -> Tensor:
    bias = torch.zeros(is_visible.shape, dtype=dtype, device=is_visible.device)
    return bias.masked_fill_(~is_visible, float("-inf"))
