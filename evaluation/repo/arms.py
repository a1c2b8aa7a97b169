"""Ways to choose from a pool. All choose from the same one, and have room for as much."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from evaluation.repo.pools import Pool
from retrieval.cosine_ranker import CosineRanker
from retrieval.memory import RememberingEncoder
from retrieval.model import RetrieverModel
from retrieval.ranker import LearnedRanker
from retrieval.two_stage import SearchSettings, choose
from retrieval.types import Chunk, Encoder, Ranker

NONE, BM25, UNTRAINED = "none", "bm25", "untrained"
TRAINED, TRAINED_NOSTOP, ORACLE = "trained", "trained-nostop", "oracle"
TRANSFORMER, TRANSFORMER_FEATURES = "transformer", "transformer-features"
ARMS = (NONE, BM25, UNTRAINED, TRAINED, TRAINED_NOSTOP, ORACLE)
"""Those that need no text encoder."""
ENCODER_ARMS = (TRANSFORMER, TRANSFORMER_FEATURES)


@dataclass(frozen=True, slots=True)
class Choice:
    """What an arm wants to have read.

    Attributes:
        chunks: Best first.
        ms: From the question to the choice, both stages.
    """

    chunks: tuple[Chunk, ...]
    ms: float


Chooser = Callable[[Pool], Choice]


def choose_nothing(_: Pool) -> Choice:
    """Leave the rest of the repository out."""
    return Choice((), 0.0)


@dataclass(frozen=True, slots=True)
class Ranked:
    """Chooses as the retriever does in use.

    Attributes:
        ranker: The second stage; None leaves the order of the first one.
        num_chunks: Most that are chosen.
        with_stop: Whether "nothing helps" is a candidate.
    """

    ranker: Ranker | None
    num_chunks: int
    with_stop: bool = False

    def __call__(self, pool: Pool) -> Choice:
        """Rank a pool and take the best."""
        started = time.perf_counter()
        settings = SearchSettings(len(pool.candidates), self.num_chunks, self.with_stop)
        ranking = (
            self.ranker.rank(pool.place, pool.query, pool.candidates)
            if self.ranker is not None and pool.candidates
            else None
        )
        considered = choose(pool.candidates, ranking, settings)
        ms = pool.ms + (time.perf_counter() - started) * 1000
        return Choice(tuple(each.chunk for each in considered if not each.left_out), ms)


def choosers(
    model: RetrieverModel | None, seed: int, num_chunks: int, encoder: Encoder | None = None
) -> Mapping[str, Chooser]:
    """Return all ways to choose but the oracle, which has to ask the language model.

    Args:
        model: A trained retriever; None leaves its arms out.
        seed: Of the untrained one.
        num_chunks: Most that are chosen.
        encoder: Compares texts in place of the untrained one's table: alone, and with the same
            features beside it; None leaves these arms out.
    """
    untrained = LearnedRanker(RetrieverModel.untrained(seed))
    found: dict[str, Chooser] = {
        NONE: choose_nothing,
        BM25: Ranked(None, num_chunks),
        UNTRAINED: Ranked(untrained, num_chunks),
    }
    if model is not None:
        trained = LearnedRanker(model)
        found[TRAINED] = Ranked(trained, num_chunks, with_stop=True)
        found[TRAINED_NOSTOP] = Ranked(trained, num_chunks)
    if encoder is not None:
        shared = RememberingEncoder(encoder)  # what the first arm has encoded, the second has too
        found[TRANSFORMER] = Ranked(CosineRanker(shared), num_chunks)
        found[TRANSFORMER_FEATURES] = Ranked(_with_features(shared, seed), num_chunks)
    return found


def _with_features(encoder: Encoder, seed: int) -> LearnedRanker:
    """Let another encoder take the place of the untrained one's, all else being the same."""
    size = encoder.encode_queries([""]).shape[1]
    model = replace(RetrieverModel.untrained(seed), stop_vector=np.zeros(size, np.float32))
    return LearnedRanker(model, encoder)
