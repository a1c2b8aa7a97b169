"""The contract of a loaded model, as the service sees it."""

from typing import Protocol

from engine.cache.base import DocumentCache
from engine.protocol.messages import ModelDescription


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

    def new_cache(self) -> DocumentCache:
        """Return an empty cache."""
        ...

    def bytes_for(self, num_tokens: int) -> int:
        """Estimate the memory of a cache of so many tokens, in bytes.

        A little less than it will hold: memory grows in steps, and candidates need some too.
        """
        ...
