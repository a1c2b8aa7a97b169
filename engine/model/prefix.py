"""Models whose keys cannot be rotated, run by transformers with reuse of prefixes."""

import inspect
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.cache.prefix import PrefixCache, PrefixTraits
from engine.errors import UnsupportedModelError
from engine.protocol.messages import ModelDescription, TokenRange
from engine.tokens import TokenArray
from engine.types import Checkpoint

DEFAULT_CONTEXT_TOKENS = 2048


class PrefixModel:
    """A model without live caches. Implements `Model`."""

    def __init__(
        self, network: nn.Module, description: ModelDescription, traits: PrefixTraits
    ) -> None:
        self._network = network
        self._description = description
        self._traits = traits

    @classmethod
    def load(
        cls,
        directory: Path,
        name: str,
        raw: dict[str, Any],
        *,
        dtype: torch.dtype,
        device: torch.device,
        reason: str,
    ) -> "PrefixModel":
        """Load a folder with transformers; `reason` says why rotation is out of the question.

        Raises:
            UnsupportedModelError: If transformers cannot run it as a causal language model.
        """
        from transformers import AutoModelForCausalLM, DynamicCache  # noqa: PLC0415  (takes seconds)

        try:
            network: Any = AutoModelForCausalLM.from_pretrained(
                directory, dtype=dtype, local_files_only=True, trust_remote_code=False
            )
        except (ValueError, KeyError, OSError) as error:
            raise UnsupportedModelError(
                f"{directory} cannot be run as a code model ({error}); choose another model."
            ) from error
        network = network.to(device=device).eval()
        description = ModelDescription(
            name=name,
            model_type=raw["model_type"],
            directory=str(directory),
            context_tokens=raw.get("max_position_embeddings")
            or raw.get("n_positions")
            or DEFAULT_CONTEXT_TOKENS,
            vocabulary_size=raw["vocab_size"],
            storage_type=str(dtype).removeprefix("torch."),
            device=str(device),
            can_rotate=False,
            rotation_note=f"{reason}; only unchanged prefixes are reused",
        )
        traits = PrefixTraits(
            cache_argument=_cache_argument(network),
            is_recurrent=not DynamicCache(config=network.config).is_croppable,
            reusable_tokens=_reusable_tokens(raw),
        )
        return cls(network, description, traits)

    @property
    def description(self) -> ModelDescription:
        """What the torch-free side needs to know."""
        return self._description

    @property
    def is_packed(self) -> bool:
        """Never: transformers computes with the weights as stored."""
        return False

    @property
    def copied_bytes(self) -> int:
        """All weights: transformers reads them into memory."""
        return sum(weight.nbytes for weight in self._network.parameters())

    @property
    def chunk_bytes(self) -> int:
        """None: chunks are read anew wherever they stand."""
        return 0

    def new_cache(self) -> PrefixCache:
        """Return an empty cache that reuses prefixes."""
        return PrefixCache(self._network, self._traits)

    def read_chunks(
        self, tokens: TokenArray, chunks: Sequence[TokenRange], checkpoint: Checkpoint
    ) -> Generator[None, None, None]:
        """Do nothing: what stands elsewhere is of no use here."""
        del tokens, chunks, checkpoint
        yield from ()

    def bytes_for(self, num_tokens: int) -> int:
        """Estimate the memory of a cache as if every layer kept all keys and values."""
        config: Any = self._network.config
        heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
        size = config.hidden_size // config.num_attention_heads
        itemsize = next(self._network.parameters()).element_size()
        return int(2 * config.num_hidden_layers * heads * size * itemsize * num_tokens)


def _cache_argument(network: nn.Module) -> str:
    parameters = inspect.signature(network.forward).parameters
    return next(name for name in ("past_key_values", "cache_params") if name in parameters)


def _reusable_tokens(raw: dict[str, Any]) -> int:
    """Return up to which length the model's frequencies stay the same."""
    parameters = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    kind = parameters.get("rope_type") or parameters.get("type")
    if kind not in {"dynamic", "longrope"}:
        return sys.maxsize
    original = parameters.get("original_max_position_embeddings")
    return int(
        original or raw.get("original_max_position_embeddings") or raw["max_position_embeddings"]
    )
