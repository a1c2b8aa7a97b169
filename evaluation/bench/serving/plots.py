"""How the figures grow with the number of open documents, as SVG."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from evaluation.report import Report, Row

_KIND = "documents@"
_LABELS = {
    "update_ms": "cache update after the edit (ms)",
    "first_token_ms": "first token (ms)",
    "cache_mb": "keys and values (MB)",
}


def save_plots(report: Report, folder: Path) -> list[Path]:
    """Save a curve for each metric over the number of open documents; needs matplotlib."""
    made = []
    for metric, label in _LABELS.items():
        rows = [row for row in report.rows if row.kind.startswith(_KIND) and row.metric == metric]
        if rows:
            made.append(folder / f"documents-{metric}.svg")
            _save_curve(rows, label, made[-1])
    return made


def _save_curve(rows: Sequence[Row], label: str, path: Path) -> None:
    figure, axes = import_module("matplotlib.pyplot").subplots(figsize=(6, 3.6))
    counts = [int(row.kind.removeprefix(_KIND)) for row in rows]
    spread = [[row.value - row.low for row in rows], [row.high - row.value for row in rows]]
    axes.errorbar(counts, [row.value for row in rows], spread, marker="o", capsize=2)
    axes.set_xscale("log", base=2)
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("open documents")
    axes.set_ylabel(label)
    figure.savefig(path, bbox_inches="tight")
    import_module("matplotlib.pyplot").close(figure)
