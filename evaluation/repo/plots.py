"""Plots of a report on repositories, as SVG: what is gained over none and over BM25."""

from collections.abc import Callable, Mapping

from evaluation.comparison.plots import Plot
from evaluation.repo.arms import (
    BM25,
    NONE,
    ORACLE,
    TRAINED,
    TRAINED_NOSTOP,
    TRANSFORMER,
    TRANSFORMER_FEATURES,
    UNTRAINED,
)
from evaluation.repo.tables import title_of
from evaluation.report import Row

_COLOURS = {
    TRAINED: "#0b6e4f",
    TRAINED_NOSTOP: "#5b6c9d",
    BM25: "#e0a458",
    UNTRAINED: "#b07aa1",
    TRANSFORMER: "#c8a2c8",
    TRANSFORMER_FEATURES: "#98a6cf",
    ORACLE: "#333333",
}


def _plot(metric: str, other: str, label: str) -> Plot:
    return Plot(label, _differs_from(metric, other), line_at=0.0, colours=_COLOURS, place=title_of)


def _differs_from(metric: str, other: str) -> Callable[[Row], bool]:
    return lambda row: row.metric == metric and row.params.get("against") == f"-{other}"


PLOTS: Mapping[str, Plot] = {
    "similarity-over-none": _plot("es", NONE, "edit similarity, minus that without chunks"),
    "similarity-over-bm25": _plot("es", BM25, "edit similarity, minus that with BM25's chunks"),
    "loss-over-none": _plot("nll", NONE, "-log p of the truth, minus that without chunks (nats)"),
    "loss-over-bm25": _plot(
        "nll", BM25, "-log p of the truth, minus that with BM25's chunks (nats)"
    ),
}
