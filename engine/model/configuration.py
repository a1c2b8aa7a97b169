"""What a decoder-only transformer is made of, read from a `config.json` in hub layout."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ModelFileError, UnsupportedModelError
from engine.model.frequencies import RotaryFrequencies, rotary_frequencies

ROTATING_MODEL_TYPES = frozenset(
    {
        "gemma",
        "gemma2",
        "gemma3_text",
        "granite",
        "llama",
        "mistral",
        "phi3",
        "qwen2",
        "qwen3",
        "starcoder2",
    }
)
GEMMA_MODEL_TYPES = frozenset({"gemma", "gemma2", "gemma3_text"})
GEMMA3_WINDOW_PATTERN = 6  # every sixth layer sees everything


class CannotRotateError(UnsupportedModelError):
    """The model's keys cannot be moved by rotation; prefixes can still be reused."""


@dataclass(frozen=True, slots=True)
class DecoderConfiguration:
    """The numbers and switches in which the supported families differ."""

    model_type: str
    num_layers: int
    hidden_size: int
    num_heads: int
    num_kv_heads: int
    head_size: int
    vocabulary_size: int
    context_tokens: int
    norm_epsilon: float
    has_layer_norm: bool  # otherwise root mean square
    norm_offset: float  # added to norm weights; Gemma stores them minus one
    has_gated_mlp: bool
    activation: str  # "silu", "gelu" or "gelu_tanh"
    attention_scale: float
    attention_softcap: float | None
    logit_softcap: float | None
    embedding_scale: float
    residual_scale: float
    logit_divisor: float
    windows: tuple[int | None, ...]  # per layer: how many positions back it sees; None is all
    frequencies: tuple[RotaryFrequencies, ...]  # per layer


def read_configuration(directory: Path) -> dict[str, Any]:
    """Return the model's `config.json`.

    Raises:
        ModelFileError: If there is none or it cannot be read.
    """
    path = directory / "config.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(
            f"The model folder {directory} has no readable config.json ({error}); "
            "give a folder in hub layout or a GGUF file."
        ) from error
    if not isinstance(raw, dict) or "model_type" not in raw:
        raise ModelFileError(
            f"{path} names no model_type; give a folder in hub layout or a GGUF file."
        )
    return raw


def decoder_configuration(raw: dict[str, Any]) -> DecoderConfiguration:
    """Return the configuration of a model whose keys can be rotated.

    Raises:
        CannotRotateError: If rotation would not be valid; the message says why.
        ModelFileError: If a needed number is missing.
    """
    model_type = str(raw["model_type"])
    if model_type not in ROTATING_MODEL_TYPES:
        raise CannotRotateError(
            f"no rotation for the architecture {model_type!r}: its positions are learned, "
            "recurrent, or not yet proven here"
        )
    try:
        return _decoder_configuration(model_type, raw)
    except KeyError as error:
        raise ModelFileError(
            f"The config.json of a {model_type} model lacks {error}; pull the model again."
        ) from error


def _decoder_configuration(model_type: str, raw: dict[str, Any]) -> DecoderConfiguration:
    is_gemma = model_type in GEMMA_MODEL_TYPES
    num_layers = raw["num_hidden_layers"]
    num_heads = raw["num_attention_heads"]
    head_size = raw.get("head_dim") or raw["hidden_size"] // num_heads
    windows = _windows(model_type, raw, num_layers)
    return DecoderConfiguration(
        model_type=model_type,
        num_layers=num_layers,
        hidden_size=raw["hidden_size"],
        num_heads=num_heads,
        num_kv_heads=raw.get("num_key_value_heads") or num_heads,
        head_size=head_size,
        vocabulary_size=raw["vocab_size"],
        context_tokens=raw.get("max_position_embeddings", 4096),
        norm_epsilon=raw.get("rms_norm_eps", raw.get("norm_epsilon", 1e-6)),
        has_layer_norm=model_type == "starcoder2",
        norm_offset=1.0 if is_gemma else 0.0,
        has_gated_mlp=model_type != "starcoder2",
        activation=_activation(model_type, raw),
        attention_scale=_attention_scale(model_type, raw, head_size),
        attention_softcap=raw.get("attn_logit_softcapping"),
        logit_softcap=raw.get("final_logit_softcapping"),
        embedding_scale=raw["hidden_size"] ** 0.5
        if is_gemma
        else raw.get("embedding_multiplier", 1.0),
        residual_scale=raw.get("residual_multiplier", 1.0),
        logit_divisor=raw.get("logits_scaling", 1.0),
        windows=windows,
        frequencies=_layer_frequencies(raw, head_size, windows),
    )


