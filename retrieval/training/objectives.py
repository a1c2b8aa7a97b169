"""What makes scores good ones, given the losses that the candidates really bring."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

TEMPERATURE = 0.1
"""Nats of weighted mean loss between two candidates that make one e times as good a choice."""


def best_candidate_loss(scores: Tensor, losses: Tensor) -> Tensor:
    """Return the cross-entropy of the scores against the candidate with the lowest loss.

    Shapes:
        scores, losses: (K + 1,), the stop signal last.

    Source:
        RLCoder, arXiv 2407.19487, section 3.3.
    """
    return functional.cross_entropy(scores[None], losses.argmin()[None])


def soft_loss(scores: Tensor, losses: Tensor) -> Tensor:
    """Return KL(target || scores), where the target is softmax(-losses / `TEMPERATURE`).

    Candidates that help almost as much are almost as right; where all are alike, nothing is
    learned from small differences, which are noise.
    """
    target = torch.softmax(-losses / TEMPERATURE, 0)
    return functional.kl_div(torch.log_softmax(scores, 0), target, reduction="sum")


OBJECTIVES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "best": best_candidate_loss,
    "soft": soft_loss,
}
"""By the name they are chosen by."""
