"""The space that is still to be written to, disk by disk."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.protocol.endpoint import canonical_model
from engine.settings import EngineSettings
from engine.weights.acquisition import most_converted_bytes, peak_bytes
from engine.weights.catalogue import find
from engine.weights.disk import free_bytes, in_words, size_on_disk
from engine.weights.gguf_header import is_gguf
from engine.weights.location import (
    CACHE_VARIABLE,
    SNAPSHOT_VARIABLE,
    StoreLayout,
    cache_directory,
    packed_folder,
    snapshot_folder,
)
from monitors.analysis.environment import NEEDED_BYTES
from warmline.analysis import analysis_environment
from warmline.checks.finding import Finding, works
from warmline.checks.folders import existing
from warmline.checks.problems import Problem
from warmline.indexing import INDEX_VARIABLE, index_directory

SPARE_BYTES = 100_000_000
"""For indexes and logs, which grow with what one works on."""

_PACKED_PART = 3
"""Packed weights have a third of the bytes of full ones."""


@dataclass(frozen=True, slots=True)
class _Need:
    purpose: str
    folder: Path
    variable: str
    num_bytes: int


def check_disk(settings: EngineSettings, model: Path | None) -> Iterator[Finding]:
    """Compare what is free with what is still to be written.

    Args:
        settings: Say which model, and how much is kept.
        model: The folder of its weights, if they are here.
    """
    by_disk: dict[int, list[_Need]] = defaultdict(list)
    for need in _needs(settings, model):
        by_disk[existing(need.folder).stat().st_dev].append(need)
    yield from (_check(needs) for needs in by_disk.values())


def _needs(settings: EngineSettings, model: Path | None) -> Iterator[_Need]:
    yield _Need("index", index_directory(), INDEX_VARIABLE, SPARE_BYTES)
    if model is None:
        yield _model_need(settings.model)
    elif settings.decode_weights != "full" and not any(packed_folder().glob(f"{model.name}-*")):
        packed_bytes = _weight_bytes(model) // _PACKED_PART
        yield _Need("packed weights", packed_folder(), CACHE_VARIABLE, packed_bytes)
    if settings.snapshots:
        folder = snapshot_folder()
        num_bytes = max(0, settings.snapshot_bytes - size_on_disk(folder))
        yield _Need("snapshots", folder, SNAPSHOT_VARIABLE, num_bytes)
    environment = analysis_environment()
    if not environment.is_ready():
        yield _Need("analysers", environment.folder, CACHE_VARIABLE, NEEDED_BYTES)


def _model_need(model: str) -> _Need:
    """Return what getting a model takes, less what an earlier pull has got, or converting it."""
    layout = StoreLayout(cache_directory() / "models")
    path = Path(canonical_model(model))
    num_bytes = 0
    if entry := find(model):
        num_bytes = peak_bytes(entry) - size_on_disk(layout.partial(entry.name))
    elif is_gguf(path):
        num_bytes = most_converted_bytes(path.stat().st_size)
    return _Need("model", layout.root, CACHE_VARIABLE, max(0, num_bytes))


def _weight_bytes(model: Path) -> int:
    return sum(path.stat().st_size for path in model.glob("*.safetensors"))


def _check(needs: Sequence[_Need]) -> Finding:
    largest = max(needs, key=lambda need: need.num_bytes)
    needed_bytes = sum(need.num_bytes for need in needs)
    found_bytes = free_bytes(largest.folder)
    needed = [f"{need.purpose} {in_words(need.num_bytes)}" for need in needs if need.num_bytes]
    wanted = ", ".join(needed) or "nothing"
    found = f"{in_words(found_bytes)} free at {largest.folder}; still to come: {wanted}"
    if found_bytes >= needed_bytes:
        return works("disk", found)
    missing = in_words(needed_bytes - found_bytes)
    return Problem.DISK_SHORT.finding(found, missing=missing, variable=largest.variable)
