"""A transformer in this very process, for measurements that need no engine."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from engine.encoding.configuration import encoder_identity
from retrieval.types import Chunk, Vectors
from warmline.encoders.texts import ends_of, texts_of

if TYPE_CHECKING:  # imports torch
    from engine.encoding.encoder import TransformerEncoder


class DirectEncoder:
    """An `Encoder` over a transformer in memory. Safe to use from several threads."""

    def __init__(self, transformer: "TransformerEncoder", identity: str) -> None:
        self.identity = identity
        self._transformer = transformer
        self._lock = Lock()

    @classmethod
    def load(cls, folder: Path, *, storage_type: str = "auto") -> "DirectEncoder":
        """Read an encoder from a folder in hub layout; imports torch.

        Raises:
            ModelError: If it is of no use.
        """
        from engine.encoding.encoder import TransformerEncoder  # noqa: PLC0415

        transformer = TransformerEncoder.load(folder, storage_type=storage_type)
        return cls(transformer, encoder_identity(folder))

    @property
    def num_bytes(self) -> int:
        """Memory of the weights."""
        return self._transformer.num_bytes

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text before a cursor."""
        return self._encode(ends_of(texts), keeps_end=True)

    def encode_chunks(self, chunks: Sequence[Chunk]) -> Vectors:
        """Return a vector for each chunk."""
        return self._encode(texts_of(chunks), keeps_end=False)

    def _encode(self, texts: tuple[str, ...], *, keeps_end: bool) -> Vectors:
        with self._lock:
            return self._transformer.encode(texts, keeps_end=keeps_end)
