"""The samples of a training: drawn at the first call, read again ever after."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.bench.audience import Audience
from retrieval.training.errors import NothingToLearnError, OtherTrainingError
from retrieval.training.pools import Pools, Purpose, read_pools, write_pools
from warmline.progress import shown_progress
from warmline.training.preparation import prepare
from warmline.training.repositories import Origin, folders, packages

QUICK_PACKAGES = 2
SAMPLES_NAME = "samples.jsonl"


def shape_of(arguments: argparse.Namespace) -> dict[str, str | float]:
    """Say what must not differ between two calls with one folder, the model aside."""
    names = (
        "samples",
        "held_out",
        "rounds",
        "candidates",
        "explored",
        "objective",
        "epochs",
        "pace",
    )
    paths = " ".join(str(path.resolve()) for path in arguments.paths) or "the corpus"
    return {
        "repositories": paths,
        "seed": arguments.seed,
        "quick": arguments.quick,
        **{name.replace("_", " "): getattr(arguments, name) for name in names},
    }


def open_pools(arguments: argparse.Namespace, audience: Audience) -> Pools:
    """Return the samples of the folder, which are drawn at the first call.

    Raises:
        OtherTrainingError: If the folder's samples were drawn for another call.
        NothingToLearnError: If there are too few.
    """
    file, shape = arguments.out / SAMPLES_NAME, shape_of(arguments)
    if file.is_file():
        pools = read_pools(file)
        _require_same(pools.about["call"], shape, file)
        return pools
    origins, complaints = _origins(arguments)
    wanted = {Purpose.TRAINING: arguments.samples, Purpose.HELD_OUT: arguments.held_out}
    samples = prepare(origins, wanted, arguments.seed, audience)
    for purpose in wanted:
        if not any(each.purpose is purpose for each in samples):
            raise NothingToLearnError(
                f"there is no {purpose.value} sample in what was named: lines of code and at least"
                " two files are needed; name larger repositories."
            )
    about = {"call": shape, "sources": _sources(origins), "complaints": list(complaints)}
    pools = Pools(tuple(samples), about)
    write_pools(file, pools)
    return pools


def _origins(arguments: argparse.Namespace) -> tuple[list[Origin], tuple[str, ...]]:
    if arguments.paths:
        return folders(arguments.paths), ()
    with shown_progress() as progress:
        return packages(progress, QUICK_PACKAGES if arguments.quick else None)


def _sources(origins: Sequence[Origin]) -> list[dict[str, Any]]:
    return [
        {
            "repository": origin.repository.name,
            "source": origin.source,
            "license": origin.license,
            "purposes": sorted(purpose.value for purpose in origin.sampled),
        }
        for origin in origins
    ]


def _require_same(
    found: Mapping[str, str | float], wanted: Mapping[str, str | float], file: Path
) -> None:
    for name, value in wanted.items():
        if found.get(name) != value:
            raise OtherTrainingError(
                f"{file} was made for a training with {name} {found.get(name)!r} and now it is"
                f" {value!r}; name another folder with --out, or delete this one to begin anew."
            )
