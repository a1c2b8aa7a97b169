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

    def new_cache(self) -> DocumentCache:
        """Return an empty cache."""
        ...

    def bytes_for(self, num_tokens: int) -> int:
        """Memory that a cache of so many tokens will hold, in bytes."""
        ...
