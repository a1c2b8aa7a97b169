"""Samples with what the first stage found for them, made once and kept in one file.

So a training goes on after a restart without reading the repositories again, on the same text even
if they have changed since.
"""

import json
import os
from collections.abc import Iterable, Iterator
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


def write_pools(file: Path, samples: Iterable[PooledSample]) -> None:
    """Keep samples in a file that appears whole or not at all."""
    attempt = file.with_suffix(".attempt")
    with attempt.open("w", encoding="utf-8") as output:
        for each in samples:
            output.write(json.dumps(asdict(each), ensure_ascii=True) + "\n")
        output.flush()
        os.fsync(output.fileno())
    attempt.replace(file)


def read_pools(file: Path) -> tuple[PooledSample, ...]:
    """Return the samples of a file.

    Raises:
        OtherTrainingError: If the file is damaged.
    """
    try:
        return tuple(_read(file))
    except (ValueError, KeyError, TypeError) as error:
        raise OtherTrainingError(
            f"{file} does not hold samples of a training ({error!r}); name another folder, or"
            " delete this one to begin anew."
        ) from error


def _read(file: Path) -> Iterator[PooledSample]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            entry: dict[str, Any] = json.loads(line)
            sample = entry["sample"]
            yield PooledSample(
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
