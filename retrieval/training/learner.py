"""One round's learning: the ranker's parameters moved towards what the rewards said."""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from retrieval.features import STOP_FEATURES
from retrieval.model import RetrieverModel
from retrieval.training.objectives import OBJECTIVES
from retrieval.training.torch_ranker import Question, TorchRanker

BATCH = 16
WARM_UP_SHARE = 0.2  # of all steps
_LAST_SHARE = 0.1  # of the full rates, that the last step has
_RATES = {
    "table": 1e-4,
    "query_log_weights": 2e-3,
    "chunk_log_weights": 2e-3,
    "line_log_weights": 2e-3,
    "feature_weights": 1e-2,
    "stop_vector": 1e-3,
    "stop_weights": 1e-2,
    "scale": 1e-2,
}
"""About how far one step moves a number, less than a hundredth of its usual size."""
_CALIBRATION_STEPS, _CALIBRATION_RATE = 60, 0.2
_ALWAYS = STOP_FEATURES.index("always")
_PULL = 4e-3
"""The share of its way that a step takes a number back to where it began."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one sample teaches.

    Attributes:
        question: Of the candidates whose losses are known.
        losses: (K + 1,), the stop signal last.
    """

    question: Question
    losses: Tensor


class Learner:
    """The ranker and what is remembered between two steps.

    Args:
        start: What learning begins with.
        objective: One of `OBJECTIVES`.
        num_steps: Of all rounds together; the rates go by it.
        pace: Times as far as usual, with each step.
    """

    def __init__(
        self, start: RetrieverModel, objective: str, num_steps: int, pace: float = 1.0
    ) -> None:
        self.ranker = TorchRanker(start)
        self._objective = OBJECTIVES[objective]
        self._num_steps = num_steps
        self._step = 0
        self._sharpness = 1.0
        self._rates = {name: pace * rate for name, rate in _RATES.items()}
        self._optimiser = torch.optim.AdamW(
            [
                {"params": [self.ranker.changes[name]], "lr": rate, "weight_decay": _PULL / rate}
                for name, rate in self._rates.items()
            ]
        )

    def learn(self, lessons: Sequence[Lesson], *, epochs: int, chance: random.Random) -> float:
        """Go through all lessons some times, and return their mean loss in the last one."""
        self._calibrate(lessons)
        losses: list[float] = []
        for _ in range(epochs):
            order = chance.sample(lessons, len(lessons))
            batches = (order[start : start + BATCH] for start in range(0, len(order), BATCH))
            losses = [loss for batch in batches for loss in self._learn(batch)]
        return sum(losses) / len(losses)

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that learning goes on from, by name."""
        found = {
            "step": torch.tensor([self._step]),
            "sharpness": torch.tensor([self._sharpness], dtype=torch.float64),
        }
        for name, values in self.ranker.changes.items():
            found[f"change.{name}"] = values.detach()
            for moment, tensor in self._optimiser.state.get(values, {}).items():
                found[f"{moment}.{name}"] = tensor
        return found

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `tensors` gave."""
        self._step = int(tensors["step"][0])
        self._sharpness = float(tensors["sharpness"][0])
        for name, values in self.ranker.changes.items():
            values.data.copy_(tensors[f"change.{name}"])
            if self._step:
                self._optimiser.state[values] = {
                    moment: tensors[f"{moment}.{name}"].clone()
                    for moment in ("step", "exp_avg", "exp_avg_sq")
                }

    def _calibrate(self, lessons: Sequence[Lesson]) -> None:
        """Find how sharp all scores are to be taken, and how high the stop signal stands.

        Neither is a matter of order among candidates. Left to the steps, all weights would first
        go down together, those that tell candidates apart with the others.
        """
        scores = [torch.from_numpy(self.ranker.rank(lesson.question)) for lesson in lessons]
        log_sharpness = torch.tensor(math.log(self._sharpness), requires_grad=True)
        stop = torch.zeros(1, requires_grad=True)
        optimiser = torch.optim.Adam([log_sharpness, stop], lr=_CALIBRATION_RATE)
        for _ in range(_CALIBRATION_STEPS):
            losses = [
                self._objective(
                    log_sharpness.exp() * torch.cat([each[:-1], each[-1:] + stop]), lesson.losses
                )
                for each, lesson in zip(scores, lessons, strict=True)
            ]
            optimiser.zero_grad()
            torch.stack(losses).mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        self._sharpness = float(log_sharpness.detach().exp())
        self.ranker.changes["stop_weights"].data[_ALWAYS] += stop.detach()[0]

    def _learn(self, lessons: Sequence[Lesson]) -> list[float]:
        scores = self.ranker([lesson.question for lesson in lessons])
        losses = torch.stack(
            [
                self._objective(self._sharpness * each, lesson.losses)
                for each, lesson in zip(scores, lessons, strict=True)
            ]
        )
        self._optimiser.zero_grad()
        losses.mean().backward()  # type: ignore[no-untyped-call]
        share = rate_share(self._step, self._num_steps)
        for group, rate in zip(self._optimiser.param_groups, self._rates.values(), strict=True):
            group["lr"] = rate * share
        self._optimiser.step()
        self._step += 1
        found: list[float] = losses.tolist()
        return found


def steps_per_round(num_lessons: int, epochs: int) -> int:
    """Return how many steps a round has."""
    return epochs * math.ceil(num_lessons / BATCH)


def rate_share(step: int, num_steps: int) -> float:
    """Return the share of the full rates at a step: up in a straight line, and down in one."""
    warm_up = max(1, round(WARM_UP_SHARE * num_steps))
    if step < warm_up:
        return (step + 1) / warm_up
    left = max(0, num_steps - step) / max(1, num_steps - warm_up)
    return max(_LAST_SHARE, left)
