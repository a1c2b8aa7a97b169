"""One pool for all arms, one budget for all prompts, and an oracle that nobody beats alone."""

from collections.abc import Sequence

import numpy as np
import pytest

from completion.families import LEFT_TO_RIGHT
from completion.tokenization import Tokenization
from evaluation.errors import CannotMeasureError
from evaluation.fidelity.case import FILL_IN, PREFIX
from evaluation.repo.arms import (
    BM25,
    NONE,
    TRAINED,
    TRAINED_NOSTOP,
    TRANSFORMER,
    TRANSFORMER_FEATURES,
    UNTRAINED,
    Ranked,
    choosers,
)
from evaluation.repo.oracle import Chunks, candidates_of, consult
from evaluation.repo.pools import Pool, Pools
from evaluation.repo.prompts import Budget
from evaluation.repo.selection import all_tasks
from evaluation.repo.task import CROSSFILE, Task
from retrieval.chunking import chunks_of
from retrieval.model import RetrieverModel
from retrieval.types import Chunk, Place, Ranking, Vectors
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.evaluation.repo.little_packages import little_package, prompter_of


def task_of(layout: str = PREFIX) -> Task:
    """Return the place where an order is put into the store."""
    tasks = all_tasks(CROSSFILE, layout, [little_package()], per_package=9, seed=0)
    return next(task for task in tasks if "enqueue_order" in task.target)


def pool_of(task: Task) -> Pool:
    package = little_package()
    return Pools({package.title: package.files}, chunks_of).pool(task)


def chunk(name: str, num_lines: int = 2) -> Chunk:
    return Chunk(f"{name}.py", 0, "\n".join(f"{name} = {line}" for line in range(num_lines)), 1.0)


class RankerDouble:
    """Likes what comes last, and calls only the last one better than nothing."""

    def __init__(self) -> None:
        self.seen: list[Sequence[Chunk]] = []

    def rank(self, _place: Place, _query: str, candidates: Sequence[Chunk]) -> Ranking:
        self.seen.append(candidates)
        scores = np.arange(len(candidates), dtype=np.float32)
        return Ranking(scores, len(candidates) - 1.5)


def test_the_pool_holds_nothing_of_the_document_and_the_query_nothing_of_the_target() -> None:
    for layout in (PREFIX, FILL_IN):
        task = task_of(layout)
        pool = pool_of(task)
        assert pool.candidates
        assert all(each.path != task.path for each in pool.candidates)
        assert task.target.strip() not in pool.query
        assert task.target.strip() not in pool.place.text


def test_all_arms_choose_from_the_same_pool() -> None:
    pool = pool_of(task_of())
    found = choosers(RetrieverModel.untrained(5), seed=0, num_chunks=100)
    assert set(found) == {NONE, BM25, UNTRAINED, TRAINED, TRAINED_NOSTOP}
    everything = {(each.path, each.start_line) for each in pool.candidates}
    for name in (BM25, UNTRAINED, TRAINED_NOSTOP):
        assert {(each.path, each.start_line) for each in found[name](pool).chunks} == everything
    assert found[NONE](pool).chunks == ()
    assert found[BM25](pool).chunks == pool.candidates


def test_without_a_trained_retriever_its_arms_are_missing() -> None:
    assert set(choosers(None, seed=0, num_chunks=10)) == {NONE, BM25, UNTRAINED}


class LengthEncoder:
    """Finds a chunk the more alike the longer it is."""

    identity = "length"

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return np.tile(np.array([1.0, 0.0, 0.0], np.float32), (len(texts), 1))

    def encode_chunks(self, chunks: Sequence[Chunk]) -> Vectors:
        angles = [1 / len(chunk.text) for chunk in chunks]
        return np.array([[np.cos(a), np.sin(a), 0.0] for a in angles], np.float32)


def test_a_text_encoder_chooses_alone_and_beside_features() -> None:
    pool = pool_of(task_of())
    found = choosers(None, seed=0, num_chunks=1, encoder=LengthEncoder())
    assert set(found) == {NONE, BM25, UNTRAINED, TRANSFORMER, TRANSFORMER_FEATURES}
    longest = max(pool.candidates, key=lambda chunk: len(chunk.text))
    assert [each.text for each in found[TRANSFORMER](pool).chunks] == [longest.text]
    assert len(found[TRANSFORMER_FEATURES](pool).chunks) == 1


