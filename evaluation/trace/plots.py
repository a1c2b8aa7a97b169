"""Time, error and memory over the trace, as SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.report import Report, Row
from evaluation.trace.replay import NEVER_REFRESHED, PROCESS, REFRESHED_IN_PAUSES
from evaluation.trace.summary import UNTIL

_COLOURS = {"default": "#e0a458", "idle-refresh": "#0b6e4f", "refreshed": "#5b6c9d"}
_OTHER_COLOUR = "#333333"
_Curve = tuple[str, str, str]
"""The arm, the metric, and what the legend calls it."""

_PLOTS: Mapping[str, tuple[str, Sequence[_Curve]]] = {
    "sync_ms": (
        "cache update after an edit (ms)",
        [
            (NEVER_REFRESHED, "sync_ms", "median"),
            (NEVER_REFRESHED, "sync_p95_ms", "95th percentile"),
            (NEVER_REFRESHED, "sync_p99_ms", "99th percentile"),
        ],
    ),
    "kl": (
        "KL of the next token against a full recompute (nats)",
        [
            (NEVER_REFRESHED, "kl", "never refreshed"),
            (REFRESHED_IN_PAUSES, "kl", "refreshed in pauses"),
        ],
    ),
    "agree": (
        "same completion as after a full recompute (share)",
        [
            (NEVER_REFRESHED, "agree", "never refreshed"),
            (REFRESHED_IN_PAUSES, "agree", "refreshed in pauses"),
        ],
    ),
    "memory": (
        "MB",
        [
            (PROCESS, "rss_mb", "the whole process"),
            (NEVER_REFRESHED, "cache_mb", "one cache"),
        ],
    ),
}
_LINE_STYLES = ("-", "--", ":")


def save_plots(report: Report, folder: Path) -> list[Path]:
    """Save one plot for each thing worth seeing; needs matplotlib."""
    return [
        _save(report, label, curves, folder / f"{name}.svg")
        for name, (label, curves) in _PLOTS.items()
    ]


def _save(report: Report, label: str, curves: Sequence[_Curve], path: Path) -> Path:
    from matplotlib.figure import Figure  # noqa: PLC0415  (slow, and may not be installed)

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for index, (arm, metric, name) in enumerate(curves):
        rows = _curve(report, arm, metric)
        if rows:
            _draw(axes, rows, name, _LINE_STYLES[index] if metric.startswith("sync") else "-")
    axes.set_xlabel("transactions played")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper left", ncols=3, frameon=False, fontsize="small")
    # Without a date, the same figures give the same file.
    figure.savefig(path, format="svg", metadata={"Date": None})
    return path


def _draw(axes: Any, rows: Sequence[Row], name: str, style: str) -> None:
    places = [int(row.kind.removeprefix(UNTIL)) for row in rows]
    colour = _COLOURS.get(rows[0].arm, _OTHER_COLOUR)
    axes.plot(
        places, [row.value for row in rows], style, marker="o", ms=3, color=colour, label=name
    )
    axes.fill_between(
        places,
        [row.low for row in rows],
        [row.high for row in rows],
        color=colour,
        alpha=0.15,
        lw=0,
    )


def _curve(report: Report, arm: str, metric: str) -> list[Row]:
    return [
        row
        for row in report.rows
        if row.kind.startswith(UNTIL) and (row.arm, row.metric) == (arm, metric)
    ]
