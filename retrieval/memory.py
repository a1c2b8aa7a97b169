"""Vectors of chunks, kept by what they were made of."""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np

from retrieval.types import Chunk, Encoder, Scores, Vectors

DEFAULT_NUM_VECTORS = 8192


class RememberingEncoder:
    """An `Encoder` that asks another one only for chunks it has not seen lately.

    Chunks are known by a hash of path and text, so that an edited file keeps the vectors of all
    chunks that are as they were. Safe to use from several threads; two that ask for the same new
    chunk at once may both have it computed.
    """

    def __init__(self, encoder: Encoder, num_vectors: int = DEFAULT_NUM_VECTORS) -> None:
        self.identity = encoder.identity
        self._encoder = encoder
        self._num_vectors = num_vectors
        self._vectors: OrderedDict[bytes, Scores] = OrderedDict()  # least recently used first
        self._lock = Lock()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text; these are not kept, since every key makes another."""
        return self._encoder.encode_queries(texts)

    def encode_chunks(self, chunks: Sequence[Chunk]) -> Vectors:
        """Return a vector for each chunk."""
        keys = [_key(chunk) for chunk in chunks]
        found = self._recall(keys)
        missing = {key: chunk for key, chunk in zip(keys, chunks, strict=True) if key not in found}
        made = self._encoder.encode_chunks(list(missing.values()))
        new = dict(zip(missing, made, strict=True))
        self._keep(new)
        found |= new
        return np.stack([found[key] for key in keys]) if keys else made

    def _recall(self, keys: Sequence[bytes]) -> dict[bytes, Scores]:
        with self._lock:
            found = {key: self._vectors[key] for key in keys if key in self._vectors}
            for key in found:
                self._vectors.move_to_end(key)
        return found

    def _keep(self, new: dict[bytes, Scores]) -> None:
        with self._lock:
            # A copy each: a row of the batch would keep the whole batch in memory.
            self._vectors.update({key: vector.copy() for key, vector in new.items()})
            while len(self._vectors) > self._num_vectors:
                self._vectors.popitem(last=False)


def _key(chunk: Chunk) -> bytes:
    content = f"{chunk.path}\0{chunk.text}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=16).digest()
