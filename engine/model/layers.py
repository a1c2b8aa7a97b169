"""The weights of one model by the names of the hub layout, and the products with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import ModelFileError
from engine.model.configuration import DecoderConfiguration

Product = Callable[[Tensor], Tensor]
"""A matrix to multiply with: (S, in) gives (S, out)."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A matrix (out, in) and perhaps a bias (out,)."""

    weight: Tensor
    bias: Tensor | None

    def __call__(self, hidden: Tensor) -> Tensor:
        """(S, in) gives (S, out)."""
        return functional.linear(hidden, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class PreparedLinear:
    """The same in the order in which oneDNN reads it, so that no product has to sort it first.

    Attributes:
        weight: Opaque to all but its product.
        bias: (out,) or None.
    """

    weight: Tensor
    bias: Tensor | None

    @classmethod
    def of(cls, linear: Linear) -> "PreparedLinear":
        """Copy a matrix into that order."""
        reorder = torch.ops.mkldnn._reorder_linear_weight  # noqa: SLF001  (no public name)
        bias = None if linear.bias is None else linear.bias.clone()
        return cls(reorder(linear.weight, None), bias)

    def __call__(self, hidden: Tensor) -> Tensor:
        """(S, in) gives (S, out)."""
        multiply = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001  (no public name)
        product: Tensor = multiply(hidden, self.weight, self.bias, "none", [], "")
        return product


AnyLinear = Linear | PreparedLinear


@dataclass(frozen=True, slots=True)
class Norm:
    """The scale of a normalisation, (size,), and for layer norms a shift."""

    weight: Tensor
    bias: Tensor | None


@dataclass(frozen=True, slots=True)
class AttentionWeights:
    """Projections into and out of attention."""

    query: AnyLinear
    key: AnyLinear
    value: AnyLinear
    output: AnyLinear

    def project(self, hidden: Tensor, head_size: int) -> tuple[Tensor, Tensor, Tensor]:
        """(S, hidden) gives queries (S, H, D), keys and values (S, H_kv, D)."""
        shape = (len(hidden), -1, head_size)
        return (
            self.query(hidden).view(shape),
            self.key(hidden).view(shape),
            self.value(hidden).view(shape),
        )


@dataclass(frozen=True, slots=True)
class MlpWeights:
    """Up, an optional gate beside it, and down."""

    up: AnyLinear
    gate: AnyLinear | None
    down: AnyLinear

    def apply(self, hidden: Tensor, activation: str) -> Tensor:
        """(S, hidden) gives (S, hidden)."""
        activate = ACTIVATIONS[activation]
        if self.gate is None:
            return self.down(activate(self.up(hidden)))
        return self.down(activate(self.gate(hidden)) * self.up(hidden))


class AttentionProducts(Protocol):
    """What a layer computes with its attention's weights."""

    @property
    def output(self) -> Product:
        """The projection out of attention."""
        ...

    def project(self, hidden: Tensor, head_size: int) -> tuple[Tensor, Tensor, Tensor]:
        """(S, hidden) gives queries (S, H, D), keys and values (S, H_kv, D)."""
        ...


class MlpProducts(Protocol):
    """What a layer computes with its other weights."""

    def apply(self, hidden: Tensor, activation: str) -> Tensor:
        """(S, hidden) gives (S, hidden)."""
        ...


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """One layer. The optional norms belong to Qwen3 (query, key) and Gemma 2 and 3."""

    attention_norm: Norm
    attention: AttentionProducts
    query_norm: Norm | None
    key_norm: Norm | None
    after_attention_norm: Norm | None
    mlp_norm: Norm
    mlp: MlpProducts
    after_mlp_norm: Norm | None


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """All of a model. `output` multiplies with the embedding itself where the two are tied."""

    embedding: Tensor
    layers: tuple[LayerWeights, ...]
    final_norm: Norm
    output: Product


def _gelu_tanh(hidden: Tensor) -> Tensor:
    return functional.gelu(hidden, approximate="tanh")


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "silu": functional.silu,
    "gelu": functional.gelu,
    "gelu_tanh": _gelu_tanh,
}


