"""The contract of a loaded model, as the service sees it."""

from collections.abc import Generator, Sequence
from typing import Protocol

from engine.cache.base import DocumentCache
from engine.protocol.messages import ModelDescription, TokenRange
from engine.tokens import TokenArray
from engine.types import Checkpoint


class Model(Protocol):
    """Weights in memory. Used by one thread at a time."""

    @property
    def description(self) -> ModelDescription:
        """What the torch-free side needs to know."""
        ...

    @property
    def is_packed(self) -> bool:
        """Whether candidates are written with packed weights."""
        ...

    @property
    def copied_bytes(self) -> int:
        """Memory of weights that are not mapped from a file."""
        ...

    @property
    def chunk_bytes(self) -> int:
        """Memory of keys and values of other files' chunks, which all caches share."""
        ...

    def new_cache(self) -> DocumentCache:
        """Return an empty cache."""
        ...

    def read_chunks(
        self, tokens: TokenArray, chunks: Sequence[TokenRange], checkpoint: Checkpoint
    ) -> Generator[None, None, None]:
        """Read chunks of other files for prompts to come, if caches can make use of that.

        Args:
            tokens: (L,), a beginning as prompts have it, and chunks.
            chunks: Where they stand in it, in order and apart.
            checkpoint: As for `DocumentCache.sync`.
        """
        ...

    def bytes_for(self, num_tokens: int) -> int:
        """Estimate the memory of a cache of so many tokens, in bytes.

        A little less than it will hold: memory grows in steps, and candidates need some too.
        """
        ...
