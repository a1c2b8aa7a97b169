"""Three plots of a report on edits, as SVG: what is recovered, how far off, how often alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from evaluation.fidelity.arms import REFERENCE
from evaluation.fidelity.summary import FLOOR, is_pair, is_pooled
from evaluation.report import Report, Row

_COLOURS = {"default": "#0b6e4f", "refreshed": "#5b6c9d", "floor": "#333333", "rotate": "#e0a458"}
_OTHER_COLOUR = "#9a9a9a"
_MARKERS = "osD^v<>PX*"
_SPREAD = 0.8  # of the space between two kinds


@dataclass(frozen=True, slots=True)
class _Plot:
    """Which rows a plot shows, and how."""

    label: str
    shows: Callable[[Row], bool]
    line_at: float | None = None
    is_logarithmic: bool = False


_AGAINST_FLOOR = f"-{FLOOR}"
_PLOTS: Mapping[str, _Plot] = {
    "recovered": _Plot(
        "share of what the edit is worth", lambda row: row.metric == "recovered", line_at=1.0
    ),
    "kl": _Plot(
        "median KL of the next token against full recompute (nats)",
        lambda row: row.metric == "kl" and not is_pair(row) and row.arm != REFERENCE,
        is_logarithmic=True,
    ),
    "agreement": _Plot(
        "agreement with full recompute, minus that of the noise floor",
        lambda row: row.metric == "agree" and _is_against_floor(row),
        line_at=0.0,
    ),
}


def save_plots(report: Report, folder: Path) -> list[Path]:
    """Save those plots there are figures for; needs matplotlib."""
    pooled = [row for row in report.rows if is_pooled(row) and isfinite(row.value)]
    shown = {name: [row for row in pooled if plot.shows(row)] for name, plot in _PLOTS.items()}
    return [
        _save(_PLOTS[name], rows, folder / f"{name}.svg") for name, rows in shown.items() if rows
    ]


def _is_against_floor(row: Row) -> bool:
    return row.params.get("against") == _AGAINST_FLOOR


def _save(plot: _Plot, rows: Sequence[Row], path: Path) -> Path:
    from matplotlib.figure import Figure  # noqa: PLC0415  (slow, and may not be installed)

    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots()
    _draw(axes, rows)
    axes.set_ylabel(plot.label)
    axes.spines[["top", "right"]].set_visible(False)
    if plot.line_at is not None:
        axes.axhline(plot.line_at, color="#333333", lw=0.8, ls=":")
    if plot.is_logarithmic:
        axes.set_yscale("log")
    figure.legend(loc="outside upper left", ncols=6, frameon=False, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a date, the same figures give the same file.
    figure.savefig(path, format="svg", metadata={"Date": None})
    return path


def _draw(axes: Any, rows: Sequence[Row]) -> None:
    """Put the arms of each kind side by side, each with its interval."""
    kinds = list(dict.fromkeys(row.kind for row in rows))
    arms = list(dict.fromkeys(row.arm for row in rows))
    for index, arm in enumerate(arms):
        own = [row for row in rows if row.arm == arm]
        shift = _SPREAD * ((index + 0.5) / len(arms) - 0.5)
        name = arm.removesuffix(_AGAINST_FLOOR)
        axes.errorbar(
            [kinds.index(row.kind) + shift for row in own],
            [row.value for row in own],
            [[_below(row) for row in own], [_above(row) for row in own]],
            fmt=_MARKERS[index % len(_MARKERS)],
            ms=4,
            lw=0.8,
            color=_COLOURS.get(name, _OTHER_COLOUR),
            label=name,
        )
    axes.set_xticks(range(len(kinds)), kinds)


def _below(row: Row) -> float:
    return max(0.0, row.value - row.low) if isfinite(row.low) else 0.0


def _above(row: Row) -> float:
    return max(0.0, row.high - row.value) if isfinite(row.high) else 0.0
