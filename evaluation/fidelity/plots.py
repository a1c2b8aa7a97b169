"""Three plots of a report on edits, as SVG: what is recovered, how far off, how often alike."""

from collections.abc import Mapping

from evaluation.comparison.cases import is_pair
from evaluation.comparison.plots import Plot
from evaluation.fidelity.arms import REFERENCE
from evaluation.fidelity.summary import FLOOR, is_pooled
from evaluation.report import Row

_COLOURS = {"default": "#0b6e4f", "refreshed": "#5b6c9d", "floor": "#333333", "rotate": "#e0a458"}


def _is_divergence(row: Row) -> bool:
    is_other_arm = not is_pair(row) and row.arm != REFERENCE
    return row.metric == "kl" and is_other_arm and is_pooled(row)


def _is_agreement_against_floor(row: Row) -> bool:
    is_against_floor = row.params.get("against") == f"-{FLOOR}"
    return row.metric == "agree" and is_against_floor and is_pooled(row)


PLOTS: Mapping[str, Plot] = {
    "recovered": Plot(
        "share of what the edit is worth",
        lambda row: row.metric == "recovered" and is_pooled(row),
        line_at=1.0,
        colours=_COLOURS,
    ),
    "kl": Plot(
        "median KL of the next token against full recompute (nats)",
        _is_divergence,
        is_logarithmic=True,
        colours=_COLOURS,
    ),
    "agreement": Plot(
        "agreement with full recompute, minus that of the noise floor",
        _is_agreement_against_floor,
        line_at=0.0,
        colours=_COLOURS,
    ),
}
