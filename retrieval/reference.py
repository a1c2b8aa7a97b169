"""The first stage by rank-bm25: what the live index must agree with, for small pools."""

from collections.abc import Sequence
from dataclasses import replace

from rank_bm25 import BM25Okapi

from retrieval.terms import terms_of
from retrieval.types import Chunk


def reference_scores(query: str, chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """Return all chunks in their order, each with the score that rank-bm25 gives it.

    It counts the terms of all chunks and looks at each chunk once for each term of the query:
    some milliseconds for a thousand chunks, a second for fifty thousand.
    """
    documents = [terms_of(chunk.text) for chunk in chunks]
    if not any(documents):  # rank-bm25 divides by the number of terms
        return tuple(replace(chunk, score=0.0) for chunk in chunks)
    scores = BM25Okapi(documents).get_scores(terms_of(query)).tolist()
    return tuple(replace(chunk, score=score) for chunk, score in zip(chunks, scores, strict=True))
