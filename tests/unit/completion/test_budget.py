"""The window of a long file: inside its limits, at line starts, and still while one types."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completion.budget import FittedWindow, Limits, Window, fit_window, limits_for
from completion.difference import replacement_between
from completion.settings import CompletionSettings
from engine.tokens import TokenArray

LINES = "".join(f"line number {number:05}\n" for number in range(4_000))  # 18 tokens each
LIMITS = Limits(before_tokens=6_144, after_tokens=2_048)


def one_token_per_character(text: str) -> TokenArray:
    return np.zeros(len(text), dtype=np.int32)


def fit(text: str, cursor: int, limits: Limits, previous: Window | None = None) -> FittedWindow:
    encode = one_token_per_character
    return fit_window(
        text, cursor, limits, encode_before=encode, encode_after=encode, previous=previous
    )


def test_a_short_file_is_whole() -> None:
    fitted = fit("a\nb\nc\n", 2, LIMITS)
    assert fitted.window == Window(0, 6)
    assert (len(fitted.before), len(fitted.after)) == (2, 4)


@pytest.mark.parametrize("cursor", [0, 10, 30_000, 30_007, len(LINES) - 1, len(LINES)])
def test_a_long_file_is_cut_at_line_starts_within_the_limits(cursor: int) -> None:
    fitted = fit(LINES, cursor, LIMITS)
    start, stop = fitted.window.start, fitted.window.stop
    assert start <= cursor <= stop
    assert start == 0 or LINES[start - 1] == "\n"
    assert stop == len(LINES) or LINES[stop - 1] == "\n"
    total = LIMITS.before_tokens + LIMITS.after_tokens
    assert (
        len(fitted.before)
        == cursor - start
        <= max(LIMITS.before_tokens, total - (len(LINES) - cursor))
    )
    assert len(fitted.after) == stop - cursor <= max(LIMITS.after_tokens, total - cursor)


def test_what_one_side_leaves_over_goes_to_the_other() -> None:
    """A file that fits as a whole is whole wherever the cursor stands."""
    text = LINES[:8_000]
    for cursor in (0, 10, 4_000, 7_990, 8_000):
        assert fit(text, cursor, LIMITS).window == Window(0, 8_000)


def test_the_window_moves_in_whole_steps_while_one_types() -> None:
    text, cursor, starts, window = LINES, 30_000, [], None
    for _ in range(3_000):
        window = fit(text, cursor, LIMITS, window).window
        starts.append(window.start)
        changed = text[:cursor] + "x" + text[cursor:]
        window = window.moved(replacement_between(text, changed), len(text), len(changed))
        text, cursor = changed, cursor + 1
    moves = [after - before for before, after in pairwise(starts)]
    assert sum(move != 0 for move in moves) <= 3_000 // 512
    assert all(move == 0 or move >= 512 for move in moves)


def test_the_window_moves_in_whole_steps_while_one_scrolls() -> None:
    window, windows = None, []
    for cursor in [*range(30_000, 40_000, 180), *range(40_000, 20_000, -180)]:
        window = fit(LINES, cursor, LIMITS, window).window
        windows.append(window)
    for old, new in pairwise(windows):
        assert old.start == new.start or abs(old.start - new.start) >= 500  # to a line start
        assert old.stop == new.stop or abs(old.stop - new.stop) >= 500


def test_an_edit_before_the_window_moves_it_along() -> None:
    window = fit(LINES, 50_000, LIMITS).window
    longer = "import os\n" + LINES
    moved = window.moved(replacement_between(LINES, longer), len(LINES), len(longer))
    assert moved == Window(window.start + 10, window.stop + 10)
    assert fit(longer, 50_010, LIMITS, moved).window == moved


def test_an_edge_at_an_end_of_the_file_stays_there() -> None:
    window = fit("a\nb\n", 2, LIMITS).window
    longer = "# top\na\nb\nc\n"
    assert window.moved(replacement_between("a\nb\n", longer), 4, len(longer)) == Window(
        0, len(longer)
    )


def test_a_replaced_edge_is_chosen_again() -> None:
    window = Window(100, 200)
    other = LINES[:50] + LINES[150:]
    assert window.moved(replacement_between(LINES, other), len(LINES), len(other)) is None


def test_one_endless_line_is_cut_inside() -> None:
    text = "x" * 2_000_000
    fitted = fit(text, 1_000_003, LIMITS)
    assert 4_000 < len(fitted.before) <= LIMITS.before_tokens
    assert 1_000 < len(fitted.after) <= LIMITS.after_tokens
    assert fit(text, 1_000_103, LIMITS, fitted.window).window == fitted.window


def test_no_suffix_means_none() -> None:
    fitted = fit(LINES, 100, Limits(6_144, 0))
    assert fitted.window.stop == 100
    assert len(fitted.after) == 0


@pytest.mark.parametrize("context_tokens", [256, 1_024, 4_096, 32_768])
def test_the_context_is_never_exceeded(context_tokens: int) -> None:
    limits = limits_for(CompletionSettings(), context_tokens, 96, has_suffix=True)
    assert limits.before_tokens + limits.after_tokens + 96 <= context_tokens
    assert limits.before_tokens > limits.after_tokens
    left_to_right = limits_for(CompletionSettings(), context_tokens, 96, has_suffix=False)
    assert left_to_right.after_tokens == 0


@given(
    text=st.text(alphabet="ab \n", max_size=400),
    cursor=st.integers(0, 400),
    before=st.integers(1, 80),
    after=st.integers(0, 80),
    previous=st.none() | st.builds(Window, st.integers(0, 400), st.integers(0, 400)),
)
@settings(max_examples=200)
def test_limits_hold_whatever_was_before(
    text: str, cursor: int, before: int, after: int, previous: Window | None
) -> None:
    cursor = min(cursor, len(text))
    fitted = fit(text, cursor, Limits(before, after), previous)
    assert 0 <= fitted.window.start <= cursor <= fitted.window.stop <= len(text)
    total = before + after
    assert len(fitted.before) <= (max(before, total - (len(text) - cursor)) if after else before)
    assert len(fitted.after) <= (max(after, total - cursor) if after else 0)
