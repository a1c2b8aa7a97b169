"""Tiny models with random weights, one of each family the engine knows."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

# Tiny products gain nothing from a second thread, and wait for it where other programs run.
torch.set_num_threads(1)

VOCABULARY_SIZE = 97
SMALL: dict[str, Any] = {
    "vocab_size": VOCABULARY_SIZE,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


PACKABLE: dict[str, Any] = {"vocab_size": 112, "hidden_size": 96, "intermediate_size": 160}
"""Changes that make all matrices of shapes that can be packed."""


def rope(**parameters: Any) -> dict[str, Any]:
    return {"rope_parameters": {"rope_theta": 10000.0, **parameters}}


LLAMA3 = rope(
    rope_type="llama3",
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=64,
)
YARN = rope(
    rope_type="yarn",
    factor=4.0,
    original_max_position_embeddings=64,
    beta_fast=32.0,
    beta_slow=1.0,
)
ROTATING: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", {}),
    "llama-linear": ("llama", rope(rope_type="linear", factor=4.0)),
    "llama-llama3": ("llama", LLAMA3),
    "llama-yarn": ("llama", YARN),
    "qwen2": ("qwen2", {}),
    "qwen2-sliding": (
        "qwen2",
        {"use_sliding_window": True, "sliding_window": 16, "max_window_layers": 1},
    ),
    "qwen3": ("qwen3", {"head_dim": 16}),
    "mistral": ("mistral", {"sliding_window": None}),
    "mistral-sliding": ("mistral", {"sliding_window": 16}),
    "starcoder2": ("starcoder2", {"use_bias": True, "sliding_window": None}),
    "starcoder2-sliding": ("starcoder2", {"use_bias": True, "sliding_window": 16}),
    "gemma": ("gemma", {"head_dim": 16}),
    "gemma2-sliding": ("gemma2", {"head_dim": 16, "sliding_window": 16}),
    "gemma3-sliding": (
        "gemma3_text",
        {"head_dim": 16, "sliding_window": 16, "num_hidden_layers": 6},
    ),
    "phi3-partial": ("phi3", rope(rope_type="default", partial_rotary_factor=0.5)),
    "granite": (
        "granite",
        {
            "embedding_multiplier": 3.0,
            "attention_multiplier": 0.25,
            "residual_multiplier": 0.5,
            "logits_scaling": 2.0,
        },
    ),
}


def make_network(family: str, seed: int = 0, **more: Any) -> PreTrainedModel:
    """Return transformers' own model of a family, random weights, float32."""
    model_type, changes = ROTATING[family]
    return make_transformers_model(model_type, SMALL | changes | more, seed)


def make_transformers_model(
    model_type: str, configuration: dict[str, Any], seed: int = 0
) -> PreTrainedModel:
    torch.manual_seed(seed)
    config = AutoConfig.for_model(model_type, **configuration)
    network = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            spread = 0.1 if "norm" in name or "bias" in name else 0.2
            parameter.add_(torch.randn_like(parameter) * spread)
    return network.eval()


def save_network(network: PreTrainedModel, directory: Path) -> Path:
    network.save_pretrained(directory)
    return directory
