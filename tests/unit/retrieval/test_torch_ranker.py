"""The ranker in torch is the ranker in numpy."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from retrieval.model import RetrieverModel
from retrieval.query import query_of
from retrieval.ranker import LearnedRanker
from retrieval.training.objectives import best_candidate_loss, soft_loss
from retrieval.training.torch_ranker import TorchRanker, make_question
from retrieval.types import Chunk, Place
from tests.unit.retrieval.teaching import teaching_samples


def some_model(seed: int) -> RetrieverModel:
    """Return a model none of whose parameters is nought."""
    random = np.random.default_rng(seed)
    start = RetrieverModel.untrained(seed, num_buckets=64, dimensions=16)
    arrays = {
        name: values + 0.3 * random.standard_normal(values.shape).astype(np.float32)
        for name, values in start.arrays.items()
    }
    return RetrieverModel(**{**arrays, "scale": float(arrays["scale"][0])})


@pytest.mark.parametrize("seed", range(3))
def test_torch_and_numpy_score_alike(seed: int) -> None:
    model = some_model(seed)
    numpy_ranker, torch_ranker = LearnedRanker(model), TorchRanker(model)
    for pooled in teaching_samples(5, 0):
        place = pooled.sample.place
        wanted = numpy_ranker.rank(place, query_of(place), pooled.pool)
        scores = torch_ranker.rank(make_question(place, pooled.pool, model.num_buckets))
        np.testing.assert_allclose(scores[:-1], wanted.scores, atol=1e-5, rtol=1e-5)
        assert scores[-1] == pytest.approx(wanted.stop_score, abs=1e-5, rel=1e-5)


def test_they_do_so_after_learning_and_through_a_model() -> None:
    ranker = TorchRanker(some_model(0))
    for values in ranker.changes.values():
        values.data.normal_(0, 0.2, generator=torch.Generator().manual_seed(1))
    model = ranker.model({"round": 3})
    assert model.training == {"round": 3}
    pooled = teaching_samples(1, 0)[0]
    place = pooled.sample.place
    scores = ranker.rank(make_question(place, pooled.pool, model.num_buckets))
    wanted = LearnedRanker(model).rank(place, query_of(place), pooled.pool)
    np.testing.assert_allclose(scores[:-1], wanted.scores, atol=1e-5, rtol=1e-5)


def test_texts_without_terms_are_no_exception() -> None:
    model = some_model(0)
    place = Place("a.py", "", 0)
    chunks = (Chunk("b.py", 0, "", 0.0), Chunk("c.py", 0, "value", 1.0))
    scores = TorchRanker(model).rank(make_question(place, chunks, model.num_buckets))
    wanted = LearnedRanker(model).rank(place, "", chunks)
    np.testing.assert_allclose(scores[:-1], wanted.scores, atol=1e-5)


def test_some_candidates_have_the_scores_they_have_among_all() -> None:
    model = some_model(0)
    pooled = teaching_samples(1, 0)[0]
    question = make_question(pooled.sample.place, pooled.pool, model.num_buckets)
    ranker = TorchRanker(model)
    all_scores, some_scores = ranker.rank(question), ranker.rank(question.only([3, 0]))
    np.testing.assert_allclose(some_scores, all_scores[[3, 0, -1]], atol=1e-5)


def test_several_questions_are_answered_as_each_by_itself() -> None:
    model = some_model(0)
    ranker = TorchRanker(model)
    questions = [
        make_question(each.sample.place, each.pool, model.num_buckets)
        for each in teaching_samples(3, 0)
    ]
    together = ranker(questions)
    for question, scores in zip(questions, together, strict=True):
        np.testing.assert_allclose(ranker.rank(question), scores.detach(), atol=1e-5)


def test_every_parameter_can_be_learned() -> None:
    model = some_model(0)
    ranker = TorchRanker(model)
    pooled = teaching_samples(1, 0)[0]
    scores = ranker([make_question(pooled.sample.place, pooled.pool, model.num_buckets)])[0]
    best_candidate_loss(scores, torch.arange(len(scores), dtype=torch.float32)).backward()
    for name, values in ranker.changes.items():
        assert values.grad is not None, name
        assert values.grad.abs().max() > 0, name


def test_objectives_are_lowest_where_scores_say_what_losses_say() -> None:
    losses = torch.tensor([1.0, 0.5, 0.52, 2.0])
    right, wrong = torch.tensor([0.0, 9.0, 8.8, -9.0]), torch.tensor([9.0, 0.0, 0.0, 0.0])
    for objective in (best_candidate_loss, soft_loss):
        assert objective(right, losses) < objective(wrong, losses)
    exact = -losses / 0.1
    assert soft_loss(exact, losses) == pytest.approx(0.0, abs=1e-6)
    assert best_candidate_loss(exact, losses) > 0.1  # the second best is a mistake to this one


def test_models_with_no_changes_keep_their_numbers() -> None:
    start = some_model(0)
    model = TorchRanker(start).model({})
    assert replace(model, training={}).identity == start.identity
