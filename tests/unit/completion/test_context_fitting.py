"""Budgets, and when a set of chunks makes room for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.context.fitting import CLEAR_MARGIN, Fitted, fit, is_clearly_better
from completion.context.selection import Origin, Passage, Selection
from retrieval.types import Chunk


def passage(path: str, gain: float = 1.0, num_lines: int = 1) -> Passage:
    text = "".join(f"{path} {number}\n" for number in range(num_lines))
    return Passage(Chunk(path, 0, text, gain), Origin.REPOSITORY, gain)


def num_lines_and_path(chunk: Chunk) -> int:
    return 1 + chunk.text.count("\n")


def fitted(*passages: Passage) -> Fitted:
    return fit(passages, 1_000, num_lines_and_path)


def test_the_best_stands_last() -> None:
    result = fitted(passage("best"), passage("second"))
    assert [chunk.path for chunk in result.chunks] == ["second", "best"]
    assert result.num_tokens == 4


def test_what_does_not_fit_is_cut_at_a_line_end_and_the_rest_left_out() -> None:
    result = fit([passage("a", num_lines=4), passage("b", num_lines=9)], 10, num_lines_and_path)
    whole, cut = result.quotations
    assert not whole.is_cut
    assert cut.is_cut
    assert cut.chunk.text == "b 0\nb 1\nb 2\nb 3\n"
    assert result.num_tokens == 10


def test_a_stump_is_not_worth_quoting_and_a_smaller_chunk_may_still_fit() -> None:
    passages = [passage("a", num_lines=5), passage("b", num_lines=9), passage("c", num_lines=1)]
    result = fit(passages, 8, num_lines_and_path)
    assert [quotation.chunk.path for quotation in result.quotations] == ["a", "c"]
    assert [each.chunk.path for each in result.left_out] == ["b"]
    assert result.left_out[0].left_out == "there is no room for it in 8 tokens"


@given(st.lists(st.integers(1, 30), max_size=12), st.integers(0, 60))
def test_the_budget_is_kept_and_every_passage_accounted_for(sizes: list[int], budget: int) -> None:
    passages = [passage(f"p{number}", num_lines=size) for number, size in enumerate(sizes)]
    result = fit(passages, budget, num_lines_and_path)
    assert result.num_tokens <= budget
    assert len(result.quotations) + len(result.left_out) == len(passages)
    for quotation in result.quotations:
        assert quotation.num_tokens == num_lines_and_path(quotation.chunk)
        assert quotation.passage.chunk.text.startswith(quotation.chunk.text)


@pytest.mark.parametrize(
    ("gains", "is_better"),
    [
        ({"old": 1.0, "new": 1.0}, False),
        ({"old": 1.0, "new": 1.0 + CLEAR_MARGIN}, False),
        ({"old": 1.0, "new": 1.1 + CLEAR_MARGIN}, True),
        ({"old": 0.0, "new": 0.1}, True),
        ({"new": 0.1}, True),
        ({"old": 0.5, "new": 0.1}, False),
    ],
)
def test_a_new_set_must_be_clearly_better(gains: dict[str, float], *, is_better: bool) -> None:
    selection = Selection(tuple(passage(path, gain) for path, gain in gains.items()))
    new, old = fitted(passage("new")), fitted(passage("old"))
    assert is_clearly_better(new, old, selection) is is_better


def test_the_same_set_is_never_better() -> None:
    same = fitted(passage("a"))
    assert not is_clearly_better(same, fitted(passage("a")), Selection())


def test_chunks_that_help_no_more_go_even_if_nothing_comes() -> None:
    assert is_clearly_better(Fitted(), fitted(passage("old")), Selection())
    assert not is_clearly_better(Fitted(), Fitted(), Selection())


def test_an_edited_chunk_is_another_one() -> None:
    """What the prompt quotes is not in the file any more, so it is worth nothing."""
    edited = Passage(Chunk("old", 0, "other\n", 1.0), Origin.REPOSITORY, 1.0)
    assert is_clearly_better(fitted(edited), fitted(passage("old")), Selection((edited,)))
