"""Arms side by side, each with its interval, as an SVG."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from evaluation.comparison.cases import split_pair
from evaluation.report import Report, Row

_OTHER_COLOUR = "#9a9a9a"
_MARKERS = "osD^v<>PX*"
_SPREAD = 0.8  # of the space between two kinds


def _arm(row: Row) -> str:
    return split_pair(row)[0]


def _kind(row: Row) -> str:
    return row.kind


@dataclass(frozen=True, slots=True)
class Plot:
    """Which rows a plot shows, and how.

    Attributes:
        label: Of the figures.
        shows: Tells whether a row is in it.
        line_at: Where to draw a line to hold the figures against.
        is_logarithmic: Whether equal ratios are equally far apart.
        colours: Of arms, whatever they are compared with; others are grey.
        name: Of a row's arm in the legend.
        place: Of a row, from left to right.
    """

    label: str
    shows: Callable[[Row], bool]
    line_at: float | None = None
    is_logarithmic: bool = False
    colours: Mapping[str, str] = field(default_factory=dict)
    name: Callable[[Row], str] = _arm
    place: Callable[[Row], str] = _kind


def save_plots(plots: Mapping[str, Plot], report: Report, folder: Path) -> list[Path]:
    """Save those plots there are figures for, under their names; needs matplotlib."""
    finite = [row for row in report.rows if isfinite(row.value)]
    shown = {name: [row for row in finite if plot.shows(row)] for name, plot in plots.items()}
    return [
        _save(plots[name], rows, folder / f"{name}.svg") for name, rows in shown.items() if rows
    ]


def _save(plot: Plot, rows: Sequence[Row], path: Path) -> Path:
    from matplotlib.figure import Figure  # noqa: PLC0415  (slow, and may not be installed)

    figure = Figure(figsize=(10, 5), layout="constrained")
    axes = figure.subplots()
    _draw(axes, plot, rows)
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


def _draw(axes: Any, plot: Plot, rows: Sequence[Row]) -> None:
    """Put the arms at each place side by side, each with its interval."""
    places = list(dict.fromkeys(map(plot.place, rows)))
    arms = list(dict.fromkeys(row.arm for row in rows))
    for index, arm in enumerate(arms):
        own = [row for row in rows if row.arm == arm]
        shift = _SPREAD * ((index + 0.5) / len(arms) - 0.5)
        axes.errorbar(
            [places.index(plot.place(row)) + shift for row in own],
            [row.value for row in own],
            [[_below(row) for row in own], [_above(row) for row in own]],
            fmt=_MARKERS[index % len(_MARKERS)],
            ms=4,
            lw=0.8,
            color=plot.colours.get(_arm(own[0]), _OTHER_COLOUR),
            label=plot.name(own[0]),
        )
    # Long names would run into one another on one line.
    axes.set_xticks(range(len(places)), [place.replace("-", "-\n") for place in places])


def _below(row: Row) -> float:
    return max(0.0, row.value - row.low) if isfinite(row.low) else 0.0


def _above(row: Row) -> float:
    return max(0.0, row.high - row.value) if isfinite(row.high) else 0.0
