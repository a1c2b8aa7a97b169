"""How much memory this process takes, as the system counts it."""

from pathlib import Path

from evaluation.bench.messages import Memory

_STATUS = Path("/proc/self/status")
_MB = 1e6


def process_memory(cache_bytes: int | None) -> Memory:
    """Look at this process; all but the cache is unknown where there is no `/proc`."""
    fields = _status_bytes()
    return Memory(
        steady_mb=_in_mb(fields.get("VmRSS")),
        anonymous_mb=_in_mb(fields.get("RssAnon")),
        peak_mb=_in_mb(fields.get("VmHWM")),
        cache_mb=_in_mb(cache_bytes),
    )


def _status_bytes() -> dict[str, int]:
    if not _STATUS.exists():
        return {}
    lines = (line.split() for line in _STATUS.read_text(encoding="utf-8").splitlines())
    return {line[0].rstrip(":"): int(line[1]) * 1024 for line in lines if line[-1] == "kB"}


def _in_mb(num_bytes: int | None) -> float | None:
    return None if num_bytes is None else num_bytes / _MB
