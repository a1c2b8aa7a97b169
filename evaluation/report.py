"""One shape for every result: rows that can be read, compared and plotted by anyone."""

import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

Parameter = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        kind: What was done, such as `insert@10`.
        arm: Who did it, such as `warmline`; a paired comparison is `a-b` or `a/b`.
        metric: What was measured, such as `update_ms`.
        value: The median, or a mean where `params` says so.
        low, high: Quartiles, or a 95 % interval where `params` says so.
        n: How many measurements.
        unit: `ms`, `tokens/s`, `MB`, `times`, ...
        params: Conditions: prompt tokens, layout, number of documents and the like.
    """

    kind: str
    arm: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    unit: str
    params: Mapping[str, Parameter] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the figures were taken."""

    system: str
    processor: str
    cores: int
    memory_gb: float
    features: tuple[str, ...]  # of the processor, those that decide about speed here
    python: str
    environment: Mapping[str, str]  # variables that change the speed, as they were set


@dataclass(frozen=True, slots=True)
class Report:
    """What one command measured.

    `notes` are sentences about what no row can say: whose figures are missing, and why.
    """

    command: str
    version: str
    machine: Machine
    model: str
    seed: int
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


_Z_95 = 1.96  # standard errors on either side of 95 % of a normal distribution

SPEED_FEATURES = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
SPEED_VARIABLES = (
    "ONEDNN_MAX_CPU_ISA",
    "ATEN_CPU_CAPABILITY",
    "OMP_WAIT_POLICY",
    "OMP_NUM_THREADS",
    "GOMP_SPINCOUNT",
)


def summarise(
    kind: str,
    arm: str,
    metric: str,
    values: Sequence[float],
    unit: str,
    *,
    params: Mapping[str, Parameter] | None = None,
) -> Row:
    """Return the row of some measurements: their median and quartiles."""
    low, high = (min(values), max(values))
    if len(values) > 3:  # noqa: PLR2004  (of fewer, quartiles say less than the extremes)
        low, _, high = quantiles(values, n=4, method="inclusive")
    return Row(kind, arm, metric, median(values), low, high, len(values), unit, params or {})


def summarise_percentile(
    kind: str,
    arm: str,
    metric: str,
    values: Sequence[float],
    unit: str,
    *,
    percent: float,
    params: Mapping[str, Parameter] | None = None,
) -> Row:
    """Return the row of a percentile, with a 95 % interval that assumes no distribution.

    Both ends are measurements themselves, since how many of n lie below the true percentile is
    binomial. Where n is too small for the upper end, it is the largest one.
    """
    ordered, share = sorted(values), percent / 100
    last, expected = len(ordered) - 1, share * len(ordered)
    spread = _Z_95 * (expected * (1 - share)) ** 0.5
    value, low, high = (
        ordered[min(last, max(0, math.ceil(rank) - 1))]
        for rank in (expected, expected - spread, expected + spread + 1)
    )
    note: dict[str, Parameter] = {"interval": "95 %"}
    return Row(kind, arm, metric, value, low, high, len(values), unit, {**(params or {}), **note})


def this_machine() -> Machine:
    """Describe this machine."""
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        processor=_cpu_field("model name") or platform.processor() or "unknown",
        cores=os.cpu_count() or 1,
        memory_gb=round(_memory_bytes() / 2**30, 1),
        features=tuple(name for name in SPEED_FEATURES if name in _cpu_field("flags").split()),
        python=platform.python_version(),
        environment={name: os.environ[name] for name in SPEED_VARIABLES if name in os.environ},
    )


def _cpu_field(name: str) -> str:
    """Return a field of the first processor; empty where the system does not tell."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")


def _memory_bytes() -> int:
    if not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