def _activation(model_type: str, raw: dict[str, Any]) -> str:
    if model_type in GEMMA_MODEL_TYPES:
        return "gelu_tanh"  # their files say "gelu" where the tanh form is meant
    name = raw.get("hidden_act", "silu")
    known = {
        "silu": "silu",
        "gelu": "gelu",
        "gelu_pytorch_tanh": "gelu_tanh",
        "gelu_new": "gelu_tanh",
    }
    if name not in known:
        raise UnsupportedModelError(
            f"The model's activation is {name!r}, and the engine has {', '.join(known)}; choose "
            "another model."
        )
    return known[name]


def _attention_scale(model_type: str, raw: dict[str, Any], head_size: int) -> float:
    if model_type == "granite":
        return float(raw.get("attention_multiplier", 1.0))
    if model_type in {"gemma2", "gemma3_text"}:
        return 1.0 / math.sqrt(raw.get("query_pre_attn_scalar", 256))
    return 1.0 / math.sqrt(head_size)


def _windows(model_type: str, raw: dict[str, Any], num_layers: int) -> tuple[int | None, ...]:
    window = raw.get("sliding_window")
    if window is None or (model_type == "qwen2" and not raw.get("use_sliding_window", False)):
        return (None,) * num_layers
    layer_types = raw.get("layer_types") or _default_layer_types(model_type, raw, num_layers)
    return tuple(window if kind == "sliding_attention" else None for kind in layer_types)


def _default_layer_types(model_type: str, raw: dict[str, Any], num_layers: int) -> list[str]:
    """Return which layers slide, for files that do not list it."""
    if model_type == "gemma2":
        sliding = [layer % 2 == 0 for layer in range(num_layers)]
    elif model_type == "gemma3_text":
        pattern = raw.get("sliding_window_pattern", GEMMA3_WINDOW_PATTERN)
        sliding = [(layer + 1) % pattern != 0 for layer in range(num_layers)]
    elif model_type in {"qwen2", "qwen3"}:
        first = raw.get("max_window_layers", 28)
        sliding = [bool(raw.get("use_sliding_window")) and n >= first for n in range(num_layers)]
    else:
        sliding = [True] * num_layers
    return ["sliding_attention" if slides else "full_attention" for slides in sliding]


def _layer_frequencies(
    raw: dict[str, Any], head_size: int, windows: tuple[int | None, ...]
) -> tuple[RotaryFrequencies, ...]:
    parameters = _rope_parameters(raw)
    by_kind = {
        kind: _frequencies_or_reason(parameters.get(kind, parameters), head_size)
        for kind in ("full_attention", "sliding_attention")
    }
    return tuple(
        by_kind["full_attention" if window is None else "sliding_attention"] for window in windows
    )


def _rope_parameters(raw: dict[str, Any]) -> dict[str, Any]:
    """Return rotary parameters in one form, from the present and the older file format."""
    partial = raw.get("partial_rotary_factor")
    shared = {} if partial is None else {"partial_rotary_factor": partial}
    if raw.get("rope_parameters"):
        return shared | dict(raw["rope_parameters"])
    scaling = dict(raw.get("rope_scaling") or {})
    scaling["rope_type"] = scaling.pop("type", None) or scaling.get("rope_type", "default")
    scaling.setdefault("original_max_position_embeddings", raw.get("max_position_embeddings"))
    base = shared | {"rope_theta": raw.get("rope_theta", 10000.0)}
    if "rope_local_base_freq" not in raw:
        return base | scaling
    local = {"rope_theta": raw["rope_local_base_freq"], "rope_type": "default"}
    return {"full_attention": base | scaling, "sliding_attention": shared | local}


def _frequencies_or_reason(parameters: dict[str, Any], head_size: int) -> RotaryFrequencies:
    kind = parameters.get("rope_type", "default")
    if kind in {"dynamic", "longrope"}:
        raise CannotRotateError(
            f"no rotation: {kind} scaling makes the model's frequencies depend on the length"
        )
    try:
        return rotary_frequencies(parameters, head_size)
    except ValueError as error:
        raise CannotRotateError(f"no rotation: {error}") from error
