"""How likely the first line of a suggestion is right, from what the model thought of it.

A model's own probabilities are not that: what it finds likely is not always what somebody wants
to write. So they go through a logistic function whose weights were fitted to lines of published
packages. `warmline eval confidence` measures how well that holds, and what the weights should be
for another model.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEEPEST = 30.0  # beyond this the logistic function is 0 or 1 in any case


@dataclass(frozen=True, slots=True)
class LineOdds:
    """What a model thought of a line it wrote.

    Attributes:
        logprob: Sum over its tokens, natural logarithm.
        num_tokens: How many they are.
    """

    logprob: float = 0.0
    num_tokens: int = 0

    def with_piece(self, logprob: float, num_tokens: int) -> "LineOdds":
        """Return the odds of the line with one more piece."""
        return LineOdds(self.logprob + logprob, self.num_tokens + num_tokens)

    @property
    def features(self) -> tuple[float, float, float]:
        """What the chance depends on: a constant, the sum and the length."""
        return 1.0, self.logprob, math.log(max(1, self.num_tokens))


def confidence_of(odds: LineOdds, weights: Sequence[float] = ()) -> float:
    """Return how likely a line is right, from 0 to 1; 0 for one without tokens.

    Args:
        odds: What the model thought of it.
        weights: One for each of `LineOdds.features`; those of the default model if left out.
    """
    if not odds.num_tokens:
        return 0.0
    score = sum(
        weight * feature for weight, feature in zip(weights or WEIGHTS, odds.features, strict=True)
    )
    return 1 / (1 + math.exp(-max(-_STEEPEST, min(_STEEPEST, score))))


WEIGHTS = (0.728, 0.476, -0.532)
"""Fitted to 237 suggestions of Qwen2.5-Coder-0.5B in training packages, see
docs/results/confidence.md; of another model they are a guess."""
