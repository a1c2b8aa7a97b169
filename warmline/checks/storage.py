"""The folder for weights and caches, the space around it, and the model in it."""

import os
from collections.abc import Iterator
from pathlib import Path

from engine.errors import ModelError
from engine.weights.acquisition import peak_bytes
from engine.weights.catalogue import find
from engine.weights.disk import free_bytes, in_words, size_on_disk
from engine.weights.location import CACHE_VARIABLE, cache_directory
from engine.weights.store import ModelStore
from warmline.checks.finding import Finding, Verdict

SPARE_BYTES = 1_000_000_000
"""Below this, snapshots and logs may soon find no room."""


def check_cache_folder() -> Finding:
    """See that the folder can be written, and by nobody else."""
    folder = cache_directory()
    if not folder.exists():
        return _check_creatable(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        advice = f"make it writable, or point {CACHE_VARIABLE} to a folder of your own"
        return Finding("cache folder", Verdict.BROKEN, f"{folder} cannot be written", advice)
    if os.name == "posix" and folder.stat().st_mode & 0o022:
        found = f"{folder} can be written by other users, who could change your models"
        return Finding("cache folder", Verdict.WARNING, found, f"chmod go-w {folder}")
    return Finding("cache folder", Verdict.WORKS, str(folder))


def _check_creatable(folder: Path) -> Finding:
    parent = next(parent for parent in folder.parents if parent.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        return Finding("cache folder", Verdict.WORKS, f"{folder} will be made when needed")
    found = f"{folder} is not there and cannot be made in {parent}"
    advice = f"point {CACHE_VARIABLE} to a folder of your own"
    return Finding("cache folder", Verdict.BROKEN, found, advice)


def check_model_and_space(model: str) -> Iterator[Finding]:
    """See that the model is there, or that there is room to get it."""
    folder = cache_directory()
    try:
        path = ModelStore().locate(model)
    except ModelError as error:
        yield Finding("model", Verdict.BROKEN, str(error), "warmline models lists the others")
        return
    needed_bytes = SPARE_BYTES
    if path is not None:
        size = in_words(size_on_disk(path))
        yield Finding("model", Verdict.WORKS, f"{model}, {size}, at {path}")
    else:
        advice = f"get it with `warmline models pull {model}`"
        yield Finding("model", Verdict.BROKEN, f"{model} is not on this machine", advice)
        entry = find(model)
        needed_bytes += peak_bytes(entry) if entry else 0
    yield _check_space(folder, needed_bytes)


def _check_space(folder: Path, needed_bytes: int) -> Finding:
    found_bytes = free_bytes(folder)
    found = f"{in_words(found_bytes)} free at {folder}"
    if found_bytes >= needed_bytes:
        return Finding("disk", Verdict.WORKS, found)
    advice = (
        f"free {in_words(needed_bytes - found_bytes)}, or point {CACHE_VARIABLE} to another disk"
    )
    return Finding("disk", Verdict.WARNING, found, advice)
