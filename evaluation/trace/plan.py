"""How much of a recording is played, and where to look at what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.errors import CannotMeasureError
from evaluation.trace.recording import Recording

PAUSE_S = 2.0
"""Recorded times are whole seconds, so two apart means at least one second of nothing."""
REFRESH_TOKENS_PER_S = 500.0
"""What a pause is worth: about the speed of Qwen2.5-Coder-0.5B on two cores. The same for every
model and machine, so that the caches come out the same."""

_UNTOLD_S = 1.0  # of a pause between two whole seconds
_ENGINE_WAITS_S = 0.5  # before it begins to refresh
_SAMPLES_PER_PART = 10
_FEWEST_PARTS, _MOST_PARTS = 5, 20


@dataclass(frozen=True, slots=True)
class TracePlan:
    """Transactions are numbered from 1.

    Attributes:
        num_transactions: How many are played.
        prompt_tokens: Most tokens of text in the prompt.
        samples: After which of them the caches are compared with a full recompute.
        refresh_tokens: After which of them there is a pause, and how many tokens can be
            refreshed in it.
        part_ends: After which of them times and memory are written down.
    """

    num_transactions: int
    prompt_tokens: int
    samples: frozenset[int]
    refresh_tokens: Mapping[int, float]
    part_ends: tuple[int, ...]


def plan_for(
    recording: Recording, *, num_transactions: int | None, num_samples: int, prompt_tokens: int
) -> TracePlan:
    """Plan a replay.

    Args:
        recording: What is played.
        num_transactions: How many of the first transactions; None plays all.
        num_samples: At how many pauses to compare, as evenly spread as pauses are.
        prompt_tokens: Most tokens of text in the prompt.

    Raises:
        CannotMeasureError: If the recording has no times, so that there are no pauses in it.
    """
    if not recording.has_times:
        raise CannotMeasureError(
            f"the recording {recording.name} does not say when its transactions were, so it has no"
            " pauses to compare at; name one with times"
        )
    total = min(num_transactions or len(recording.transactions), len(recording.transactions))
    pauses = {
        number: pause_s
        for number, pause_s in enumerate(recording.pauses_s()[:total], 1)
        if pause_s >= PAUSE_S
    }
    samples = _spread(list(pauses), num_samples)
    num_parts = max(_FEWEST_PARTS, min(_MOST_PARTS, len(samples) // _SAMPLES_PER_PART))
    ends = np.linspace(0, total, num_parts + 1).round().astype(int)[1:]
    return TracePlan(
        total,
        prompt_tokens,
        samples=frozenset(samples),
        refresh_tokens={number: _worth(pause_s) for number, pause_s in pauses.items()},
        part_ends=tuple(dict.fromkeys(ends.tolist())),
    )


def _worth(pause_s: float) -> float:
    return max(0.0, pause_s - _UNTOLD_S - _ENGINE_WAITS_S) * REFRESH_TOKENS_PER_S


def _spread(numbers: list[int], count: int) -> list[int]:
    """Choose up to `count` of ascending numbers, spread over their range rather than their count.

    People pause more at some times than at others, and a sample is wanted of all times.
    """
    if len(numbers) <= count:
        return numbers
    wanted = np.linspace(numbers[0], numbers[-1], count)
    nearest = np.abs(np.subtract.outer(wanted, numbers)).argmin(axis=1)
    return [numbers[index] for index in np.unique(nearest)]