def test_the_ranker_decides_the_order_and_the_stop_signal_how_many() -> None:
    pool, ranker = pool_of(task_of()), RankerDouble()
    paths = [each.text for each in pool.candidates]
    without = Ranked(ranker, num_chunks=2)(pool).chunks
    assert [each.text for each in without] == paths[:-3:-1]
    with_stop = Ranked(ranker, num_chunks=2, with_stop=True)(pool).chunks
    assert [each.text for each in with_stop] == paths[:-2:-1]
    assert ranker.seen == [pool.candidates] * 2


def test_a_budget_is_filled_and_kept() -> None:
    prompter = prompter_of(budget=Budget(chunk_tokens=100))
    sizes = {name: prompter.num_tokens(chunk(name)) for name in "ab"}
    exact = prompter_of(budget=Budget(chunk_tokens=sum(sizes.values())))
    assert [each.path for each in exact.fitted([chunk("a"), chunk("b"), chunk("c")])] == [
        "a.py",
        "b.py",
    ]
    two = prompter_of(budget=Budget(chunk_tokens=sizes["a"] + 1))
    assert [each.path for each in two.fitted([chunk("c", 3), chunk("a")])] == ["a.py"]
    (cut,) = prompter.fitted([chunk("a", 60), chunk("b")])
    assert prompter.num_tokens(cut) <= 100
    assert cut.text.endswith("\n")
    assert chunk("a", 60).text.startswith(cut.text)


def test_the_same_text_is_the_same_choice_whoever_made_it() -> None:
    prompter, one = prompter_of(), chunk("a")
    other = Chunk(one.path, one.start_line, one.text, 7.0)
    assert prompter.fitted([one]) == prompter.fitted([other])


@pytest.mark.parametrize("layout", [PREFIX, FILL_IN])
def test_chunks_come_before_the_same_text(layout: str) -> None:
    """The best chunk stands next to the code, and all prompts end alike."""
    prompter, task = prompter_of(), task_of(layout)
    bare, full = prompter.prompt(task, ()), prompter.prompt(task, [chunk("best"), chunk("worse")])
    text = Tokenization(small_tokenizer()).decode(full.tokens.tolist())
    assert text.index("worse = 1") < text.index("best = 1") < text.index("def sell")
    head = len(Tokenization(small_tokenizer()).encode("shop\n")) + 3  # markers
    tail = len(bare.tokens) - head
    np.testing.assert_array_equal(full.tokens[-tail:], bare.tokens[-tail:])
    assert (full.before, full.after) == (bare.before, bare.after)
    assert task.before.endswith(full.before)
    assert task.target.strip() not in text


def test_text_before_the_cursor_is_cut_to_whole_lines() -> None:
    task = task_of()
    prompter = prompter_of(budget=Budget(before_tokens=40))
    before = prompter.prompt(task, ()).before
    assert 0 < len(Tokenization(small_tokenizer()).encode(before)) <= 40
    assert task.before.endswith("\n" + before)


def test_a_model_that_reads_no_text_after_the_cursor_has_no_fill_in() -> None:
    with pytest.raises(CannotMeasureError, match="--layouts prefix"):
        prompter_of(LEFT_TO_RIGHT).prompt(task_of(FILL_IN), ())


def first_two(chunks: Chunks) -> Chunks:
    return chunks[:2]


@pytest.mark.parametrize(
    ("together", "expected"),
    [(0.5, ("c", "a")), (3.0, ("c",))],
    ids=["more help more", "one helps most"],
)
def test_the_oracle_takes_the_best_it_tried(together: float, expected: tuple[str, ...]) -> None:
    losses = {(): 5.0, ("a",): 4.0, ("b",): 6.0, ("c",): 2.0, ("c", "a"): together}

    def loss(chunks: Chunks) -> float:
        return losses[tuple(each.path.removesuffix(".py") for each in chunks)]

    insight = consult([chunk("a"), chunk("b"), chunk("c")], loss, first_two)
    assert tuple(each.path.removesuffix(".py") for each in insight.chunks) == expected
    assert insight.losses == (4.0, 6.0, 2.0)
    assert insight.loss <= min(5.0, *insight.losses)
    assert loss(insight.chunks) == insight.loss


def test_the_oracle_says_that_nothing_helps() -> None:
    insight = consult([chunk("a")], lambda chunks: float(len(chunks)), first_two)
    assert (insight.chunks, insight.loss) == ((), 0.0)


def test_the_oracle_looks_at_what_all_arms_like_best() -> None:
    names = [[chunk(name) for name in order] for order in ("abc", "cad", "")]
    assert [each.path for each in candidates_of(names, 3)] == ["a.py", "c.py", "b.py"]
