"""Plots of a report, as SVG."""

from collections.abc import Mapping, Sequence
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
    """Save one plot for each metric and prompt size: a group of bars for each kind."""
    plotted = [row for row in report.rows if row.metric in METRIC_LABELS and "/" not in row.arm]
    made = []
    for metric in dict.fromkeys(row.metric for row in plotted):
        of_metric = [row for row in plotted if row.metric == metric]
        for tokens, rows in _by_tokens(of_metric, is_split=metric != "tok_s").items():
            path = folder / f"{metric}{tokens}.svg"
            _save(_bars(rows, METRIC_LABELS[metric]), path)
            made.append(path)
    return made


def save_curves(report: Report, folder: Path) -> list[Path]:
    """Save one plot for each metric: a curve over the tokens of the prompt for each arm."""
    made = []
    for metric in dict.fromkeys(row.metric for row in report.rows):
        rows = [row for row in report.rows if row.metric == metric and "/" not in row.arm]
        if metric in METRIC_LABELS and rows:
            path = folder / f"growth-{metric}.svg"
            _save(_curves(rows, METRIC_LABELS[metric]), path)
            made.append(path)
    return made


def _by_tokens(rows: Sequence[Row], *, is_split: bool) -> Mapping[str, list[Row]]:
    """Split rows by prompt size where one kind has several; name each part for a file."""
    sizes = sorted({int(row.params.get("prompt_tokens") or 0) for row in rows})
    if len(sizes) < 2 or not is_split:  # noqa: PLR2004  (nothing to split)
        return {"": list(rows)}
    return {
        f"-{size}": [row for row in rows if row.params.get("prompt_tokens") == size]
        for size in sizes
    }


def _bars(rows: Sequence[Row], label: str) -> Any:
    figure, axes = _axes(label)
    kinds = list(dict.fromkeys(row.kind for row in rows))
    series = list(dict.fromkeys(setup_name(row) for row in rows))
    width = _GROUP_WIDTH / len(series)
    for index, name in enumerate(series):
        bars = [row for row in rows if setup_name(row) == name]
        places = [kinds.index(row.kind) - _GROUP_WIDTH / 2 + (index + 0.5) * width for row in bars]
        heights = [row.value for row in bars]
        axes.bar(places, heights, width * 0.9, label=name, color=_colour(bars[0]))
        axes.errorbar(places, heights, _spread(bars), fmt="none", ecolor="#333333", capsize=2)
    axes.set_xticks(range(len(kinds)), kinds)
    _scale(axes, rows)
    axes.legend(frameon=False, fontsize="small")
    return figure


def _curves(rows: Sequence[Row], label: str) -> Any:
    figure, axes = _axes(label)
    for name in dict.fromkeys(setup_name(row) for row in rows):
        points = [row for row in rows if setup_name(row) == name]
        points.sort(key=_tokens)
        places, heights = [_tokens(row) for row in points], [row.value for row in points]
        axes.errorbar(
            places, heights, _spread(points), marker="o", label=name, color=_colour(points[0])
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes := sorted({_tokens(row) for row in rows}), [str(size) for size in sizes])
    axes.set_xlabel("tokens of the prompt")
    _scale(axes, rows)
    axes.legend(frameon=False, fontsize="small")
    return figure


def _axes(label: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415  (slow, and may not be installed)

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set_ylabel(label)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _scale(axes: Any, rows: Sequence[Row]) -> None:
    """Use a logarithmic scale for values far apart; else begin at zero."""
    values = [row.value for row in rows if row.value > 0]
    if values and max(values) / min(values) > _WIDE_SPAN:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without a date, the same figures give the same file.
    figure.savefig(path, format="svg", metadata={"Date": None})


def _colour(row: Row) -> str:
    return _COLOURS.get(row.arm, _OTHER_COLOUR)


def _spread(rows: Sequence[Row]) -> list[list[float]]:
    """Return how far the quartiles are below and above each value."""
    return [[row.value - row.low for row in rows], [row.high - row.value for row in rows]]


def _tokens(row: Row) -> int:
    return int(row.params.get("prompt_tokens") or 0)
