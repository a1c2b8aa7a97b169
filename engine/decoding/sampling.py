"""Chooses the next token from its scores. Works on the CPU, one candidate at a time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.decoding.allowed_tokens import AllowedTokens
from engine.errors import EngineError
from engine.protocol.messages import Sampling

Scores = NDArray[np.float32]
"""(any,), unnormalised log-probabilities: of all tokens, (V,), or of the allowed ones."""

Chooser = Callable[[Scores], int]
"""Picks a place. At least one score is finite, and none is NaN or +inf."""

_NEVER = np.float32(-np.inf)
_BLOCK_TOKENS = 512
_LEAST_TEMPERATURE = 1e-6  # as good as greedy; anything lower would overflow
_LARGEST_SEED = 2**64 - 1


def choose_likeliest(scores: Scores) -> int:
    """Return the token with the highest score; the lowest id among equals."""
    return int(scores.argmax())


def chooser_for(sampling: Sampling, candidate: int) -> Chooser:
    """Return how to choose the tokens of one candidate.

    Raises:
        EngineError: If the temperature is not finite and >= 0, or top_p not in [0, 1].
    """
    if not 0 <= sampling.temperature < np.inf:
        raise EngineError(
            f"The temperature is {sampling.temperature}; it must be finite, and 0 (greedy) or more."
        )
    if not 0 <= sampling.top_p <= 1:
        raise EngineError(
            f"The top_p is {sampling.top_p}; it must be from 0 (the likeliest only) to 1 (all)."
        )
    return Sampler(sampling, candidate) if sampling.temperature > 0 else choose_likeliest


class Sampler:
    """Draws tokens at a temperature from the likeliest that make up `top_p` together.

    The same seed and candidate give the same draws, however many candidates there are.
    """

    def __init__(self, sampling: Sampling, candidate: int) -> None:
        self._temperature = np.float32(max(sampling.temperature, _LEAST_TEMPERATURE))
        self._top_p = sampling.top_p
        self._random = np.random.default_rng([sampling.seed & _LARGEST_SEED, candidate])

    def __call__(self, scores: Scores) -> int:
        """Draw one token: first a block of ids, then one within it, to add up less."""
        weights = scores - scores.max()
        weights /= self._temperature
        np.exp(weights, out=weights)
        if self._top_p < 1:
            weights[weights < self._least_weight(weights)] = 0
        block_starts = np.arange(0, len(weights), _BLOCK_TOKENS)
        start = _BLOCK_TOKENS * self._draw(np.add.reduceat(weights, block_starts))
        return start + self._draw(weights[start : start + _BLOCK_TOKENS])

    def _least_weight(self, weights: Scores) -> np.float32:
        """Return the weight of the least likely token that still belongs to the top.

        What the top may leave out is spread over V tokens. Tokens lighter than its average
        weigh less than it all together, so only the others need sorting.
        """
        total = weights.sum(dtype=np.float64)
        left_out = (1 - self._top_p) * total
        heavy = np.sort(weights[weights >= left_out / len(weights)])[::-1]
        reached = heavy.astype(np.float64).cumsum().searchsorted(self._top_p * total)
        least: np.float32 = heavy[min(reached, len(heavy) - 1)]
        return least

    def _draw(self, weights: Scores) -> int:
        """Return an index with a probability in proportion to its weight."""
        cumulative = weights.astype(np.float64).cumsum()
        # A random number is below 1 by at least 2**-53, so the product is below the total.
        drawn = self._random.random() * cumulative[-1]
        return int(cumulative.searchsorted(drawn, side="right"))


def log_normaliser(logits: Scores) -> float:
    """Return the logarithm of the sum of all exponentials, which makes scores probabilities.

    Raises:
        EngineError: If the model's scores are not numbers, or none is finite.
    """
    highest = logits.max()
    if not np.isfinite(highest):
        raise EngineError(
            f"The model's highest score for the next token is {highest}; wanted a finite number; "
            "set the engine's storage_type to float32 or fetch the model again."
        )
    return float(highest + np.log(np.exp(logits - highest).sum()))


def choose_among(choose: Chooser, logits: Scores, allowed: AllowedTokens) -> int | None:
    """Choose an allowed token; None if there is none, or the model gives none a chance."""
    known = allowed.some[: allowed.some.searchsorted(len(logits))]
    if allowed.others is None:
        scores = logits.take(known)
        return int(known[choose(scores)]) if _has_chance(scores) else None
    num_known = min(len(logits), len(allowed.others.penalties))
    scores = logits[:num_known] + allowed.others.penalties[:num_known]
    scores[known] = logits[known]
    return choose(scores) if _has_chance(scores) else None


def _has_chance(scores: Scores) -> bool:
    return bool(scores.max(initial=_NEVER) != _NEVER)
