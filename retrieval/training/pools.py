"""Samples with what the first stage found for them, made once and kept in one file.

So a training goes on after a restart without reading the repositories again, on the same text even
if they have changed since.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from retrieval.training.errors import OtherTrainingError
from retrieval.training.types import Sample, SampleKind
from retrieval.types import Chunk, Place


class Purpose(StrEnum):
    """What a sample is for."""

    TRAINING = "training"
    HELD_OUT = "held-out"  # decides which round was the best


@dataclass(frozen=True, slots=True)
class PooledSample:
    """A sample and its candidates.

    Attributes:
        sample: The sample.
        purpose: What it is for.
        pool: What the first stage found, best first; all later choices are made from it.
    """

    sample: Sample
    purpose: Purpose
    pool: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Pools:
    """All samples of a training.

    Attributes:
        samples: Of both purposes.
        about: Where they come from, plain JSON: whatever their maker wants to know again.
    """

    samples: tuple[PooledSample, ...]
    about: Mapping[str, Any]


def write_pools(file: Path, pools: Pools) -> None:
    """Keep samples in a file that appears whole or not at all."""
    attempt = file.with_suffix(".attempt")
    with attempt.open("w", encoding="utf-8") as output:
        for entry in (pools.about, *map(asdict, pools.samples)):
            output.write(json.dumps(entry) + "\n")
        output.flush()
        os.fsync(output.fileno())
    attempt.replace(file)


def read_pools(file: Path) -> Pools:
    """Return the samples of a file.

    Raises:
        OtherTrainingError: If the file is damaged.
    """
    try:
        with file.open(encoding="utf-8") as lines:
            about: dict[str, Any] = json.loads(next(lines))
            return Pools(tuple(map(_sample, lines)), about)
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise OtherTrainingError(
            f"{file} does not hold samples of a training ({error!r}); name another folder, or"
            " delete this one to begin anew."
        ) from error


def _sample(line: str) -> PooledSample:
    entry: dict[str, Any] = json.loads(line)
    sample = entry["sample"]
    return PooledSample(
        sample=Sample(
            key=sample["key"],
            repository=sample["repository"],
            kind=SampleKind(sample["kind"]),
            place=Place(**sample["place"]),
            truth=sample["truth"],
        ),
        purpose=Purpose(entry["purpose"]),
        pool=tuple(Chunk(**chunk) for chunk in entry["pool"]),
    )
