"""A report on edits as tables."""

from evaluation.comparison.tables import Style
from evaluation.fidelity.summary import is_pooled
from evaluation.report import Row


def _title(row: Row) -> str | None:
    """Return the kind; what is told by length is left to the JSON."""
    return row.kind if is_pooled(row) else None


STYLE = Style(
    arm_metrics=("recovered", "agree", "kl", "nll", "em", "es", "encoded_tokens", "ms"),
    pair_metrics=(
        "agree-floor",
        "kl/floor",
        "ms/full",
        "nll-full",
        "em-full",
        "es-full",
        "nll-floor",
        "agree-default",
        "nll-default",
    ),
    bold_arm="default",
    reading=(
        "In brackets 95 % intervals, bootstrapped over packages. `kl` and `ms` are medians, the"
        " others means; of pairs, means of differences, and of `a/b` the ratio of medians."
    ),
    title=_title,
)