def assemble_weights(
    tensors: Mapping[str, Tensor], configuration: DecoderConfiguration
) -> ModelWeights:
    """Arrange a checkpoint's tensors.

    Raises:
        ModelFileError: If one is missing; the message names it.
    """
    reader = _Reader(tensors)
    embedding = reader.tensor("model.embed_tokens.weight")
    return ModelWeights(
        embedding=embedding,
        layers=tuple(
            _layer(reader, f"model.layers.{index}", configuration)
            for index in range(configuration.num_layers)
        ),
        final_norm=reader.norm("model.norm"),
        output=Linear(tensors.get("lm_head.weight", embedding), None),
    )


class _Reader:
    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self._tensors = tensors

    def tensor(self, name: str) -> Tensor:
        if name not in self._tensors:
            raise ModelFileError(
                f"The model's files lack the tensor {name!r}; pull the model again."
            )
        return self._tensors[name]

    def linear(self, name: str) -> Linear:
        return Linear(self.tensor(f"{name}.weight"), self._tensors.get(f"{name}.bias"))

    def split(self, name: str, sizes: tuple[int, ...]) -> tuple[Linear, ...]:
        """Return views of one matrix that was stored as several stacked."""
        weights = torch.split(self.tensor(f"{name}.weight"), list(sizes))
        return tuple(Linear(weight, None) for weight in weights)

    def norm(self, name: str) -> Norm:
        return Norm(self.tensor(f"{name}.weight"), self._tensors.get(f"{name}.bias"))

    def optional_norm(self, name: str) -> Norm | None:
        return self.norm(name) if f"{name}.weight" in self._tensors else None


def _layer(reader: _Reader, name: str, configuration: DecoderConfiguration) -> LayerWeights:
    has_four_norms = configuration.model_type in {"gemma2", "gemma3_text"}
    before_mlp = "pre_feedforward_layernorm" if has_four_norms else "post_attention_layernorm"
    return LayerWeights(
        attention_norm=reader.norm(f"{name}.input_layernorm"),
        attention=_attention(reader, f"{name}.self_attn", configuration),
        query_norm=reader.optional_norm(f"{name}.self_attn.q_norm"),
        key_norm=reader.optional_norm(f"{name}.self_attn.k_norm"),
        after_attention_norm=reader.norm(f"{name}.post_attention_layernorm")
        if has_four_norms
        else None,
        mlp_norm=reader.norm(f"{name}.{before_mlp}"),
        mlp=_mlp(reader, f"{name}.mlp", configuration),
        after_mlp_norm=reader.optional_norm(f"{name}.post_feedforward_layernorm"),
    )


def _attention(reader: _Reader, name: str, configuration: DecoderConfiguration) -> AttentionWeights:
    output = reader.linear(f"{name}.o_proj")
    if configuration.model_type == "phi3":
        key_size = configuration.num_kv_heads * configuration.head_size
        sizes = (configuration.num_heads * configuration.head_size, key_size, key_size)
        query, key, value = reader.split(f"{name}.qkv_proj", sizes)
        return AttentionWeights(query, key, value, output)
    return AttentionWeights(
        reader.linear(f"{name}.q_proj"),
        reader.linear(f"{name}.k_proj"),
        reader.linear(f"{name}.v_proj"),
        output,
    )


def _mlp(reader: _Reader, name: str, configuration: DecoderConfiguration) -> MlpWeights:
    if not configuration.has_gated_mlp:
        return MlpWeights(reader.linear(f"{name}.c_fc"), None, reader.linear(f"{name}.c_proj"))
    down = reader.linear(f"{name}.down_proj")
    if configuration.model_type == "phi3":
        half = down.weight.shape[1]
        gate, up = reader.split(f"{name}.gate_up_proj", (half, half))
        return MlpWeights(up, gate, down)
    return MlpWeights(reader.linear(f"{name}.up_proj"), reader.linear(f"{name}.gate_proj"), down)
