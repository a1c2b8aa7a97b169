"""A decoder-only transformer that hands out unrotated keys.

The supported families differ in norms, scales and names, not in shape, so one forward pass
serves them all. It is written out here, and not taken from transformers, for three reasons:
the cache needs keys before they are rotated; a pass must be able to stop between two layers;
and importing transformers' model code takes longer than loading the weights. Tests hold it
against transformers' own classes for every family.
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from engine.model.configuration import DecoderConfiguration
from engine.model.layers import LayerWeights, ModelWeights, Norm
from engine.types import Checkpoint


class Attend(Protocol):
    """Where keys and values go and what queries see: the cache's side of attention."""

    def __call__(self, layer: int, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Store keys and values and attend.

        Shapes:
            queries: (H, S, D), unrotated.
            keys, values: (H_kv, S, D), keys unrotated.

        Returns:
            (H, S, D).
        """
        ...


class Decoder:
    """The layers of one model. Holds no state of any document."""

    def __init__(self, configuration: DecoderConfiguration, weights: ModelWeights) -> None:
        self.configuration = configuration
        self.weights = weights

    @property
    def dtype(self) -> torch.dtype:
        """The storage type of weights and caches."""
        return self.weights.embedding.dtype

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.weights.embedding.device

    @torch.inference_mode()
    def forward(self, tokens: Tensor, attend: Attend, checkpoint: Checkpoint) -> Tensor:
        """Run tokens through all layers.

        Shapes:
            tokens: (S,), int64.

        Returns:
            Hidden states before the final norm, (S, hidden).

        Raises:
            Interruption: Whatever `checkpoint` raises, between two layers or halves of one.
        """
        hidden = functional.embedding(tokens, self.weights.embedding)
        if self.configuration.embedding_scale != 1.0:
            hidden = hidden * torch.tensor(self.configuration.embedding_scale, dtype=hidden.dtype)
        for index, layer in enumerate(self.weights.layers):
            checkpoint()
            hidden = self._attention_block(index, layer, hidden, attend)
            checkpoint()  # of many tokens, a whole layer is long for a keystroke to wait
            hidden = self._mlp_block(layer, hidden)
        return hidden

    @torch.inference_mode()
    def logits(self, hidden: Tensor) -> Tensor:
        """Score the next token: (S, hidden) gives (S, V), float32."""
        normed = self._norm(hidden, self.weights.final_norm)
        logits = self.weights.output(normed).float()
        if self.configuration.logit_divisor != 1.0:
            logits = logits / self.configuration.logit_divisor
        return softcap(logits, self.configuration.logit_softcap)

    def _attention_block(
        self, index: int, layer: LayerWeights, hidden: Tensor, attend: Attend
    ) -> Tensor:
        configuration = self.configuration
        normed = self._norm(hidden, layer.attention_norm)
        queries, keys, values = layer.attention.project(normed, configuration.head_size)
        if layer.query_norm is not None and layer.key_norm is not None:
            queries = self._norm(queries, layer.query_norm)
            keys = self._norm(keys, layer.key_norm)
        attended = attend(
            index, queries.transpose(0, 1), keys.transpose(0, 1), values.transpose(0, 1)
        )  # (H, S, D)
        merged = attended.transpose(0, 1).reshape(len(hidden), -1)
        return self._add(hidden, layer.attention.output(merged), layer.after_attention_norm)

    def _mlp_block(self, layer: LayerWeights, hidden: Tensor) -> Tensor:
        normed = self._norm(hidden, layer.mlp_norm)
        output = layer.mlp.apply(normed, self.configuration.activation)
        return self._add(hidden, output, layer.after_mlp_norm)

    def _add(self, hidden: Tensor, change: Tensor, norm: Norm | None) -> Tensor:
        if norm is not None:
            change = self._norm(change, norm)
        if self.configuration.residual_scale != 1.0:
            change = change * self.configuration.residual_scale
        return hidden + change

    def _norm(self, hidden: Tensor, norm: Norm) -> Tensor:
        """Normalise the last dimension; in float32, as the families' own code does."""
        epsilon = self.configuration.norm_epsilon
        if self.configuration.has_layer_norm:
            return functional.layer_norm(hidden, norm.weight.shape, norm.weight, norm.bias, epsilon)
        if self.configuration.norm_offset:
            wide = functional.rms_norm(hidden.float(), norm.weight.shape, eps=epsilon)
            scaled = wide * (norm.weight.float() + self.configuration.norm_offset)
            return scaled.to(hidden.dtype)
        return functional.rms_norm(hidden, norm.weight.shape, eps=epsilon) * norm.weight


def softcap(scores: Tensor, limit: float | None) -> Tensor:
    """Squash scores smoothly into (-limit, limit); Gemma 2, arXiv 2408.00118."""
    return scores if limit is None else torch.tanh(scores / limit) * limit
