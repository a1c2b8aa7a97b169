"""Tokens are drawn as likely as they should be, and never when they should not."""

import numpy as np
import pytest

from engine.decoding.allowed_tokens import AllowedTokens
from engine.decoding.sampling import (
    Sampler,
    Scores,
    choose_among,
    choose_likeliest,
    chooser_for,
    log_normaliser,
)
from engine.errors import EngineError
from engine.protocol.messages import Sampling

PROBABILITIES = np.array([0.4, 0.05, 0.3, 0.0, 0.2, 0.05])
with np.errstate(divide="ignore"):
    SCORES: Scores = (np.log(PROBABILITIES) + 3).astype(np.float32)

CHI_SQUARE_99_9 = {2: 13.82, 4: 18.47}  # by degrees of freedom


def count_draws(sampling: Sampling, scores: Scores, num_draws: int = 20_000) -> np.ndarray:
    choose = chooser_for(sampling, candidate=1)
    return np.bincount([choose(scores) for _ in range(num_draws)], minlength=len(scores))


def chi_square(counts: np.ndarray, weights: np.ndarray) -> float:
    """Also sees to it that what has no weight was never drawn."""
    assert counts[weights == 0].sum() == 0
    expected = (weights / weights.sum() * counts.sum())[weights > 0]
    return float((((counts[weights > 0] - expected) ** 2) / expected).sum())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_tempered_distribution(temperature: float) -> None:
    counts = count_draws(Sampling(temperature=temperature, seed=7), SCORES)
    assert chi_square(counts, PROBABILITIES ** (1 / temperature)) < CHI_SQUARE_99_9[4]


def test_draws_with_top_p_follow_the_distribution_of_the_top() -> None:
    """0.4 and 0.3 fall short of 0.75; with 0.2 they reach it."""
    counts = count_draws(Sampling(temperature=1, top_p=0.75, seed=7), SCORES)
    assert chi_square(counts, np.array([0.4, 0, 0.3, 0, 0.2, 0])) < CHI_SQUARE_99_9[2]


def test_top_p_is_measured_after_the_temperature() -> None:
    """At temperature 0.25 the likeliest token alone has 0.73."""
    assert count_draws(Sampling(temperature=0.25, top_p=0.7), SCORES, 200)[0] == 200


@pytest.mark.parametrize("top_p", [0.0, 1e-9, 0.39])
def test_small_top_p_leaves_the_likeliest(top_p: float) -> None:
    assert count_draws(Sampling(temperature=1, top_p=top_p), SCORES, 200)[0] == 200


def test_top_p_of_one_leaves_all_that_is_possible() -> None:
    counts = count_draws(Sampling(temperature=1, top_p=1), SCORES, 2000)
    assert counts.astype(bool).tolist() == (PROBABILITIES > 0).tolist()


def test_equals_at_the_edge_of_the_top_stay_together() -> None:
    """Nothing tells equally likely tokens apart, so the order of ids does not either."""
    counts = count_draws(Sampling(temperature=1, top_p=0.3), np.zeros(4, np.float32), 400)
    assert (counts > 0).all()


def test_top_of_a_large_vocabulary_is_that_of_a_full_sort() -> None:
    """The shortcut that sorts only some of the tokens finds the same set."""
    random = np.random.default_rng(3)
    scores = (random.standard_normal(5_000) * 4).astype(np.float32)
    weights = np.sort(np.exp(scores - scores.max()))[::-1]
    cumulative = weights.cumsum(dtype=np.float64)
    for top_p in (0.1, 0.5, 0.9, 0.99):
        size = int(np.searchsorted(cumulative, top_p * cumulative[-1])) + 1
        drawn = np.flatnonzero(count_draws(Sampling(temperature=1, top_p=top_p), scores, 3_000))
        assert set(drawn) <= set(np.argsort(-scores)[:size])
        assert len(drawn) > size * 0.2


def test_draws_from_a_large_vocabulary_follow_the_distribution() -> None:
    """Tokens far apart, also the first and the last, are drawn as often as they should be."""
    weights = np.zeros(1_300)
    weights[[0, 3, 600, 1_200, 1_299]] = [0.1, 0.2, 0.4, 0.25, 0.05]
    with np.errstate(divide="ignore"):
        scores: Scores = np.log(weights).astype(np.float32)
    counts = count_draws(Sampling(temperature=1, seed=2), scores)
    assert chi_square(counts, weights) < CHI_SQUARE_99_9[4]


