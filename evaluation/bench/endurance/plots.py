"""Memory and queue over time, and times over the number of windows, as SVG."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluation.bench.endurance.load import ALL, KIND
from evaluation.bench.endurance.samples import Sample
from evaluation.report import Report, Row

_MEMORY = {
    "engine_mb": "engine, mapped files included",
    "engine_anonymous_mb": "engine, what it wrote itself",
    "caches_mb": "live caches and chunks",
    "server_mb": "server",
    "analysers_mb": "analysers",
}
_QUEUE = {"num_jobs": "work of the engine", "num_asking": "requests without an answer"}
_PERCENTILES = {"total_ms": "median", "total_p95_ms": "95th percentile", "total_p99_ms": "99th"}


def save_soak_plots(samples: Sequence[Sample], folder: Path) -> list[Path]:
    """Save memory and queue over time; needs matplotlib."""
    minutes = [sample.at_s / 60 for sample in samples]
    made = []
    for name, label, curves in (("memory", "MB", _MEMORY), ("queue", "unfinished", _QUEUE)):
        figure, axes = _empty("minutes of typing", label)
        for field, legend in curves.items():
            axes.plot(minutes, [getattr(sample, field) for sample in samples], lw=1, label=legend)
        made.append(_save(figure, folder / f"soak-{name}.svg"))
    return made


def save_load_plots(report: Report, folder: Path) -> list[Path]:
    """Save how long suggestions took with so many windows; needs matplotlib."""
    figure, axes = _empty("windows", "a suggestion, whole (ms)")
    singles = _of_windows(report, "total_ms")
    axes.plot(
        [_count(row) for row in singles],
        [row.value for row in singles],
        ".",
        color="#999999",
        label="median of each window",
    )
    for metric, legend in _PERCENTILES.items():
        rows = [row for row in report.rows if (row.arm, row.metric) == (ALL, metric)]
        axes.plot(
            [_count(row) for row in rows], [row.value for row in rows], marker="o", label=legend
        )
    counts = sorted({_count(row) for row in report.rows})
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    return [_save(figure, folder / "load-total.svg")]


def _of_windows(report: Report, metric: str) -> list[Row]:
    return [row for row in report.rows if row.arm != ALL and row.metric == metric]


def _count(row: Row) -> int:
    return int(row.kind.removeprefix(KIND))


def _empty(across: str, up: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415  (slow, and may not be installed)

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Any, path: Path) -> Path:
    figure.axes[0].set_ylim(bottom=0)
    figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize="small")
    # Without a date, the same figures give the same file.
    figure.savefig(path, format="svg", metadata={"Date": None})
    return path
