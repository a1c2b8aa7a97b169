"""The picture of a cache shows the smallest change and loses no token."""

from engine.protocol.messages import CacheRun
from evaluation.cache_drawing import GLYPHS, TokenState, count_states, draw_map, state_of

RUNS = (
    CacheRun(0, 1000, "kept", is_exact=True),
    CacheRun(1000, 1003, "encoded", is_exact=True),
    CacheRun(1003, 1010, "kept", is_exact=False),
    CacheRun(1010, 6000, "moved", is_exact=False),
)


def test_three_new_tokens_among_thousands_are_seen() -> None:
    drawn = draw_map(RUNS, width=80, max_rows=2).plain
    assert drawn.count(GLYPHS[TokenState.ENCODED]) == 1


def test_rows_are_as_wide_as_asked_and_no_more_than_asked() -> None:
    rows = draw_map(RUNS, width=70, max_rows=3).plain.split("\n")
    assert len(rows) == 3
    assert [len(row) for row in rows[:-1]] == [70, 70]


def test_every_token_is_counted_once() -> None:
    assert count_states(RUNS) == {
        TokenState.EXACT: 1000,
        TokenState.KEPT: 7,
        TokenState.MOVED: 4990,
        TokenState.ENCODED: 3,
    }


def test_a_moved_token_whose_context_is_as_it_was_is_exact() -> None:
    """After an undo nothing is approximate, whatever was moved."""
    assert state_of(CacheRun(0, 1, "moved", is_exact=True)) is TokenState.EXACT


def test_an_empty_cache_is_an_empty_picture() -> None:
    assert draw_map((), width=80).plain == ""
