"""The same weights for llama.cpp: the GGUF file the model came from, and others made of it.

They are kept in the cache directory, so that only the first run pays for them.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError
from engine.weights.acquisition import acquire, finished_download
from engine.weights.catalogue import CATALOGUE, CatalogueEntry, find
from engine.weights.child import ChildStalledError, last_words, run_child
from engine.weights.claim import claim
from engine.weights.disk import free_bytes, size_on_disk
from engine.weights.gguf_header import is_gguf, read_header
from engine.weights.job import Job
from engine.weights.location import cache_directory
from engine.weights.model_folder import read_origin
from engine.weights.progress import Progress, Step
from engine.weights.store import usual_sources
from evaluation.errors import CannotMeasureError

MADE_TYPES = {"Q8_0": 7, "BF16": 32}
"""What is made of a model's own file, as `llama_ftype` numbers it."""

_TYPE_NAMES = {2: "Q4_0", 3: "Q4_1", 15: "Q4_K_M", 17: "Q5_K_M", 18: "Q6_K"} | {
    number: name for name, number in MADE_TYPES.items()
}

_CLAIM_WAIT_S = 3600.0
_QUANTISE_STALL_S = 600.0


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A GGUF file and the type of its weights, such as `Q8_0`."""

    path: Path
    type: str


def find_source(model: str, directory: Path, progress: Progress, *, offline: bool) -> WeightFile:
    """Return the GGUF file that a model was made of, downloaded if need be.

    Args:
        model: As the user named it.
        directory: The folder it is loaded from.
        progress: Told about a download.
        offline: Forbid it.

    Raises:
        CannotMeasureError: If nobody knows such a file.
        ModelError: If it is known and cannot be had.
    """
    if is_gguf(Path(model)):
        return _named(Path(model))
    entry = find(model) or _origin_entry(directory)
    if entry is None or not entry.is_gguf:
        raise CannotMeasureError(
            f"no GGUF file is known that holds the same weights as {model}; name one with --gguf"
        )
    return _named(_obtain(entry, progress, offline=offline))


def as_type(source: WeightFile, wanted: str, progress: Progress) -> WeightFile:
    """Return the same weights as one of `MADE_TYPES`, made by llama.cpp's own quantiser.

    Raises:
        ModelError: If that fails.
    """
    if source.type == wanted:
        return source
    size = source.path.stat().st_size
    stem = source.path.parent.name if source.path.stem == "model" else source.path.stem
    target = _folder() / f"{stem}-{size}-{wanted}.gguf"
    if not target.is_file():
        with claim(target.with_suffix(".lock"), progress, _CLAIM_WAIT_S):
            if not target.is_file():
                _quantise(source.path, target, wanted, progress)
    return WeightFile(target, wanted)


def _folder() -> Path:
    folder = cache_directory() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _named(path: Path) -> WeightFile:
    number = read_header(path).scalars.get("general.file_type")
    return WeightFile(path, _TYPE_NAMES.get(int(number or 0), f"type {number}"))


def _origin_entry(directory: Path) -> CatalogueEntry | None:
    origin = read_origin(directory)
    if origin is None or origin.sha256 is None:
        return None
    return next((entry for entry in CATALOGUE if entry.sha256 == origin.sha256), None)


def _obtain(entry: CatalogueEntry, progress: Progress, *, offline: bool) -> Path:
    folder = _folder() / entry.name
    folder.mkdir(exist_ok=True)
    job = Job(entry.title, folder, progress, free_bytes)
    with claim(folder.with_suffix(".lock"), progress, _CLAIM_WAIT_S):
        found = finished_download(job)
        if found is None and offline:
            raise ModelError(
                f"The GGUF file of {entry.name} is not in {folder} and would have to be"
                " downloaded, which `offline` forbids; name one with --gguf."
            )
        return found or acquire(entry, usual_sources(), job)


def _quantise(source: Path, target: Path, wanted: str, progress: Progress) -> None:
    unfinished, log = target.with_suffix(".unfinished"), target.with_suffix(".log")
    job = Job(target.name, target.parent, progress, free_bytes)
    job.require_space(read_header(source).num_elements * 2, f"Making {target.name}")

    def watch() -> int:
        written = size_on_disk(unfinished)
        job.report(Step.CONVERT, written, None, f"Making {target.name}")
        return written

    command = [sys.executable, "-P", "-m", "evaluation.bench.quantise"]
    try:
        exit_code = run_child(
            [*command, source, unfinished, str(MADE_TYPES[wanted])],
            folder=Path.cwd(),
            log=log,
            environment={},
            watch=watch,
            stall_s=_QUANTISE_STALL_S,
        )
    except ChildStalledError as error:
        raise ModelError(
            f"Making {target.name} took no step for {_QUANTISE_STALL_S:.0f} s and was stopped."
        ) from error
    if exit_code != 0:
        raise ModelError(f"Making {target.name} failed ({last_words(log)}); see {log}.")
    unfinished.replace(target)
