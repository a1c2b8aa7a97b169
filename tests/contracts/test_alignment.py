"""Runs found by alignment are true, ordered and cover what an edit left alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cache.alignment import ANCHOR_TOKENS, align
from engine.cache.slices import pack_slices
from engine.tokens import TokenArray

token_lists = st.lists(st.integers(0, 5), max_size=60)


def array(tokens: list[int]) -> TokenArray:
    return np.array(tokens, dtype=np.int32)


@given(old=token_lists, new=token_lists, cut=st.integers(0, 60))
def test_runs_are_true(old: list[int], new: list[int], cut: int) -> None:
    """Equal tokens, disjoint and ascending in the new prompt, inside both."""
    new = new + old[cut:] + old[:cut]
    stop = 0
    for run in align(array(old), array(new)):
        assert run.length > 0
        assert run.new_start >= stop
        stop = run.new_stop
        assert stop <= len(new)
        assert run.old_start + run.length <= len(old)
        assert old[run.old_start : run.old_start + run.length] == new[run.new_start : run.new_stop]


@given(data=st.data())
@settings(max_examples=60)
def test_what_an_edit_left_alone_is_found(data: st.DataObject) -> None:
    """Distinct tokens with several edits: only edited stretches and short ends are lost."""
    old = list(range(200))
    new = list(old)
    num_edits = data.draw(st.integers(1, 4))
    for edit in range(num_edits):
        start = data.draw(st.integers(0, len(new)))
        stop = min(len(new), start + data.draw(st.integers(0, 10)))
        new[start:stop] = range(1000 + 100 * edit, 1000 + 100 * edit + data.draw(st.integers(0, 9)))
    found = sum(run.length for run in align(array(old), array(new)))
    survivors = sum(token < 1000 for token in new)
    assert found >= survivors - (num_edits + 1) * ANCHOR_TOKENS


def test_a_block_that_moved_is_found() -> None:
    """Two blocks that changed places are both kept."""
    old = array(list(range(60)))
    runs = align(old, np.concatenate([old[30:], old[:30]]))
    assert [(run.old_start, run.new_start, run.length) for run in runs] == [
        (30, 0, 30),
        (0, 30, 30),
    ]


def test_marked_rows_match_nothing() -> None:
    """Negative tokens stand for rows that hold nothing."""
    old = array([1, 2, -1, -1, 5])
    runs = align(old, array([1, 2, 3, 4, 5]))
    assert [(run.new_start, run.length) for run in runs] == [(0, 2), (4, 1)]


@given(rows=st.sets(st.integers(0, 300)), slice_tokens=st.integers(1, 40))
def test_slices_cover_all_rows_once_in_order(rows: set[int], slice_tokens: int) -> None:
    """Packing loses nothing and never exceeds the size of a pass."""
    ascending = np.array(sorted(rows), dtype=np.intp)
    pieces = list(pack_slices(ascending, slice_tokens))
    assert all(0 < len(piece) <= slice_tokens for piece in pieces)
    joined = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.intp)
    np.testing.assert_array_equal(joined, ascending)


def test_a_prefill_runs_on_the_grid() -> None:
    """Whatever part is known, long stretches are cut at multiples of the slice."""
    pieces = list(pack_slices(np.arange(5, 40), 16))
    assert [int(piece[0]) for piece in pieces] == [5, 16, 32]
