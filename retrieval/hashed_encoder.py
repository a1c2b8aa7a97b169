"""Text as a weighted sum of directions, one for each of its terms. Numpy only.

For every distinct term t of a text (`terms.terms_of`):

    rows(t)     two buckets of the table, by hashing
    strength(t) chunk: how often t is there
                query: the sum over its occurrences of exp(line_log_weights[age]), where the age
                of the last line is 0
    weight(t)   strength / (strength + SATURATION) * exp((w[rows(t)[0]] + w[rows(t)[1]]) / 2),
                with w = query_log_weights or chunk_log_weights
    direction   table[rows(t)[0]] + table[rows(t)[1]]

The vector is the sum of weight * direction, divided by its length. Names that were never seen in
training fall into buckets like all others, so that equal names still make vectors alike; two
rows each keep apart the terms that share one (Bloom embeddings).

Source:
    Getting deep recommenders fit: Bloom embeddings, arXiv 1706.03993.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from retrieval.model import Parameters, RetrieverModel
from retrieval.query import QUERY_LINES
from retrieval.terms import terms_of
from retrieval.types import Chunk, Vectors

SATURATION = 1.2
"""The strength at which a term has half of its weight, as in BM25."""

Rows = NDArray[np.int64]

_MIXERS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
"""Odd numbers; the upper bits of a hash times one of them are the bucket."""


@dataclass(frozen=True, slots=True)
class Bag:
    """The distinct terms of a text.

    Attributes:
        rows: (T, 2), rows of the table.
        counts: (T, QUERY_LINES) for a query, how often each term is in the line of each age;
            (T, 1) for a chunk.
    """

    rows: Rows
    counts: NDArray[np.float32]


class HashedEncoder:
    """An `Encoder` whose vectors are sums over terms. Pure, and safe from several threads."""

    def __init__(self, model: RetrieverModel) -> None:
        self.identity = model.identity
        self._model = model
        self._line_weights = np.exp(model.line_log_weights)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text; one without terms has length zero."""
        counted = map(_query_counts, texts)
        strengths = [
            {term: float(counts @ self._line_weights) for term, counts in each.items()}
            for each in counted
        ]
        return self._vectors(strengths, self._model.query_log_weights)

    def encode_chunks(self, chunks: Sequence[Chunk]) -> Vectors:
        """Return a vector for each chunk; one without terms has length zero."""
        return self._vectors(list(map(_chunk_counts, chunks)), self._model.chunk_log_weights)

    def _vectors(
        self, strengths: Sequence[Mapping[str, float]], log_weights: Parameters
    ) -> Vectors:
        """Sum up texts, given the strength of each term; a term of several is looked up once."""
        places = {term: index for index, term in enumerate(dict.fromkeys(chain(*strengths)))}
        directions = self._directions(places, log_weights)
        vectors = np.zeros((len(strengths), self._model.dimensions), np.float32)
        for vector, each in zip(vectors, strengths, strict=True):
            strength = np.fromiter(each.values(), np.float32, len(each))
            indices = np.fromiter(map(places.__getitem__, each), np.intp, len(each))
            vector[:] = (strength / (strength + np.float32(SATURATION))) @ directions[indices]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = vectors / np.maximum(lengths, np.float32(1e-12))
        return unit

    def _directions(self, terms: Iterable[str], log_weights: Parameters) -> Vectors:
        """Return the direction of each term times what is learned of its weight, (T, D)."""
        first, second = rows_of(terms, self._model.num_buckets).T
        weights = np.exp((log_weights[first] + log_weights[second]) / 2)
        table = self._model.table
        directions: Vectors = (table[first] + table[second]) * weights[:, None]
        return directions


def query_bag(text: str, num_buckets: int) -> Bag:
    """Return the terms of a query by the age of their line; the last line has age 0."""
    counts = _query_counts(text)
    table = np.stack(list(counts.values())) if counts else np.zeros((0, QUERY_LINES), np.float32)
    return Bag(rows_of(counts, num_buckets), table)


def chunk_bag(chunk: Chunk, num_buckets: int) -> Bag:
    """Return the terms of a chunk; its path is part of its text."""
    counts = _chunk_counts(chunk)
    table = np.fromiter(counts.values(), np.float32, len(counts)).reshape(-1, 1)
    return Bag(rows_of(counts, num_buckets), table)


def _query_counts(text: str) -> dict[str, Parameters]:
    lines = [line for line in text.splitlines() if line.strip()][-QUERY_LINES:]
    counts: dict[str, Parameters] = {}
    for age, line in enumerate(reversed(lines)):
        for term in terms_of(line):
            counts.setdefault(term, np.zeros(QUERY_LINES, np.float32))[age] += 1
    return counts


def _chunk_counts(chunk: Chunk) -> Counter[str]:
    counts = Counter(terms_of(chunk.path))
    counts.update(terms_of(chunk.text))
    return counts


def rows_of(terms: Iterable[str], num_buckets: int) -> Rows:
    """Return the two rows (T, 2) of each term; the same in every process and version.

    The CRC-32 of the term in UTF-8, times an odd 64-bit number modulo 2**64, of which the upper
    bits are the row; another number gives the second row.
    """
    crcs = [zlib.crc32(term.encode("utf-8", "replace")) for term in terms]
    hashes = np.array(crcs, np.uint64)
    if num_buckets == 1:  # a shift by all 64 bits is not defined
        return np.zeros((len(hashes), 2), np.int64)
    shift = np.uint64(64 - (num_buckets.bit_length() - 1))
    return np.stack([(hashes * mixer) >> shift for mixer in _MIXERS], axis=1).astype(np.int64)
