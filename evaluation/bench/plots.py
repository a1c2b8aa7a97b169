"""Plots of a report, as SVG."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evaluation.bench.tables import setup_name
from evaluation.report import Report, Row

METRIC_LABELS = {
    "update_ms": "cache update after the edit (ms)",
    "first_token_ms": "first token (ms)",
    "line_ms": "end of the first line (ms)",
    "tok_s": "tokens per second",
    "texts_s": "texts per second",
    "query_ms": "one query (ms)",
    "rss_mb": "resident memory (MB)",
    "cache_mb": "keys and values (MB)",
}
_COLOURS = {
    "warmline": "#0b6e4f",
    "full": "#7fb69e",
    "prefix": "#b5d3c6",
    "transformers": "#e0a458",
    "llamacpp": "#5b6c9d",
    "llama-server": "#98a6cf",
}
_OTHER_COLOUR = "#888888"
_WIDE_SPAN = 20  # largest over smallest value, from which on a scale is logarithmic
_GROUP_WIDTH = 0.8  # of the space between two kinds


def can_plot() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def save_bars(report: Report, folder: Path) -> list[Path]:
    """Save plots with a group of bars for each kind of work, each of figures that compare."""
    together: dict[str, list[Row]] = {}
    for row in _plotted(report):
        together.setdefault(_comparable(row), []).append(row)
    return [
        _save(_bars(rows, METRIC_LABELS[rows[0].metric]), folder / f"{name}.svg")
        for name, rows in together.items()
    ]


def save_curves(report: Report, folder: Path) -> list[Path]:
    """Save one plot for each metric: a curve over the tokens of the prompt for each arm."""
    together: dict[str, list[Row]] = {}
    for row in _plotted(report):
        together.setdefault(row.metric, []).append(row)
    return [
        _save(_curves(rows, METRIC_LABELS[metric]), folder / f"growth-{metric}.svg")
        for metric, rows in together.items()
    ]


def _plotted(report: Report) -> list[Row]:
    return [row for row in report.rows if row.metric in METRIC_LABELS and "/" not in row.arm]


def _comparable(row: Row) -> str:
    """Name the plot a row belongs to: speeds by what is done, times by the size of the prompt."""
    if row.metric == "tok_s":
        return f"{row.metric}-{row.kind.split('@')[0]}"
    return f"{row.metric}-{_tokens(row)}"


def _bars(rows: Sequence[Row], label: str) -> Any:
    figure, axes = _axes(label)
    places = list(dict.fromkeys(_place(row) for row in rows))
    series = list(dict.fromkeys(setup_name(row) for row in rows))
    width = _GROUP_WIDTH / len(series)
    for index, name in enumerate(series):
        bars = [row for row in rows if setup_name(row) == name]
        lefts = [places.index(_place(row)) - _GROUP_WIDTH / 2 + index * width for row in bars]
        axes.bar(
            [left + width / 2 for left in lefts],
            [row.value for row in bars],
            width * 0.9,
            yerr=_spread(bars),
            capsize=2,
            label=name,
            color=_colour(bars[0]),
            hatch="" if _is_first_of_arm(name, series) else "//",
            edgecolor="white",
            ecolor="#333333",
        )
    axes.set_xticks(range(len(places)), places)
    _finish(figure, axes, rows)
    return figure


def _curves(rows: Sequence[Row], label: str) -> Any:
    figure, axes = _axes(label)
    series = list(dict.fromkeys(setup_name(row) for row in rows))
    for name in series:
        points = sorted((row for row in rows if setup_name(row) == name), key=_tokens)
        axes.errorbar(
            [_tokens(row) for row in points],
            [row.value for row in points],
            _spread(points),
            marker="o",
            capsize=2,
            label=name,
            color=_colour(points[0]),
            linestyle="-" if _is_first_of_arm(name, series) else "--",
        )
    axes.set_xscale("log", base=2)
    sizes = sorted({_tokens(row) for row in rows})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_xlabel("tokens of the prompt")
    _finish(figure, axes, rows)
    return figure


def _axes(label: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415  (slow, and may not be installed)

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set_ylabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _finish(figure: Any, axes: Any, rows: Sequence[Row]) -> None:
    """Scale by tens where values are far apart, else from zero, and name what is drawn."""
    values = [row.value for row in rows if row.value > 0]
    if values and max(values) / min(values) > _WIDE_SPAN:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    else:
        axes.set_ylim(bottom=0)
    figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize="small")


def _save(figure: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a date, the same figures give the same file.
    figure.savefig(path, format="svg", metadata={"Date": None})
    return path


def _place(row: Row) -> str:
    return str(row.params.get("state", row.kind))


def _is_first_of_arm(name: str, series: Sequence[str]) -> bool:
    arm = name.split(" ", maxsplit=1)[0]
    return name == next(each for each in series if each.split(" ")[0] == arm)


def _colour(row: Row) -> str:
    return _COLOURS.get(row.arm, _OTHER_COLOUR)


def _spread(rows: Sequence[Row]) -> list[list[float]]:
    """Return how far the quartiles are below and above each value."""
    return [[row.value - row.low for row in rows], [row.high - row.value for row in rows]]


def _tokens(row: Row) -> int:
    return int(row.params.get("prompt_tokens") or 0)
