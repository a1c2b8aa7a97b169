"""A logistic function fitted to what was right, and how it does on packages it has not seen."""

from collections.abc import Sequence

import numpy as np

from completion.confidence import LineOdds
from evaluation.confidence.writing import SureRecord
from evaluation.intervals import Values

_RIDGE = 1e-3
"""Keeps weights finite where a feature parts right from wrong without exception."""
_MOST_STEPS = 50
_SMALL_STEP = 1e-9
_STEEPEST = 30.0


def features_of(records: Sequence[SureRecord]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return what the chance of being right depends on, (N, F)."""
    rows = [LineOdds(each.logprob, each.num_tokens).features for each in records]
    return np.array(rows, dtype=np.float64)


def fit(records: Sequence[SureRecord]) -> tuple[float, ...]:
    """Return the weights under which what was right is likeliest, one for each feature.

    Newton's method with a small ridge; it converges since the problem is convex.
    """
    features = features_of(records)
    right = np.array([each.is_right for each in records], dtype=np.float64)
    weights = np.zeros(features.shape[1])
    ridge = _RIDGE * np.eye(len(weights))
    for _ in range(_MOST_STEPS):
        chances = chances_of(features, weights)
        gradient = features.T @ (right - chances) - ridge @ weights
        curvature = features.T @ (features * (chances * (1 - chances))[:, None]) + ridge
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < _SMALL_STEP:
            break
    return tuple(float(weight) for weight in weights)


def chances_of(
    features: np.ndarray[tuple[int, int], np.dtype[np.float64]], weights: Sequence[float] | Values
) -> Values:
    """Return how likely each line is right under some weights, (N,)."""
    scores = np.clip(features @ np.asarray(weights), -_STEEPEST, _STEEPEST)
    return np.asarray(1 / (1 + np.exp(-scores)))


def unseen_chances(records: Sequence[SureRecord]) -> Values:
    """Return how likely each line is right by weights fitted to all other packages, (N,)."""
    chances = np.zeros(len(records))
    for package in {each.package for each in records}:
        others = [each for each in records if each.package != package]
        own = [index for index, each in enumerate(records) if each.package == package]
        features = features_of([records[index] for index in own])
        chances[own] = chances_of(features, fit(others)) if others else 0.5
    return chances
