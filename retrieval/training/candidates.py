"""Which candidates of a sample are worth asking the reward model about."""

import random

import numpy as np

from retrieval.types import Scores


def choose_candidates(
    scores: Scores, *, num_candidates: int, num_explored: int, chance: random.Random
) -> tuple[int, ...]:
    """Return the best candidates by a ranking, and a few others by chance.

    The explored ones are those a ranker would never learn about by itself; one that ranks twice as
    far down is half as likely to be among them.

    Args:
        scores: (K,), of all candidates.
        num_candidates: How many are wanted; all of them where there are no more.
        num_explored: How many of these by chance.
        chance: Decides which.
    """
    order = [int(index) for index in np.argsort(-scores, kind="stable")]
    num_best = max(0, num_candidates - num_explored)
    chosen, others = order[:num_best], order[num_best:]
    ranks = {index: rank for rank, index in enumerate(order, start=1)}
    while others and len(chosen) < num_candidates:
        weights = [1 / ranks[index] for index in others]
        picked = chance.choices(others, weights)[0]
        others.remove(picked)
        chosen.append(picked)
    return tuple(chosen)
