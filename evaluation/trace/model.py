"""What a recording is played through: a real model, or a tiny one with the same tokenizer."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from completion.prompting import PromptBuilder
from completion.tokenization import Tokenization
from engine.cache.parts import CacheParts
from engine.decoding.vocabulary import Vocabulary
from engine.model.base import Model
from engine.model.configuration import DecoderConfiguration, decoder_configuration
from engine.model.decoder import Decoder
from engine.model.layers import assemble_weights
from engine.model.loader import RotatingModel, load_model
from engine.protocol.messages import ModelDescription
from engine.settings import EngineSettings
from engine.tokens import TokenArray
from evaluation.errors import CannotMeasureError

_TINY_INNER_SIZE = 128
_TINY = {
    "model_type": "qwen2",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32768,
    "rope_theta": 10000.0,
}
_TINY_SPREAD = 1.5  # of weights, against what keeps the size of hidden states: scores differ more


@dataclass(frozen=True, slots=True)
class TraceModel:
    """A model and everything around it that a recording passes through.

    Attributes:
        model: Makes caches.
        builder: Lays prompts out with the model's tokenizer, piece by piece.
        vocabulary: For decoding.
        whole: The same tokenizer, used without pieces.
    """

    model: Model
    builder: PromptBuilder
    vocabulary: Vocabulary
    whole: Tokenizer

    def encode_whole(self, text: str) -> TokenArray:
        """Tokenise text in one piece, (L,)."""
        return np.array(self.whole.encode(text, add_special_tokens=False).ids, dtype=np.int32)


def real_model(directory: Path, name: str, settings: EngineSettings) -> TraceModel:
    """Load a model as the engine does, but for packed weights.

    Those decide close choices only, and only in a completion; every cache is exact about the
    same full weights.
    """
    model = load_model(directory, name, replace(settings, decode_weights="full"))
    return _trace_model(model, directory)


def tiny_model(directory: Path, seed: int) -> TraceModel:
    """Return a model of random weights in float32 that has a real one's tokenizer.

    Uses one thread: its products gain nothing from a second one.

    Raises:
        CannotMeasureError: If the folder does not say how large the vocabulary is.
    """
    torch.set_num_threads(1)
    configuration = decoder_configuration(_TINY | {"vocab_size": _vocabulary_size(directory)})
    decoder = Decoder(
        configuration, assemble_weights(_random_tensors(configuration, seed), configuration)
    )
    description = ModelDescription(
        name="tiny-random",
        model_type=configuration.model_type,
        directory=str(directory),
        context_tokens=configuration.context_tokens,
        vocabulary_size=configuration.vocabulary_size,
        storage_type="float32",
        device="cpu",
        can_rotate=True,
        rotation_note="",
    )
    return _trace_model(RotatingModel(CacheParts.of(decoder), description), directory)


def _trace_model(model: Model, directory: Path) -> TraceModel:
    whole = Tokenizer.from_file(str(directory / "tokenizer.json"))
    Tokenization(whole)  # makes it take text literally
    return TraceModel(
        model,
        PromptBuilder.load(model.description, ""),
        Vocabulary.from_file(directory / "tokenizer.json"),
        whole,
    )


def _vocabulary_size(directory: Path) -> int:
    path = directory / "config.json"
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["vocab_size"])
    except (OSError, ValueError, KeyError) as error:
        raise CannotMeasureError(
            f"{path} does not tell the size of the vocabulary ({error!r}); pull the model again"
        ) from error


def _random_tensors(configuration: DecoderConfiguration, seed: int) -> dict[str, Tensor]:
    """Return tensors as a Qwen2 checkpoint names them."""
    generator = torch.Generator().manual_seed(seed)
    hidden, inner = configuration.hidden_size, _TINY_INNER_SIZE
    key_size = configuration.num_kv_heads * configuration.head_size

    def matrix(num_rows: int, num_columns: int) -> Tensor:
        scale = _TINY_SPREAD / math.sqrt(num_columns)
        return torch.randn(num_rows, num_columns, generator=generator) * scale

    tensors = {
        "model.embed_tokens.weight": matrix(configuration.vocabulary_size, hidden),
        "model.norm.weight": torch.ones(hidden),
    }
    for index in range(configuration.num_layers):
        layer = f"model.layers.{index}"
        sizes = {"q": hidden, "k": key_size, "v": key_size}
        for name, size in sizes.items():
            tensors[f"{layer}.self_attn.{name}_proj.weight"] = matrix(size, hidden)
            tensors[f"{layer}.self_attn.{name}_proj.bias"] = matrix(size, hidden)[:, 0]
        tensors[f"{layer}.self_attn.o_proj.weight"] = matrix(hidden, hidden)
        tensors[f"{layer}.mlp.gate_proj.weight"] = matrix(inner, hidden)
        tensors[f"{layer}.mlp.up_proj.weight"] = matrix(inner, hidden)
        tensors[f"{layer}.mlp.down_proj.weight"] = matrix(hidden, inner)
        tensors[f"{layer}.input_layernorm.weight"] = torch.ones(hidden)
        tensors[f"{layer}.post_attention_layernorm.weight"] = torch.ones(hidden)
    return tensors