def test_the_last_of_the_top_can_be_drawn() -> None:
    counts = count_draws(Sampling(temperature=1, top_p=0.71), SCORES, 500)
    assert np.flatnonzero(counts).tolist() == [0, 2, 4]


@pytest.mark.parametrize("temperature", [1e-60, 1e-30, 1e-3])
def test_very_low_temperature_is_greedy(temperature: float) -> None:
    assert count_draws(Sampling(temperature=temperature), SCORES, 100)[0] == 100


@pytest.mark.parametrize(("drawn", "chosen"), [(0.0, 1), (1 - 2**-53, 3)])
def test_the_extreme_random_numbers_choose_what_is_possible(drawn: float, chosen: int) -> None:
    """Neither the least nor the greatest leads to a token without weight."""

    class Extreme:
        def random(self) -> float:
            return drawn

    sampler = Sampler(Sampling(temperature=1), candidate=1)
    sampler._random = Extreme()
    scores = np.array([-np.inf, 1, 0, 0, -np.inf], np.float32)
    assert sampler(scores) == chosen


def test_same_seed_and_candidate_draw_the_same() -> None:
    def draw(seed: int, candidate: int) -> list[int]:
        choose = chooser_for(Sampling(temperature=1, seed=seed), candidate)
        return [choose(SCORES) for _ in range(50)]

    assert draw(5, 1) == draw(5, 1)
    assert draw(5, 1) != draw(5, 2)
    assert draw(5, 1) != draw(6, 1)
    assert draw(-1, 1) == draw(-1, 1)


def test_temperature_zero_takes_the_lowest_id_among_equals() -> None:
    assert chooser_for(Sampling(), candidate=0) is choose_likeliest
    assert choose_likeliest(np.array([0, 2, 1, 2, 2], np.float32)) == 1


@pytest.mark.parametrize(
    ("sampling", "named"),
    [
        (Sampling(temperature=-1), "-1"),
        (Sampling(temperature=float("nan")), "nan"),
        (Sampling(temperature=float("inf")), "inf"),
        (Sampling(temperature=1, top_p=1.5), "1.5"),
        (Sampling(temperature=1, top_p=-0.1), "-0.1"),
        (Sampling(temperature=1, top_p=float("nan")), "nan"),
    ],
)
def test_senseless_sampling_is_an_error_that_names_it(sampling: Sampling, named: str) -> None:
    with pytest.raises(EngineError, match=named):
        chooser_for(sampling, candidate=0)


def test_log_normaliser_turns_scores_into_log_probabilities() -> None:
    large: Scores = SCORES + np.float32(1_000)
    assert np.exp(large - log_normaliser(large)) == pytest.approx(PROBABILITIES, abs=1e-4)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_are_an_error(bad: float) -> None:
    with pytest.raises(EngineError, match="finite number"):
        log_normaliser(np.array([1, bad, 2], np.float32))


@pytest.mark.parametrize(
    ("allowed", "chosen"),
    [([0, 1], 1), ([0, 2], 2), ([0], 0), ([1, 3, 7], 1), ([], None), ([3], None)],
)
def test_only_allowed_tokens_are_chosen(allowed: list[int], chosen: int | None) -> None:
    """Of those the model scores: a tokenizer may have more ids."""
    scores = np.array([1, 3, 2], np.float32)
    assert (
        choose_among(choose_likeliest, scores, AllowedTokens(np.array(allowed, np.intp))) == chosen
    )


def test_the_likeliest_of_equals_is_the_lowest_id_among_allowed_ones_too() -> None:
    scores = np.array([5, 1, 2, 2], np.float32)
    assert choose_among(choose_likeliest, scores, AllowedTokens(np.array([1, 2, 3]))) == 2


def test_nothing_is_chosen_where_the_model_says_never() -> None:
    scores = np.array([1, -np.inf], np.float32)
    assert choose_among(choose_likeliest, scores, AllowedTokens(np.array([1]))) is None


def test_draws_among_allowed_tokens_follow_the_distribution() -> None:
    choose = chooser_for(Sampling(temperature=1, seed=3), candidate=1)
    allowed = AllowedTokens(np.array([0, 1, 3, 4]))
    draws = [choose_among(choose, SCORES, allowed) for _ in range(4000)]
    counts = np.bincount(np.array(draws), minlength=6)
    assert chi_square(counts, PROBABILITIES * [1, 1, 0, 1, 1, 0]) < CHI_SQUARE_99_9[2]
