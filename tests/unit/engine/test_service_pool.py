"""The pool: whose cache, how many bytes, and what goes first. A token costs 10 bytes."""

import numpy as np
import pytest

from engine.errors import PromptTooLongError
from engine.service.pool import CacheKey, CachePool
from engine.types import never_interrupt
from tests.unit.engine.doubles import ModelDouble

A, B, C = (CacheKey("window", name) for name in ("a.py", "b.py", "c.py"))
OTHER_A = CacheKey("shell", "a.py")


@pytest.fixture
def model() -> ModelDouble:
    return ModelDouble()


@pytest.fixture
def pool(model: ModelDouble) -> CachePool:
    return CachePool(model, budget_bytes=300)  # type: ignore[arg-type]


def fill(pool: CachePool, key: CacheKey, num_tokens: int) -> None:
    with pool.lend(key, num_tokens) as cache:
        for _ in cache.sync(np.arange(num_tokens, dtype=np.int32), 0, never_interrupt):
            pass


def test_a_cache_is_found_again(pool: CachePool) -> None:
    fill(pool, A, 10)
    with pool.lend(A, 10) as cache:
        assert len(cache.tokens) == 10
    assert pool.summary.documents == ("a.py",)
    assert pool.summary.cache_bytes == 100


def test_the_least_recently_used_goes_first(pool: CachePool) -> None:
    for key in (A, B, C, A):
        fill(pool, key, 10)
    fill(pool, CacheKey("window", "d.py"), 10)
    assert pool.summary.documents == ("d.py", "a.py", "c.py")


def test_closed_documents_go_before_older_open_ones(pool: CachePool) -> None:
    for key in (A, B, C):
        fill(pool, key, 10)
    pool.close_document(C)
    fill(pool, CacheKey("window", "d.py"), 10)
    assert pool.summary.documents == ("d.py", "b.py", "a.py")


def test_closing_keeps_the_cache_while_there_is_room(pool: CachePool) -> None:
    fill(pool, A, 10)
    pool.close_session("window")
    assert pool.find(A) is not None


def test_using_a_closed_document_opens_it_again(pool: CachePool) -> None:
    fill(pool, A, 10)
    pool.close_document(A)
    fill(pool, A, 10)
    fill(pool, B, 10)
    fill(pool, C, 15)
    assert pool.find(B) is not None
    assert pool.find(A) is None, "open, A is simply the least recently used"


def test_a_lent_cache_stays(pool: CachePool) -> None:
    fill(pool, A, 10)
    with pool.lend(A, 10):
        fill(pool, B, 10)
        fill(pool, C, 20)
        assert pool.find(A) is not None
        assert pool.find(B) is None


def test_room_promised_to_a_borrower_is_not_given_twice(pool: CachePool) -> None:
    with pool.lend(A, 20), pytest.raises(PromptTooLongError, match="using the rest"):
        fill(pool, B, 20)


def test_a_prompt_larger_than_the_budget_is_refused_with_numbers(pool: CachePool) -> None:
    fill(pool, A, 10)
    with pytest.raises(PromptTooLongError, match=r"31 tokens needs 310 bytes .* 300"):
        fill(pool, B, 31)
    assert pool.find(A) is not None, "a refused prompt costs nobody a cache"


def test_another_session_begins_with_a_copy(pool: CachePool, model: ModelDouble) -> None:
    fill(pool, A, 10)
    with pool.lend(OTHER_A, 10) as cache:
        assert cache is not pool.find(A)
        assert len(cache.tokens) == 10
    assert model.copies == 1


def test_the_cache_of_a_closed_document_is_taken_over(pool: CachePool, model: ModelDouble) -> None:
    fill(pool, A, 10)
    closed = pool.find(A)
    pool.close_session("window")
    with pool.lend(OTHER_A, 10) as cache:
        assert cache is closed
    assert model.copies == 0
    assert pool.find(A) is None


def test_no_copy_is_made_where_there_is_no_room_for_two(
    pool: CachePool, model: ModelDouble
) -> None:
    fill(pool, A, 20)
    fill(pool, OTHER_A, 20)
    assert model.copies == 0
    assert pool.summary.cache_bytes == 200


def test_open_caches_come_newest_first(pool: CachePool) -> None:
    for key in (A, B, C, A):
        fill(pool, key, 10)
    pool.close_document(C)
    assert pool.open_caches() == (pool.find(A), pool.find(B))
