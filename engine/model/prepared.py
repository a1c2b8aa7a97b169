"""Weights copied into the order in which the processor's library reads them."""

from dataclasses import fields, replace
from functools import partial
from typing import Any

import torch

from engine.machine import best_seconds
from engine.model.layers import (
    AttentionWeights,
    LayerWeights,
    Linear,
    MlpWeights,
    ModelWeights,
    Norm,
    PreparedLinear,
)

_SELF_TEST_ROWS = 64


def should_prepare(weights: ModelWeights) -> bool:
    """Tell whether prepared matrices are faster here, by a test of some milliseconds."""
    example = _first_matrix(weights)
    hidden = torch.ones(_SELF_TEST_ROWS, example.weight.shape[1], dtype=example.weight.dtype)
    try:
        prepared = PreparedLinear.of(example)
        prepared_s = best_seconds(partial(prepared, hidden))
    except (AttributeError, RuntimeError):  # this build has no such product for the type
        return False
    return prepared_s < best_seconds(partial(example, hidden))


def prepare(weights: ModelWeights, mapped: ModelWeights) -> ModelWeights:
    """Copy all matrices of all layers; nothing of `weights` is kept.

    Args:
        weights: As read.
        mapped: The same, mapped once more: embedding and output are taken from there, of which
            few rows are read. So the pages read for the copy are given back with `weights`.
    """
    return ModelWeights(
        embedding=mapped.embedding,
        layers=tuple(_prepared_layer(layer) for layer in weights.layers),
        final_norm=_copied(weights.final_norm),
        output=mapped.output,
    )


def prepared_bytes(weights: ModelWeights) -> int:
    """Return the memory of all prepared matrices."""
    parts = [part for layer in weights.layers for part in (layer.attention, layer.mlp)]
    matrices = [
        getattr(part, field.name)
        for part in parts
        if isinstance(part, AttentionWeights | MlpWeights)
        for field in fields(part)
    ]
    prepared = [each.weight for each in matrices if isinstance(each, PreparedLinear)]
    return sum(weight.numel() * weight.element_size() for weight in prepared)


def _first_matrix(weights: ModelWeights) -> Linear:
    mlp = weights.layers[0].mlp
    if not isinstance(mlp, MlpWeights) or not isinstance(mlp.up, Linear):
        raise TypeError("The weights are prepared or packed already; wanted them as read.")
    return mlp.up


def _prepared_layer(layer: LayerWeights) -> LayerWeights:
    changes: dict[str, Any] = {
        field.name: _prepared_part(part)
        for field in fields(layer)
        if (part := getattr(layer, field.name)) is not None
    }
    return replace(layer, **changes)


def _prepared_part(part: Any) -> Any:
    if isinstance(part, Linear):
        return PreparedLinear.of(part)
    if isinstance(part, Norm):
        return _copied(part)
    if isinstance(part, AttentionWeights | MlpWeights):
        parts = {field.name: _prepared_part(getattr(part, field.name)) for field in fields(part)}
        return replace(part, **parts)
    return part


def _copied(norm: Norm) -> Norm:
    return Norm(norm.weight.clone(), None if norm.bias is None else norm.bias.clone())
