"""Where the rows of a new prompt come from, without any model."""

import numpy as np
import torch

from engine.cache.alignment import Run
from engine.cache.arrangement import Arrangement, arrange
from engine.cache.chunks import ChunkStore, StoredChunk
from engine.cache.ledger import Ledger
from engine.protocol.messages import TokenRange
from engine.tokens import TokenArray


class StoreDouble(ChunkStore):
    """Holds chunks of no keys and values."""

    def __init__(self, *chunks: TokenArray) -> None:
        super().__init__(0)
        self._known = {chunk.tobytes(): stored(chunk) for chunk in chunks}

    def find(self, tokens: TokenArray) -> StoredChunk | None:
        return self._known.get(tokens.tobytes())


def stored(tokens: TokenArray) -> StoredChunk:
    ledger = Ledger()
    ledger.rearrange(tokens, [])
    nothing = torch.empty(0)
    return StoredChunk(ledger.entries(0, len(tokens)), nothing, nothing)


def numbers(start: int, stop: int) -> TokenArray:
    return np.arange(start, stop, dtype=np.int32)


def joined(*parts: TokenArray) -> TokenArray:
    return np.concatenate(parts).astype(np.int32)


FIRST, SECOND, DOCUMENT = numbers(100, 120), numbers(200, 220), numbers(300, 350)


def borrowed_at(arrangement: Arrangement) -> list[int]:
    return [start for start, _ in arrangement.borrowed]


def test_a_chunk_that_moved_comes_from_the_cache() -> None:
    old, new = joined(FIRST, SECOND, DOCUMENT), joined(SECOND, FIRST, DOCUMENT)
    places = (TokenRange(0, 20), TokenRange(20, 40))
    arrangement = arrange(old, new, places, StoreDouble(FIRST, SECOND))
    assert arrangement.borrowed == []
    assert arrangement.runs == [Run(20, 0, 20), Run(0, 20, 20), Run(40, 40, 50)]


def test_a_chunk_that_the_cache_has_not_comes_from_the_store() -> None:
    old, new = joined(FIRST, DOCUMENT), joined(SECOND, DOCUMENT)
    arrangement = arrange(old, new, (TokenRange(0, 20),), StoreDouble(FIRST, SECOND))
    assert borrowed_at(arrangement) == [0]
    assert arrangement.pieces == [Run(0, 0, 20), Run(20, 20, 50)]
    np.testing.assert_array_equal(arrangement.removed, FIRST)


def test_a_chunk_comes_as_a_whole_from_one_place() -> None:
    """Parts that stood apart in the old prompt saw other text than one whole chunk did."""
    old = joined(FIRST[:9], SECOND, FIRST[9:], DOCUMENT)
    new = joined(FIRST, DOCUMENT)
    arrangement = arrange(old, new, (TokenRange(0, 20),), StoreDouble(FIRST))
    assert borrowed_at(arrangement) == [0]
    assert arrangement.pieces == [Run(0, 0, 20), Run(40, 20, 50)]


def test_without_a_store_it_is_pieced_together() -> None:
    old = joined(FIRST[:9], SECOND, FIRST[9:], DOCUMENT)
    arrangement = arrange(old, joined(FIRST, DOCUMENT), (TokenRange(0, 20),), StoreDouble())
    assert arrangement.runs == [Run(0, 0, 9), Run(29, 9, 61)]


def test_a_run_that_reaches_into_a_chunk_is_cut() -> None:
    """The text before a chunk, and its first words, may be in the cache and the rest not."""
    beginning = numbers(10, 30)
    chunk = joined(FIRST[:10], SECOND)
    old, new = joined(beginning, FIRST, DOCUMENT), joined(beginning, chunk, DOCUMENT)
    arrangement = arrange(old, new, (TokenRange(20, 50),), StoreDouble(chunk))
    assert borrowed_at(arrangement) == [20]
    assert arrangement.runs == [Run(0, 0, 20), Run(40, 50, 50)]


def test_only_named_chunks_are_looked_for() -> None:
    new = joined(SECOND, DOCUMENT)
    assert arrange(joined(FIRST, DOCUMENT), new, (), StoreDouble(SECOND)).borrowed == []
