"""Several prompts in one pass, none of which sees another, for the losses of what they end in."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from engine.cache.attention import causal_visibility
from engine.cache.parts import CacheParts
from engine.model.rotary import rotate, turns_to
from engine.tokens import TokenArray
from engine.types import never_interrupt


@torch.inference_mode()
def truth_losses(parts: CacheParts, prompts: Sequence[TokenArray], truth: TokenArray) -> Tensor:
    """Return how unexpected each token of the truth is behind each prompt, in nats.

    Every prompt is encoded as a whole, as if it stood alone; nothing is kept.

    Args:
        parts: Of the model.
        prompts: N sequences of at least one token each.
        truth: (T,), behind each of them; at least one.

    Returns:
        (N, T), float32, on the processor.
    """
    line = _on_device(truth, parts)
    texts = [torch.cat([_on_device(prompt, parts), line]) for prompt in prompts]
    lengths = [len(text) for text in texts]
    attention = SeparateTexts(parts, lengths)
    hidden = parts.decoder.forward(torch.cat(texts), attention, never_interrupt)
    # the token before each one of the truth says how likely that one is
    rows = [text[-len(line) - 1 : -1] for text in torch.split(hidden, lengths)]
    scores = parts.decoder.logits(torch.cat(rows))  # (N * T, V)
    wanted = line.repeat(len(texts))
    losses = scores.logsumexp(-1) - scores.gather(1, wanted[:, None])[:, 0]
    return losses.view(len(texts), -1).cpu()


class SeparateTexts:
    """Attention within each of several texts that lie one after the other.

    Matches `decoder.Attend`; keys and values are forgotten after their layer.

    Args:
        parts: Of the model.
        lengths: Of the texts, in tokens.
    """

    def __init__(self, parts: CacheParts, lengths: Sequence[int]) -> None:
        configuration, device = parts.decoder.configuration, parts.decoder.device
        self._parts = parts
        self._windows = configuration.windows
        self._scale = configuration.attention_scale
        self._lengths = list(lengths)
        self._kernels = [parts.kernels.for_queries(length) for length in lengths]
        self._positions = [torch.arange(length, device=device) for length in lengths]
        self._turns = turns_to(torch.cat(self._positions), parts.tables)
        self._biases = {window: self._biases_for(window) for window in set(self._windows)}

    def __call__(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attend. Shapes as in `decoder.Attend`."""
        turn = self._turns[id(self._parts.tables[layer])]
        turned, turned_keys = torch.split(
            rotate(torch.cat([queries, keys]), turn), [len(queries), len(keys)]
        )
        by_text = partial(torch.split, split_size_or_sections=self._lengths, dim=1)
        texts = zip(by_text(turned), by_text(turned_keys), by_text(values), strict=True)
        biases = self._biases[self._windows[layer]]
        attended = [
            kernel.attend(*text, bias, self._scale)
            for kernel, text, bias in zip(self._kernels, texts, biases, strict=True)
        ]
        return torch.cat(attended, dim=1)

    def _biases_for(self, window: int | None) -> list[Tensor | None]:
        configuration = self._parts.decoder.configuration
        return [
            kernel.bias(
                causal_visibility(positions, positions, window),
                num_rows=len(positions),
                heads_per_key=configuration.num_heads // configuration.num_kv_heads,
                dtype=self._parts.decoder.dtype,
            )
            for kernel, positions in zip(self._kernels, self._positions, strict=True)
        ]


def _on_device(tokens: TokenArray, parts: CacheParts) -> Tensor:
    return torch.from_numpy(tokens.astype("int64")).to(parts.decoder.device)
