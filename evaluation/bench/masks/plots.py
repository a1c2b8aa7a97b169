"""What a step costs by the number of names, as SVG."""

from importlib import import_module
from itertools import product
from pathlib import Path

from evaluation.report import Report

_METRICS = {"mask_ms": ("median", ":"), "mask_max_ms": ("largest", "-")}
BAR_MS = 0.2


def save_plots(report: Report, folder: Path) -> list[Path]:
    """Save the time of a step by the number of names, two lines an arm; needs matplotlib."""
    figure, axes = import_module("matplotlib.pyplot").subplots(figsize=(6, 4))
    rows = [row for row in report.rows if row.metric in _METRICS]
    arms = list(dict.fromkeys(row.arm for row in rows))
    for arm, metric in product(arms, _METRICS):
        points = [
            (row.params["names"], row.value)
            for row in rows
            if (row.arm, row.metric) == (arm, metric)
        ]
        (meaning, style), colour = _METRICS[metric], f"C{arms.index(arm)}"
        axes.plot(
            *zip(*points, strict=True), style, color=colour, marker="o", label=f"{arm}, {meaning}"
        )
    axes.axhline(BAR_MS, color="grey", linestyle="--", label=f"{BAR_MS} ms")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("names allowed")
    axes.set_ylabel("one step (ms)")
    axes.legend(fontsize="x-small", ncols=2)
    place = folder / "mask_ms.svg"
    figure.savefig(place, bbox_inches="tight")
    import_module("matplotlib.pyplot").close(figure)
    return [place]
