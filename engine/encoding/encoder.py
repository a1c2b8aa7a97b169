"""Texts to vectors, in batches of texts of about the same length."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from engine.encoding.base import Batch
from engine.encoding.configuration import (
    WEIGHT_FILES,
    EncoderConfiguration,
    Pooling,
    encoder_configuration,
    find_encoder_problem,
)
from engine.encoding.tokenization import TextTokenizer
from engine.encoding.transformer import EncoderWeights, assemble_encoder, last_hidden_states
from engine.errors import ModelFileError
from engine.model.loader import choose_device, choose_storage_type
from engine.types import Checkpoint, never_interrupt

BATCH_TOKENS = 1024
"""Of one batch, padding included. Four times as many were a tenth faster with MiniLM on two cores,
and more urgent work would wait four times as long for the end of a layer."""


class TransformerEncoder:
    """An encoder in memory. Implements `TextEncoder`.

    Args:
        weights: Of the encoder.
        configuration: Its numbers.
        tokenizer: Its own.
    """

    def __init__(
        self,
        weights: EncoderWeights,
        configuration: EncoderConfiguration,
        tokenizer: TextTokenizer,
    ) -> None:
        self._weights = weights
        self._configuration = configuration
        self._tokenizer = tokenizer

    @classmethod
    def load(
        cls, folder: Path, *, device: str = "auto", storage_type: str = "auto"
    ) -> "TransformerEncoder":
        """Read an encoder from a folder in hub layout.

        Raises:
            ModelFileError: If the folder is incomplete or damaged, or holds no encoder.
            UnsupportedModelError: If it holds one of an unknown kind.
        """
        if problem := find_encoder_problem(folder):
            raise ModelFileError(f"The folder {folder} cannot be used as an encoder: {problem}.")
        configuration = encoder_configuration(folder)
        chosen = choose_device(device)
        dtype = choose_storage_type(storage_type, chosen)
        weights = assemble_encoder(_read_tensors(folder), configuration, dtype, chosen)
        return cls(weights, configuration, TextTokenizer(folder, configuration.max_tokens))

    @property
    def size(self) -> int:
        """How many numbers a vector has."""
        return self._configuration.hidden_size

    @property
    def num_bytes(self) -> int:
        """Memory of the weights."""
        return self._weights.num_bytes

    def encode(self, texts: Sequence[str], *, keeps_end: bool = False) -> NDArray[np.float32]:
        """Return (N, size), each vector of length one.

        Args:
            texts: As many as one likes.
            keeps_end: Whether a long text is cut at its beginning instead of its end.
        """
        vectors = np.zeros((len(texts), self.size), np.float32)
        for batch in self.batches(texts, keeps_end=keeps_end):
            vectors[list(batch.places)] = self.encode_batch(batch)
        return vectors

    def batches(self, texts: Sequence[str], *, keeps_end: bool) -> tuple[Batch, ...]:
        """Put texts of about the same length together, so that little is padding."""
        return tuple(_batches(self._tokenizer.tokens_of(texts, keeps_end=keeps_end)))

    @torch.inference_mode()
    def encode_batch(
        self, batch: Batch, checkpoint: Checkpoint = never_interrupt
    ) -> NDArray[np.float32]:
        """Return (len(batch.places), size), each vector of length one."""
        device = self._weights.words.device
        tokens = pad_sequence([torch.tensor(each) for each in batch.tokens], batch_first=True)
        lengths = torch.tensor([len(each) for each in batch.tokens])
        mask = torch.arange(tokens.shape[1]) < lengths[:, None]  # (B, S)
        tokens, mask = tokens.to(device), mask.to(device)
        hidden = last_hidden_states(self._weights, self._configuration, tokens, mask, checkpoint)
        pooled = _pool(hidden.float(), mask, self._configuration.pooling)
        vectors: NDArray[np.float32] = functional.normalize(pooled).cpu().numpy()
        return vectors


def _pool(hidden: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """(B, S, hidden) gives (B, hidden)."""
    if pooling is Pooling.FIRST:
        return hidden[:, 0]
    weights = mask[:, :, None].float()
    return (hidden * weights).sum(1) / weights.sum(1)


def _batches(tokens: Sequence[list[int]]) -> Iterator[Batch]:
    """Cut the texts, sorted by length, where a batch would be too large."""
    batch: list[int] = []
    for place in sorted(range(len(tokens)), key=lambda place: len(tokens[place])):
        if batch and (len(batch) + 1) * len(tokens[place]) > BATCH_TOKENS:
            yield Batch(tuple(batch), tuple(tokens[each] for each in batch))
            batch = []
        batch.append(place)
    if batch:
        yield Batch(tuple(batch), tuple(tokens[each] for each in batch))


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    path = next(path for name in WEIGHT_FILES if (path := folder / name).is_file())
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        # `weights_only` reads tensors and nothing else: no code of the file is run.
        tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # both libraries raise their own and the system's errors
        raise ModelFileError(
            f"The encoder's weights {path} cannot be read ({error}); pull the encoder again."
        ) from error
    return tensors
