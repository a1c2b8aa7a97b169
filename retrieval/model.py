"""All numbers a trained retriever consists of.

The second stage is one formula. With a query's vector q and a candidate's vector c, each of
length one (`hashed_encoder.py`), its features f and those of the query g (`features.py`):

    score(candidate) = scale * (q . c)            + f . feature_weights
    score(nothing)   = scale * (q . stop_vector)  + g . stop_weights

A candidate helps if it scores higher than "nothing".
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.features import FEATURES, STOP_FEATURES
from retrieval.query import QUERY_LINES

Parameters = NDArray[np.float32]

NUM_BUCKETS = 2**15
DIMENSIONS = 128
"""With these the file has 8.5 MB."""

_SCALE = 20.0  # of the cosine, as in RLCoder
_LINE_DECAY = 10.0  # lines after which a line of the query counts for 1/e
_PRIOR = {
    "lexical_share": 4.0,
    "defines_current": 4.0,
    "defines_source": 3.0,
    "defines_scope": 2.0,
    "defines_imported": 1.0,
    "defines_unused": 3.0,
    "imported_from": 3.0,
    "defines_recent": 1.0,
}
"""Weights before any training: what a chunk defines matters most; the rest count nothing."""


@dataclass(frozen=True, eq=False)
class RetrieverModel:
    """The parameters of both encoder and ranker, in float32; 16-bit floats in a file.

    Attributes:
        table: (num_buckets, D), a direction for each bucket of terms.
        query_log_weights: (num_buckets,), how much a term of a query counts; its logarithm.
        chunk_log_weights: (num_buckets,), the same for a term of a chunk.
        line_log_weights: (QUERY_LINES,), how much a query's lines count, the last line first.
        feature_weights: (len(FEATURES),), in the order of `features.FEATURES`.
        stop_vector: (D,), of any length; what it is close to needs nothing else.
        stop_weights: (len(STOP_FEATURES),), in the order of `features.STOP_FEATURES`.
        scale: Of all cosines.
        training: How the numbers came about, for people; plain JSON, empty before training.
    """

    table: Parameters
    query_log_weights: Parameters
    chunk_log_weights: Parameters
    line_log_weights: Parameters
    feature_weights: Parameters
    stop_vector: Parameters
    stop_weights: Parameters
    scale: float = _SCALE
    training: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def untrained(
        seed: int = 0, *, num_buckets: int = NUM_BUCKETS, dimensions: int = DIMENSIONS
    ) -> "RetrieverModel":
        """Return random directions, which make the cosine one of shared terms, and a prior.

        The same seed gives the same numbers everywhere. Cost: a tenth of a second.
        """
        random = np.random.default_rng(seed)
        table = random.standard_normal((num_buckets, dimensions), dtype=np.float32)
        table /= np.sqrt(np.float32(2 * dimensions))  # two rows make a vector of length one
        return RetrieverModel(
            table=as_stored(table),
            query_log_weights=np.zeros(num_buckets, np.float32),
            chunk_log_weights=np.zeros(num_buckets, np.float32),
            line_log_weights=as_stored(-np.arange(QUERY_LINES, dtype=np.float32) / _LINE_DECAY),
            feature_weights=np.array([_PRIOR.get(name, 0.0) for name in FEATURES], np.float32),
            stop_vector=np.zeros(dimensions, np.float32),
            stop_weights=np.zeros(len(STOP_FEATURES), np.float32),
        )

    @property
    def num_buckets(self) -> int:
        """How many buckets terms fall into; a power of two."""
        return int(self.table.shape[0])

    @property
    def dimensions(self) -> int:
        """Of all vectors."""
        return int(self.table.shape[1])

    @property
    def arrays(self) -> dict[str, Parameters]:
        """All parameters by name, the scale as an array of one."""
        return {
            "table": self.table,
            "query_log_weights": self.query_log_weights,
            "chunk_log_weights": self.chunk_log_weights,
            "line_log_weights": self.line_log_weights,
            "feature_weights": self.feature_weights,
            "stop_vector": self.stop_vector,
            "stop_weights": self.stop_weights,
            "scale": np.array([self.scale], np.float32),
        }

    @cached_property
    def identity(self) -> str:
        """Name of exactly these numbers as a file holds them: `trained-` or `untrained-`, digest.

        Cost: some milliseconds, once.
        """
        digest = hashlib.sha256()
        for name, values in self.arrays.items():
            digest.update(name.encode())
            digest.update(values.astype("<f2").tobytes())
        kind = "trained" if self.training else "untrained"
        return f"{kind}-{digest.hexdigest()[:12]}"


def as_stored(values: Parameters) -> Parameters:
    """Return numbers as they come back from a file."""
    return values.astype(np.float16).astype(np.float32)
