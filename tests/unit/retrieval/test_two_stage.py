import logging
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from retrieval.lexical import LexicalIndex
from retrieval.model import RetrieverModel
from retrieval.ranker import LearnedRanker
from retrieval.two_stage import SearchSettings, TwoStageRetriever, choose
from retrieval.types import Chunk, Place, Ranking

_PLACE = Place("pay.py", "def pay(cart: Cart):\n    cart.", 30)


def chunk(path: str, score: float, start_line: int = 0, text: str = "") -> Chunk:
    return Chunk(path, start_line, text or f"text of {path}", score)


class KnownIndex:
    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self.chunks = tuple(chunks)
        self.asked: list[tuple[str, int, str]] = []
        self.thread = ""

    def search(self, query: str, limit: int, *, without_path: str = "") -> tuple[Chunk, ...]:
        self.asked.append((query, limit, without_path))
        self.thread = threading.current_thread().name
        return self.chunks[:limit]

    def defining(self, name: str, limit: int, *, near: str) -> tuple[Chunk, ...]:
        del name, limit, near
        return ()

    def replace(self, path: str, text: str) -> None:
        pytest.fail(f"a search changes no index: {path}, {text}")

    def remove(self, path: str) -> None:
        pytest.fail(f"a search changes no index: {path}")


class KnownRanker:
    """Ranks by what it was told, in a thread it remembers."""

    def __init__(self, scores: Sequence[float], stop_score: float) -> None:
        self.ranking = Ranking(np.array(scores, np.float32), stop_score)
        self.thread = ""

    def rank(self, place: Place, query: str, candidates: Sequence[Chunk]) -> Ranking:  # noqa: ARG002
        self.thread = threading.current_thread().name
        return self.ranking


class LateRanker:
    """Says at once what waiting for it would come to."""

    def rank(self, *_: object) -> Ranking:
        raise TimeoutError


class WaitingIndex(KnownIndex):
    """Answers when the test lets it go."""

    def __init__(self) -> None:
        super().__init__([])
        self.let_go = threading.Event()

    def search(self, query: str, limit: int, *, without_path: str = "") -> tuple[Chunk, ...]:
        assert self.let_go.wait(60)
        return super().search(query, limit, without_path=without_path)


async def test_candidates_are_handed_on_in_the_order_of_the_second_stage() -> None:
    index = KnownIndex([chunk("a", 9.0), chunk("b", 8.0), chunk("c", 7.0)])
    found = await TwoStageRetriever(index, KnownRanker([1.0, 3.0, 2.0], 0.0)).retrieve(_PLACE)
    assert [each.path for each in found.chunks] == ["b", "c", "a"]
    assert [each.score for each in found.chunks] == [3.0, 2.0, 1.0]
    assert [each.lexical_score for each in found.considered] == [8.0, 7.0, 9.0]
    assert [each.encoder_score for each in found.considered] == [3.0, 2.0, 1.0]
    assert index.asked[0] == ("def pay(cart: Cart):\n    cart.", 100, "pay.py")
    assert all(path == "pay.py" for _, _, path in index.asked)
    assert found.query == index.asked[0][0]
    assert found.lexical_ms > 0
    assert found.encoder_ms > 0


async def test_what_is_no_better_than_nothing_is_left_out() -> None:
    index = KnownIndex([chunk("a", 9.0), chunk("b", 8.0), chunk("c", 7.0)])
    ranker = KnownRanker([1.0, 3.0, 2.0], 2.0)
    found = await TwoStageRetriever(index, ranker).retrieve(_PLACE)
    assert [each.path for each in found.chunks] == ["b"]
    assert found.stop_score == 2.0
    assert found.stop_rank == 1
    assert [each.left_out for each in found.considered] == ["", *["no better than nothing"] * 2]
    settings = SearchSettings(with_stop=False)
    found = await TwoStageRetriever(index, ranker, settings).retrieve(_PLACE)
    assert len(found.chunks) == 3
    assert found.stop_rank == 1


