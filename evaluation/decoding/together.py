"""Several caches written on in common passes, so that the weights are read once for all.

Caches of the same length are laid side by side in one block. To attention each of them is so
many more heads, which the kernels of the engine take as they are.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from engine.cache.attention import causal_visibility
from engine.cache.live import LiveCache
from engine.cache.parts import CacheParts
from engine.model.rotary import rotate, turns_to
from engine.types import never_interrupt


class Together:
    """Caches that go on side by side. They are copied, and stay as they are.

    Args:
        parts: Of the model.
        caches: With all rows encoded. Their order is that of all results.
        room_tokens: How many tokens will be written behind each of them.
    """

    def __init__(self, parts: CacheParts, caches: Sequence[LiveCache], room_tokens: int) -> None:
        self._parts = parts
        by_length: dict[int, list[int]] = {}
        for index, cache in enumerate(caches):
            by_length.setdefault(len(cache.tokens), []).append(index)
        order = [index for indices in by_length.values() for index in indices]
        self._order = torch.tensor(order, device=parts.decoder.device)
        self._stacks = [
            _Stack(parts, [caches[index] for index in indices], length, room_tokens)
            for length, indices in by_length.items()
        ]

    def write(self, tokens: Tensor, offset: int) -> Tensor:
        """Write T tokens behind each cache, `offset` tokens after its end; each sees all before.

        What stood there and behind is forgotten.

        Shapes:
            tokens: (A, T), int64.

        Returns:
            Hidden states before the final norm, (A, T, hidden).
        """
        num_caches, num_tokens = tokens.shape
        attention = _StackAttention(self._parts, self._stacks, offset, num_tokens)
        ordered = tokens[self._order].reshape(-1)
        hidden = self._parts.decoder.forward(ordered, attention, never_interrupt)
        result = torch.empty_like(hidden).view(num_caches, num_tokens, -1)
        result[self._order] = hidden.view(num_caches, num_tokens, -1)
        return result


class _Stack:
    """Keys and values of A caches of one length, (layers, A * H_kv, length + room, D) each."""

    def __init__(
        self, parts: CacheParts, caches: Sequence[LiveCache], length: int, room_tokens: int
    ) -> None:
        self.length = length
        self.num_caches = len(caches)
        arena = caches[0].arena
        layers, kv_heads, _, size = arena.keys.shape
        shape = (layers, len(caches), kv_heads, length + room_tokens, size)
        self.keys, self.values = arena.keys.new_empty(shape), arena.keys.new_empty(shape)
        for index, cache in enumerate(caches):
            self.keys[:, index, :, :length] = cache.arena.keys[:, :, :length]
            self.values[:, index, :, :length] = cache.arena.values[:, :, :length]
        self.positions = torch.arange(length + room_tokens, device=parts.decoder.device)


class _StackAttention:
    """One pass's side of attention, over all stacks. Matches `decoder.Attend`."""

    def __init__(
        self, parts: CacheParts, stacks: Sequence[_Stack], offset: int, num_tokens: int
    ) -> None:
        self._passes = [_StackPass(parts, stack, offset, num_tokens) for stack in stacks]
        self._sizes = [stack.num_caches * num_tokens for stack in stacks]

    def __call__(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        shares = (torch.split(tensor, self._sizes, dim=1) for tensor in (queries, keys, values))
        parts = zip(self._passes, *shares, strict=True)
        return torch.cat([each(layer, *tensors) for each, *tensors in parts], dim=1)


class _StackPass:
    """The same over one stack: A caches, T new tokens of each, one after the other."""

    def __init__(self, parts: CacheParts, stack: _Stack, offset: int, num_tokens: int) -> None:
        configuration = parts.decoder.configuration
        self._stack = stack
        self._tables = parts.tables
        self._windows = configuration.windows
        self._scale = configuration.attention_scale
        self._kernel = parts.kernels.for_queries(num_tokens)
        self._start = stack.length + offset
        self._stop = self._start + num_tokens
        positions = stack.positions[self._start : self._stop]
        self._turns = turns_to(positions.repeat(stack.num_caches), parts.tables)
        make_bias = partial(
            self._kernel.bias,
            num_rows=self._stop,
            heads_per_key=configuration.num_heads // configuration.num_kv_heads,
            dtype=stack.keys.dtype,
        )
        self._biases = {
            window: make_bias(self._visibility(window)) for window in set(self._windows)
        }

    def __call__(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        turn = self._turns[id(self._tables[layer])]
        turned, turned_keys = torch.split(
            rotate(torch.cat([queries, keys]), turn), [len(queries), len(keys)]
        )
        self._stack.keys[layer, :, :, self._start : self._stop] = self._by_cache(turned_keys)
        self._stack.values[layer, :, :, self._start : self._stop] = self._by_cache(values)
        attended = self._kernel.attend(
            self._by_cache(turned).flatten(0, 1),  # (A * H, T, D)
            self._stack.keys[layer, :, :, : self._stop].flatten(0, 1),  # (A * H_kv, R, D)
            self._stack.values[layer, :, :, : self._stop].flatten(0, 1),
            self._biases[self._windows[layer]],
            self._scale,
        )
        by_cache = attended.view(self._stack.num_caches, len(queries), *attended.shape[1:])
        return by_cache.transpose(0, 1).flatten(1, 2)  # (H, A * T, D)

    def _by_cache(self, tensor: Tensor) -> Tensor:
        """Turn (heads, A * T, D) into (A, heads, T, D)."""
        heads, _, size = tensor.shape
        return tensor.reshape(heads, self._stack.num_caches, -1, size).transpose(0, 1)

    def _visibility(self, window: int | None) -> Tensor | None:
        new = self._stack.positions[self._start : self._stop]
        if window is not None:
            return causal_visibility(new, self._stack.positions[: self._stop], window)
        return None if len(new) == 1 else causal_visibility(new, new, None)
