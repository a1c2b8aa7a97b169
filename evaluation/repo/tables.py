"""A report on repositories as tables."""

from evaluation.comparison.tables import Style
from evaluation.repo.arms import BM25, NONE, TRAINED, TRAINED_NOSTOP, UNTRAINED
from evaluation.repo.summary import GAIN_SHARE
from evaluation.report import Row

_AGAINST = (NONE, BM25, UNTRAINED, TRAINED_NOSTOP, TRAINED)


def title_of(row: Row) -> str:
    """Return kind and layout."""
    return f"{row.kind}, {row.params['layout']}"


STYLE = Style(
    arm_metrics=("em", "es", "identifier_em", "nll", GAIN_SHARE, "chunks", "query_ms"),
    pair_metrics=tuple(f"{metric}-{arm}" for arm in _AGAINST for metric in ("es", "nll")),
    bold_arm=TRAINED,
    reading=(
        "In brackets 95 % intervals, bootstrapped over packages. `query_ms` is a median, the"
        " others are means; of pairs, means of differences. `a-b` is better where `es` is above"
        " and `nll` below 0. The oracle saw the truth, and only some of the tasks."
    ),
    title=title_of,
)