async def test_nothing_is_an_answer() -> None:
    ranker = KnownRanker([1.0], 5.0)
    found = await TwoStageRetriever(KnownIndex([chunk("a", 9.0)]), ranker).retrieve(_PLACE)
    assert found.chunks == ()
    assert found.stop_rank == 0
    found = await TwoStageRetriever(KnownIndex([]), ranker).retrieve(_PLACE)
    assert found.considered == ()
    assert found.stop_score is None


async def test_without_a_second_stage_the_first_one_decides() -> None:
    index = KnownIndex([chunk("a", 9.0), chunk("b", 8.0)])
    found = await TwoStageRetriever(index).retrieve(_PLACE)
    assert [each.score for each in found.chunks] == [9.0, 8.0]
    assert [each.encoder_score for each in found.considered] == [None, None]
    assert found.stop_score is found.stop_rank is None
    assert len(index.asked) == 1
    assert found.encoder_ms == 0.0


async def test_both_stages_run_off_the_event_loop() -> None:
    index, ranker = KnownIndex([chunk("a", 9.0)]), KnownRanker([1.0], 0.0)
    await TwoStageRetriever(index, ranker).retrieve(_PLACE)
    own = threading.current_thread().name
    assert own not in (index.thread, ranker.thread)
    assert index.thread
    assert ranker.thread


async def test_a_ranker_out_of_time_leaves_the_order_of_the_first_stage(
    caplog: pytest.LogCaptureFixture,
) -> None:
    index = KnownIndex([chunk("a", 9.0), chunk("b", 8.0)])
    with caplog.at_level(logging.WARNING):
        found = await TwoStageRetriever(index, LateRanker()).retrieve(_PLACE)
    assert [each.path for each in found.chunks] == ["a", "b"]
    assert found.stop_score is None
    assert "Ranking" in caplog.text


async def test_an_index_out_of_time_gives_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    index = WaitingIndex()
    with caplog.at_level(logging.WARNING):
        settings = SearchSettings(time_limit_s=0.01)
        found = await TwoStageRetriever(index, None, settings).retrieve(_PLACE)
    index.let_go.set()  # or the event loop would wait for its thread
    assert found.chunks == found.considered == ()
    assert "The index" in caplog.text


def test_repetitions_are_left_out() -> None:
    candidates = [
        chunk("a", 9.0, text="one\ntwo\nthree", start_line=10),
        chunk("b", 8.0, text="one\ntwo\nthree"),
        chunk("a", 7.0, text="three\nfour", start_line=12),
        chunk("a", 6.0, text="four\nfive", start_line=13),
        chunk("a", 5.0, text="zero\none", start_line=9),
    ]
    reasons = [each.left_out for each in choose(candidates, None, SearchSettings())]
    assert reasons == [
        "",
        "same text as a better chunk",
        "overlaps a better chunk",
        "",
        "overlaps a better chunk",
    ]


def test_at_most_so_many_are_handed_on() -> None:
    candidates = [chunk(f"{number}", -float(number)) for number in range(5)]
    considered = choose(candidates, None, SearchSettings(num_chunks=2))
    assert [each.left_out for each in considered] == ["", "", *["more than 2 chunks"] * 3]


def test_what_was_left_out_repeats_nothing() -> None:
    candidates = [chunk("a", 3.0, text="x"), chunk("b", 2.0, text="y"), chunk("c", 1.0, text="y")]
    ranking = Ranking(np.array([1.0, 3.0, 2.0], np.float32), 1.5)
    considered = choose(candidates, ranking, SearchSettings())
    assert [(each.chunk.path, each.left_out) for each in considered] == [
        ("b", ""),
        ("c", "same text as a better chunk"),
        ("a", "no better than nothing"),
    ]


async def test_the_real_parts_find_the_class_that_is_used() -> None:
    index = LexicalIndex()
    index.replace("pay.py", _PLACE.text)
    index.replace("shop/cart.py", "class Cart:\n    def total(self) -> int:\n        return 1\n")
    index.replace("bank/pay.py", "def pay(amount):\n    cart = None\n    return pay(amount)\n")
    ranker = LearnedRanker(RetrieverModel.untrained())
    found = await TwoStageRetriever(index, ranker).retrieve(_PLACE)
    assert found.chunks[0].path == "shop/cart.py"
    assert all(each.chunk.path != "pay.py" for each in found.considered)
