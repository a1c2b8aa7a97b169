import subprocess
import sys
from dataclasses import replace
from math import e, log

import numpy as np
import pytest

from retrieval.hashed_encoder import HashedEncoder, chunk_bag, query_bag, rows_of
from retrieval.model import RetrieverModel
from retrieval.types import Chunk

_BUCKETS = 2**10


def model_with(**arrays: object) -> RetrieverModel:
    untrained = RetrieverModel.untrained(num_buckets=_BUCKETS, dimensions=4)
    return replace(untrained, **arrays)  # type: ignore[arg-type]


def one_hot_table(*terms: str) -> np.ndarray:
    """Give each term a dimension of its own in its first row and nothing in its second."""
    table = np.zeros((_BUCKETS, 4), np.float32)
    for dimension, (first, second) in enumerate(rows_of(terms, _BUCKETS)):
        assert first != second
        table[first, dimension] = 1
    assert np.count_nonzero(table) == len(terms)
    return table


def test_rows_are_the_same_in_every_process() -> None:
    script = (
        "from retrieval.hashed_encoder import rows_of;"
        "print(rows_of(['cart', 'größe'], 2**15).tolist())"
    )
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == str(rows_of(["cart", "größe"], 2**15).tolist())


def test_rows_follow_the_documented_hash() -> None:
    # CRC-32 of "a" is 0xE8B7BE43.
    product = 0xE8B7BE43 * 0x9E3779B97F4A7C15 % 2**64
    assert rows_of(["a"], 2**15)[0, 0] == product >> 49


@pytest.mark.parametrize("num_buckets", [1, 2, 2**15])
def test_rows_lie_in_the_table(num_buckets: int) -> None:
    rows = rows_of([f"name{number}" for number in range(2_000)], num_buckets)
    assert rows.shape == (2_000, 2)
    assert rows.min() >= 0
    assert num_buckets * 0.99 - 1 <= rows.max() < num_buckets


def test_no_terms_have_no_rows() -> None:
    assert rows_of([], 2**15).shape == (0, 2)


def test_a_term_of_a_chunk_saturates() -> None:
    encoder = HashedEncoder(model_with(table=one_hot_table("cart", "item")))
    (vector,) = encoder.encode_chunks([Chunk("", 0, "cart cart cart item", 0.0)])
    expected = np.array([3 / 4.2, 1 / 2.2, 0, 0])
    assert vector == pytest.approx(expected / np.linalg.norm(expected))


def test_a_line_of_a_query_counts_by_its_age() -> None:
    line_log_weights = np.array([log(2), log(0.5)] + [-20.0] * 18, np.float32)
    encoder = HashedEncoder(
        model_with(table=one_hot_table("cart", "item"), line_log_weights=line_log_weights)
    )
    (vector,) = encoder.encode_queries(["cart\nitem cart"])
    expected = np.array([2.5 / 3.7, 2 / 3.2, 0, 0])
    assert vector == pytest.approx(expected / np.linalg.norm(expected))


def test_a_term_counts_by_the_weights_of_both_its_rows() -> None:
    (first, second) = rows_of(["cart"], _BUCKETS)[0]
    log_weights = np.zeros(_BUCKETS, np.float32)
    log_weights[first], log_weights[second] = 1.5, 0.5
    table = one_hot_table("cart", "item")
    chunk = Chunk("", 0, "cart item", 0.0)
    (weighted,) = HashedEncoder(
        model_with(table=table, chunk_log_weights=log_weights)
    ).encode_chunks([chunk])
    assert weighted[0] / weighted[1] == pytest.approx(e)
    (plain,) = HashedEncoder(model_with(table=table, query_log_weights=log_weights)).encode_chunks(
        [chunk]
    )
    assert plain[0] == pytest.approx(plain[1])


def test_both_rows_of_a_term_give_its_direction() -> None:
    table = np.zeros((_BUCKETS, 4), np.float32)
    first, second = rows_of(["cart"], _BUCKETS)[0]
    table[first], table[second] = [3, 0, 0, 0], [0, 4, 0, 0]
    (vector,) = HashedEncoder(model_with(table=table)).encode_queries(["cart"])
    assert vector == pytest.approx([0.6, 0.8, 0, 0])


def test_equal_names_make_untrained_vectors_alike() -> None:
    encoder = HashedEncoder(RetrieverModel.untrained())
    chunks = [
        Chunk("a.py", 0, "def open_basket(customer): return Basket(customer)", 0.0),
        Chunk("b.py", 0, "while True: sleep(seconds)", 0.0),
    ]
    (query,) = encoder.encode_queries(["basket = open_basket(customer)"])
    alike, other = encoder.encode_chunks(chunks) @ query
    assert alike > other + 0.3


def test_text_without_terms_has_no_direction() -> None:
    encoder = HashedEncoder(RetrieverModel.untrained())
    assert not encoder.encode_queries(["", "  \n"]).any()
    assert encoder.encode_chunks([]).shape == (0, 128)


def test_the_path_is_part_of_a_chunk() -> None:
    with_path = chunk_bag(Chunk("shop/cart.py", 0, "x1", 0.0), _BUCKETS)
    assert len(with_path.rows) > len(chunk_bag(Chunk("", 0, "x1", 0.0), _BUCKETS).rows)


def test_a_query_counts_terms_by_line() -> None:
    bag = query_bag("cart\n\nitem cart cart", _BUCKETS)
    assert bag.counts.shape == (2, 20)
    by_row = {tuple(row): counts for row, counts in zip(bag.rows.tolist(), bag.counts, strict=True)}
    cart = by_row[tuple(rows_of(["cart"], _BUCKETS)[0].tolist())]
    assert cart[:3].tolist() == [2, 1, 0]


def test_texts_are_encoded_together_as_each_by_itself() -> None:
    encoder = HashedEncoder(RetrieverModel.untrained())
    chunks = [Chunk("a.py", 0, f"cart item {number} cart", 0.0) for number in range(5)]
    chunks.insert(2, Chunk("", 0, "", 0.0))
    alone = np.concatenate([encoder.encode_chunks([chunk]) for chunk in chunks])
    assert encoder.encode_chunks(chunks) == pytest.approx(alone, abs=1e-6)


def test_bags_hold_what_vectors_are_made_of() -> None:
    """Training computes vectors from bags, by the formula as it is written."""
    model = model_with(
        table=np.random.default_rng(0).standard_normal((_BUCKETS, 4)).astype(np.float32),
        chunk_log_weights=np.linspace(-1, 1, _BUCKETS, dtype=np.float32),
        query_log_weights=np.linspace(1, -1, _BUCKETS, dtype=np.float32),
    )
    chunk = Chunk("shop/cart.py", 0, "def open_cart(cart):\n    return cart.items", 0.0)
    cases = [
        (chunk_bag(chunk, _BUCKETS), np.ones(1), model.chunk_log_weights),
        (query_bag(chunk.text, _BUCKETS), np.exp(model.line_log_weights), model.query_log_weights),
    ]
    encoder = HashedEncoder(model)
    vectors = (encoder.encode_chunks([chunk])[0], encoder.encode_queries([chunk.text])[0])
    for (bag, count_weights, log_weights), vector in zip(cases, vectors, strict=True):
        strength = bag.counts @ count_weights
        weights = strength / (strength + 1.2) * np.exp(log_weights[bag.rows].mean(1))
        expected = weights @ model.table[bag.rows].sum(1)
        assert vector == pytest.approx(expected / np.linalg.norm(expected), abs=1e-5)
