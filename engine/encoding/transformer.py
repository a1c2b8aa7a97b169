"""BERT's forward pass, which RoBERTa shares.

Written out instead of calling transformers' classes, for the same reasons as the decoder: a
pass can be left between two layers, and to import transformers' would hold up everything else
on the worker's thread for seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from engine.encoding.configuration import EncoderConfiguration
from engine.errors import ModelFileError, UnsupportedModelError
from engine.types import Checkpoint

_WORDS = "embeddings.word_embeddings.weight"


class Affine(NamedTuple):
    """A weight and a bias, of a product or of a norm."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, slots=True)
class EncoderLayer:
    """One layer. `projection` gives queries, keys and values in one product."""

    projection: Affine
    attention_output: Affine
    attention_norm: Affine
    up: Affine
    down: Affine
    output_norm: Affine


@dataclass(frozen=True, slots=True)
class EncoderWeights:
    """All of an encoder. `positions` already has in it what says "first sentence"."""

    words: Tensor  # (V, hidden)
    positions: Tensor  # (max_tokens, hidden), of the tokens in their order
    embedding_norm: Affine
    layers: tuple[EncoderLayer, ...]

    @property
    def num_bytes(self) -> int:
        """Return the memory of all tensors."""
        layers = [affine for layer in self.layers for affine in _affines(layer)]
        tensors = [self.words, self.positions, *self.embedding_norm]
        tensors += [tensor for affine in layers for tensor in affine]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def assemble_encoder(
    tensors: dict[str, Tensor],
    configuration: EncoderConfiguration,
    dtype: torch.dtype,
    device: torch.device,
) -> EncoderWeights:
    """Arrange a checkpoint's tensors.

    Raises:
        ModelFileError: If one is missing; the message names it.
        UnsupportedModelError: If the activation is unknown.
    """
    if configuration.activation not in ACTIVATIONS:
        raise UnsupportedModelError(
            f"The encoder has the activation {configuration.activation!r}, wanted one of"
            f" {', '.join(ACTIVATIONS)}; choose another encoder."
        )
    reader = _Reader(tensors, dtype, device)
    first = configuration.first_position
    positions = reader.tensor("embeddings.position_embeddings.weight")
    positions = positions[first : first + configuration.max_tokens]
    return EncoderWeights(
        words=reader.tensor(_WORDS),
        positions=positions + reader.tensor("embeddings.token_type_embeddings.weight")[0],
        embedding_norm=reader.norm("embeddings.LayerNorm"),
        layers=tuple(
            _layer(reader, f"encoder.layer.{number}") for number in range(configuration.num_layers)
        ),
    )


def last_hidden_states(
    weights: EncoderWeights,
    configuration: EncoderConfiguration,
    tokens: Tensor,
    mask: Tensor,
    checkpoint: Checkpoint,
) -> Tensor:
    """Run all layers over a batch; `checkpoint` is called between them.

    Shapes (B texts of at most S tokens):
        tokens: (B, S), int64; anything where the mask is false.
        mask: (B, S), bool, true where a text has a token.
        returned: (B, S, hidden); of no use where the mask is false.
    """
    hidden = functional.embedding(tokens, weights.words) + weights.positions[: tokens.shape[1]]
    hidden = _normalised(hidden, weights.embedding_norm, configuration)
    seen = None if bool(mask.all()) else mask[:, None, None, :]  # (B, 1, 1, S)
    for layer in weights.layers:
        checkpoint()
        attended = _attend(layer, configuration, hidden, seen)
        hidden = _normalised(hidden + attended, layer.attention_norm, configuration)
        raised = ACTIVATIONS[configuration.activation](functional.linear(hidden, *layer.up))
        lowered = functional.linear(raised, *layer.down)
        hidden = _normalised(hidden + lowered, layer.output_norm, configuration)
    return hidden


def _attend(
    layer: EncoderLayer,
    configuration: EncoderConfiguration,
    hidden: Tensor,
    seen: Tensor | None,
) -> Tensor:
    num_texts, num_tokens, size = hidden.shape
    projected = functional.linear(hidden, *layer.projection)
    split = projected.view(num_texts, num_tokens, 3, configuration.num_heads, -1)
    queries, keys, values = split.permute(2, 0, 3, 1, 4)  # each (B, H, S, D)
    attended = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=seen)
    return functional.linear(
        attended.transpose(1, 2).reshape(num_texts, num_tokens, size), *layer.attention_output
    )


def _normalised(hidden: Tensor, norm: Affine, configuration: EncoderConfiguration) -> Tensor:
    return functional.layer_norm(hidden, hidden.shape[-1:], *norm, configuration.norm_epsilon)


def _gelu_tanh(hidden: Tensor) -> Tensor:
    return functional.gelu(hidden, approximate="tanh")


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": functional.gelu,
    "gelu_new": _gelu_tanh,
    "gelu_pytorch_tanh": _gelu_tanh,
    "relu": functional.relu,
}


def _affines(layer: EncoderLayer) -> tuple[Affine, ...]:
    return (
        layer.projection,
        layer.attention_output,
        layer.attention_norm,
        layer.up,
        layer.down,
        layer.output_norm,
    )


class _Reader:
    """Finds tensors by the names of the hub layout, with or without the model's in front."""

    def __init__(
        self, tensors: dict[str, Tensor], dtype: torch.dtype, device: torch.device
    ) -> None:
        self._tensors = tensors
        self._dtype = dtype
        self._device = device
        found = next((name for name in tensors if name.endswith(_WORDS)), _WORDS)
        self._prefix = found.removesuffix(_WORDS)

    def tensor(self, name: str) -> Tensor:
        tensor = self._tensors.get(self._prefix + name)
        if tensor is None:
            raise ModelFileError(
                f"The encoder's files lack the tensor {name!r}; pull the encoder again."
            )
        return tensor.to(device=self._device, dtype=self._dtype)

    def affine(self, name: str) -> Affine:
        return Affine(self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias"))

    def norm(self, name: str) -> Affine:
        """Return a norm; checkpoints made from TensorFlow's call its parts gamma and beta."""
        if f"{self._prefix}{name}.gamma" in self._tensors:
            return Affine(self.tensor(f"{name}.gamma"), self.tensor(f"{name}.beta"))
        return self.affine(name)


def _layer(reader: _Reader, name: str) -> EncoderLayer:
    parts = [reader.affine(f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
    return EncoderLayer(
        projection=Affine(
            torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])
        ),
        attention_output=reader.affine(f"{name}.attention.output.dense"),
        attention_norm=reader.norm(f"{name}.attention.output.LayerNorm"),
        up=reader.affine(f"{name}.intermediate.dense"),
        down=reader.affine(f"{name}.output.dense"),
        output_norm=reader.norm(f"{name}.output.LayerNorm"),
    )
