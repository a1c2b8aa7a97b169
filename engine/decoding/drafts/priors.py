"""First estimates of how often guesses come true, until a model's own rates are known."""

from engine.decoding.drafts.base import Evidence
from engine.decoding.drafts.forced import FORCED

_DOCUMENT = (0.28, 0.38, 0.48, 0.55, 0.6, 0.78, 0.85, 0.9, 0.95, 0.95, 0.95, 0.95)
_PREVIOUS = (0.25, 0.35, 0.5, 0.6, 0.6, 0.8, 0.9, 0.95, 0.95, 0.95, 0.95, 0.95)
_RECYCLED_AFTER_ONE = (0.02, 0.04, 0.08, 0.3)
_RECYCLED_AFTER_TWO = (0.03, 0.04, 0.12, 0.4)

PRIORS = {
    Evidence(name, strength): rate
    for name, rates in {
        "document": _DOCUMENT,
        "document-other": (0.1,) * len(_DOCUMENT),
        "previous": _PREVIOUS,
        "recycled-1": _RECYCLED_AFTER_ONE,
        "recycled-2": _RECYCLED_AFTER_TWO,
    }.items()
    for strength, rate in enumerate(rates, start=1)
} | {FORCED: 0.9}
"""Measured on greedy continuations of Qwen2.5-Coder-0.5B in Python files."""
