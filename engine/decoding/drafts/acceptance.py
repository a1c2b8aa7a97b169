"""How often each kind of guess comes true, learned as it goes."""

from collections.abc import Iterable, Mapping

from engine.decoding.drafts.base import Evidence

DEFAULT_RATE = 0.05
PRIOR_WEIGHT = 8.0
MEMORY = 256.0
"""Observations of one kind after which older ones count half."""


class Acceptance:
    """A rate for each kind of evidence; state is bounded by how many kinds there are.

    Where several speak for one token, the best counts: combined estimates were not measured
    to draft better.

    Args:
        priors: First estimates; `DEFAULT_RATE` for what is not among them.
    """

    def __init__(self, priors: Mapping[Evidence, float]) -> None:
        self._priors = priors
        self._hits: dict[Evidence, float] = {}
        self._trials: dict[Evidence, float] = {}

    def probability(self, evidence: Iterable[Evidence]) -> float:
        """Estimate how likely a token is that all of `evidence`, at least one, speaks for."""
        return max(self._rate(kind) for kind in evidence)

    def observe(self, evidence: Iterable[Evidence], *, is_hit: bool) -> None:
        """Take note of one guess that was put to the test."""
        for kind in evidence:
            trials = self._trials.get(kind, 0.0)
            fading = 0.5 if trials >= MEMORY else 1.0
            self._trials[kind] = trials * fading + 1
            self._hits[kind] = self._hits.get(kind, 0.0) * fading + is_hit

    def _rate(self, kind: Evidence) -> float:
        prior = self._priors.get(kind, DEFAULT_RATE)
        hits, trials = self._hits.get(kind, 0.0), self._trials.get(kind, 0.0)
        return (hits + PRIOR_WEIGHT * prior) / (trials + PRIOR_WEIGHT)
