"""How long questions take, as SVG."""

from importlib import import_module
from pathlib import Path

from evaluation.report import Report

_STAGES = {"lexical_ms": "first stage", "encoder_ms": "second stage"}


def save_plots(report: Report, folder: Path) -> list[Path]:
    """Save the medians of both stages, a bar for each kind and arm; needs matplotlib."""
    bars = sorted({(row.kind, row.arm) for row in report.rows if row.metric in _STAGES})
    if not bars:
        return []
    figure, axes = import_module("matplotlib.pyplot").subplots(figsize=(6, 0.6 * len(bars) + 1))
    names, begin = [f"{kind}\n{arm}" for kind, arm in bars], [0.0] * len(bars)
    for metric, label in _STAGES.items():
        found = {(row.kind, row.arm): row.value for row in report.rows if row.metric == metric}
        widths = [found.get(bar, 0.0) for bar in bars]
        axes.barh(names, widths, left=begin, label=label)
        begin = [before + width for before, width in zip(begin, widths, strict=True)]
    axes.set_xlabel("median of one question (ms)")
    axes.legend()
    place = folder / "query_ms.svg"
    figure.savefig(place, bbox_inches="tight")
    import_module("matplotlib.pyplot").close(figure)
    return [place]
