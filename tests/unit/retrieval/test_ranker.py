from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from retrieval.features import FEATURES, STOP_FEATURES, features_of
from retrieval.hashed_encoder import HashedEncoder
from retrieval.memory import RememberingEncoder
from retrieval.model import RetrieverModel
from retrieval.query import query_of
from retrieval.ranker import LearnedRanker
from retrieval.types import Chunk, Place, Vectors

_TEXT = "def pay(cart: Cart):\n    cart."
_PLACE = Place("pay.py", _TEXT, len(_TEXT))
_CANDIDATES = [
    Chunk("sleep.py", 0, "def sleep(seconds): ...", 5.0),
    Chunk("cart.py", 0, "class Cart:\n    def total(self): ...", 3.0),
]


class CountingEncoder:
    identity = "counting"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode_queries(self, texts: list[str]) -> Vectors:
        return np.array([[1, 0]] * len(texts), np.float32)

    def encode_chunks(self, chunks: list[Chunk]) -> Vectors:
        self.encoded += [chunk.text for chunk in chunks]
        return np.array([[0.6, 0.8]] * len(chunks), np.float32).reshape(-1, 2)


def test_scores_follow_the_formula() -> None:
    random = np.random.default_rng(1)
    model = replace(
        RetrieverModel.untrained(num_buckets=64, dimensions=8),
        feature_weights=random.standard_normal(len(FEATURES)).astype(np.float32),
        stop_vector=random.standard_normal(8).astype(np.float32),
        stop_weights=random.standard_normal(len(STOP_FEATURES)).astype(np.float32),
        scale=7.0,
    )
    query = query_of(_PLACE)
    ranking = LearnedRanker(model).rank(_PLACE, query, _CANDIDATES)
    features = features_of(_PLACE, query, _CANDIDATES)
    encoder = HashedEncoder(model)
    (vector,) = encoder.encode_queries([query])
    for index, chunk in enumerate(_CANDIDATES):
        cosine = float(encoder.encode_chunks([chunk])[0] @ vector)
        expected = 7 * cosine + float(features.candidates[index] @ model.feature_weights)
        assert ranking.scores[index] == pytest.approx(expected, rel=1e-5)
    expected = 7 * float(vector @ model.stop_vector) + float(features.query @ model.stop_weights)
    assert ranking.stop_score == pytest.approx(expected, rel=1e-5)


def test_before_training_a_definition_beats_a_better_lexical_score() -> None:
    ranking = LearnedRanker(RetrieverModel.untrained()).rank(_PLACE, query_of(_PLACE), _CANDIDATES)
    assert ranking.scores[1] > ranking.scores[0]


def test_many_threads_get_the_same_scores() -> None:
    ranker = LearnedRanker(RetrieverModel.untrained())
    candidates = [
        Chunk(f"{number}.py", 0, f"def name_{number}(cart): ...", float(number))
        for number in range(50)
    ]
    expected = LearnedRanker(RetrieverModel.untrained()).rank(_PLACE, "cart", candidates)
    with ThreadPoolExecutor(8) as pool:
        rankings = list(pool.map(lambda _: ranker.rank(_PLACE, "cart", candidates), range(32)))
    for ranking in rankings:
        assert np.array_equal(ranking.scores, expected.scores)
        assert ranking.stop_score == expected.stop_score


def test_a_chunk_is_encoded_once() -> None:
    inner = CountingEncoder()
    encoder = RememberingEncoder(inner)
    first = encoder.encode_chunks([_CANDIDATES[0], _CANDIDATES[0]])
    second = encoder.encode_chunks(_CANDIDATES)
    assert inner.encoded == [chunk.text for chunk in _CANDIDATES]
    assert first.shape == second.shape == (2, 2)


def test_where_a_chunk_stands_and_its_score_change_no_vector() -> None:
    inner = CountingEncoder()
    encoder = RememberingEncoder(inner)
    encoder.encode_chunks(_CANDIDATES)
    encoder.encode_chunks([replace(chunk, score=9.0, start_line=4) for chunk in _CANDIDATES])
    assert len(inner.encoded) == 2
    encoder.encode_chunks([replace(_CANDIDATES[0], path="moved.py")])
    assert len(inner.encoded) == 3


def test_memory_is_bounded_and_keeps_what_was_used_last() -> None:
    inner = CountingEncoder()
    encoder = RememberingEncoder(inner, num_vectors=2)
    one, two, three = (Chunk("a", 0, name, 0.0) for name in ("one", "two", "three"))
    for chunk in (one, two, one, three, one, two):
        encoder.encode_chunks([chunk])
    assert inner.encoded == ["one", "two", "three", "two"]


def test_more_chunks_at_once_than_memory_holds_are_all_encoded() -> None:
    encoder = RememberingEncoder(CountingEncoder(), num_vectors=1)
    assert encoder.encode_chunks(_CANDIDATES).shape == (2, 2)


def test_another_encoder_takes_the_place_of_the_table() -> None:
    model = RetrieverModel.untrained(num_buckets=1, dimensions=2)
    ranker = LearnedRanker(
        replace(model, feature_weights=np.zeros(len(FEATURES), np.float32)), CountingEncoder()
    )
    ranking = ranker.rank(_PLACE, query_of(_PLACE), _CANDIDATES)
    assert ranking.scores == pytest.approx([12.0, 12.0])
    assert ranker.identity.startswith("counting+")
