"""How far a training is, in one file that is replaced as a whole at the end of each round.

Within a round nothing but rewards is worth keeping, and those have a file of their own: a round
that was broken off is done again, from the same start with the same draws, in seconds.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from retrieval.training.errors import OtherTrainingError
from retrieval.training.figures import Pick, RoundFigures

Condition = str | int | float | bool | None

_RECORD = "record"


@dataclass(slots=True)
class Progress:
    """What has been done so far.

    Attributes:
        rounds: Figures of each round, the first before any training.
        asked: For each sample, by key, which of its candidates have been asked about.
        tensors: What the learner goes on from.
    """

    rounds: list[RoundFigures] = field(default_factory=list)
    asked: dict[str, tuple[int, ...]] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)


def write_progress(file: Path, progress: Progress, conditions: Mapping[str, Condition]) -> None:
    """Replace the file."""
    record = {
        "conditions": dict(conditions),
        "rounds": [asdict(each) for each in progress.rounds],
        "asked": progress.asked,
    }
    tensors = {name: tensor.contiguous() for name, tensor in progress.tensors.items()}
    attempt = file.with_suffix(".attempt")
    attempt.write_bytes(save(tensors, {_RECORD: json.dumps(record)}))
    attempt.replace(file)


def read_progress(file: Path, conditions: Mapping[str, Condition]) -> Progress:
    """Return what a file holds; nothing done if there is none.

    Raises:
        OtherTrainingError: If it was begun under other conditions, or is damaged.
    """
    if not file.is_file():
        return Progress()
    try:
        with safe_open(file, framework="pt") as opened:
            record: dict[str, Any] = json.loads(opened.metadata()[_RECORD])
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        _require_same(file, record["conditions"], conditions)
        return Progress(
            rounds=[_round(each) for each in record["rounds"]],
            asked={key: tuple(indices) for key, indices in record["asked"].items()},
            tensors=tensors,
        )
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise OtherTrainingError(
            f"{file} does not hold the progress of a training ({error!r}); name another folder, or"
            " delete this one to begin anew."
        ) from error


def _require_same(
    file: Path, found: Mapping[str, Condition], wanted: Mapping[str, Condition]
) -> None:
    for name in (*wanted, *found):
        if found.get(name) != wanted.get(name):
            raise OtherTrainingError(
                f"{file} belongs to a training with {name} {found.get(name)!r} and now it is"
                f" {wanted.get(name)!r}; name another folder, or delete this one to begin anew."
            )


def _round(entry: dict[str, Any]) -> RoundFigures:
    picks = tuple(Pick(**pick) for pick in entry.pop("picks"))
    return RoundFigures(picks=picks, **entry)
