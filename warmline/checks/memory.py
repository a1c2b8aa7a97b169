"""The memory that the model and its caches take."""

from collections.abc import Iterator
from pathlib import Path

from engine.machine import available_bytes
from engine.settings import EngineSettings
from engine.weights.disk import in_words
from warmline.checks.finding import Finding, works
from warmline.checks.problems import Problem

_MIB = 2**20
_LEAST_BUDGET_MB = 64


def check_memory(settings: EngineSettings, model: Path) -> Iterator[Finding]:
    """Compare what is free with the weights in a folder and the caches of the settings.

    Of use before an engine has the model; nothing is found where the system does not tell.
    """
    free_bytes = available_bytes()
    if free_bytes is None:
        return
    weight_bytes = _bytes_in_memory(settings, model)
    cache_bytes = settings.cache_budget_mb * _MIB
    found = (
        f"{in_words(free_bytes)} free, {in_words(weight_bytes)} for the weights and at most"
        f" {in_words(cache_bytes)} for caches"
    )
    room_mb = (free_bytes - weight_bytes) // _MIB
    if room_mb < _LEAST_BUDGET_MB:
        yield Problem.MEMORY_SHORT.finding(found)
    elif room_mb < settings.cache_budget_mb:
        # The half, because other programs want to grow as well.
        yield Problem.CACHES_SHORT.finding(found, budget_mb=max(_LEAST_BUDGET_MB, room_mb // 2))
    else:
        yield works("memory", found)


def _bytes_in_memory(settings: EngineSettings, model: Path) -> int:
    """Return the size of the weights: as stored, in two bytes each, unless four are asked for."""
    stored_bytes = sum(path.stat().st_size for path in model.glob("*.safetensors"))
    return 2 * stored_bytes if settings.storage_type == "float32" else stored_bytes
