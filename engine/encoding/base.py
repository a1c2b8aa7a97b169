"""The contract of a text encoder, as the service sees it. Knows no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.types import Checkpoint


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts that go through the encoder together.

    Attributes:
        places: Where each stood among the texts that were asked about.
        tokens: Of each text.
    """

    places: tuple[int, ...]
    tokens: tuple[list[int], ...]


class TextEncoder(Protocol):
    """An encoder in memory. Used by one thread at a time."""

    @property
    def size(self) -> int:
        """How many numbers a vector has."""
        ...

    @property
    def num_bytes(self) -> int:
        """Memory of the weights."""
        ...

    def batches(self, texts: Sequence[str], *, keeps_end: bool) -> tuple[Batch, ...]:
        """Put texts together that are encoded together; the same texts give the same batches."""
        ...

    def encode_batch(self, batch: Batch, checkpoint: Checkpoint) -> NDArray[np.float32]:
        """Return (len(batch.places), size), each vector of length one."""
        ...
