"""From how sure the model was, and what was right, to rows, tables and plots."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from completion.confidence import WEIGHTS
from evaluation.comparison.plots import Plot
from evaluation.comparison.tables import Style
from evaluation.confidence.calibration import chances_of, features_of, unseen_chances
from evaluation.confidence.writing import KINDS, SureRecord
from evaluation.intervals import Estimate, Resamples, Values
from evaluation.report import Parameter, Row

ALL = "all"
CONSTANT, MODEL, FITTED, SHIPPED = "constant", "model", "fitted", "shipped"
"""Who says how likely a line is right: how many are right on the whole; the model's own
probability of the line; weights fitted to the other packages of this run; those in use."""
THRESHOLDS = (5, 10, 20, 30, 40, 50, 60, 70, 80)  # percent
_EDGES = (0.0, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0)
_INTERVAL = "95 %, bootstrap over packages"


def rows_of(
    records: Sequence[SureRecord], seed: int, params: Mapping[str, Parameter]
) -> tuple[Row, ...]:
    """Return rows for each kind and for all: how many are right, and how well that is foreseen."""
    groups = [(kind, [each for each in records if each.kind == kind]) for kind in KINDS]
    named = [*groups, (ALL, list(records))]
    tables = (_Table(kind, own, seed, params) for kind, own in named if own)
    return tuple(chain.from_iterable(table.rows() for table in tables))


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of one kind."""

    kind: str
    records: Sequence[SureRecord]
    seed: int
    params: Mapping[str, Parameter]

    def rows(self) -> Iterator[Row]:
        draws = Resamples([each.package for each in self.records], self.seed)
        offered = np.array([each.is_offered for each in self.records], dtype=np.float64)
        yield self._row("suggested", "offered", draws.mean(offered), len(self.records))
        shown = [each for each in self.records if each.is_offered]
        if shown:
            yield from self._foreseen(shown)

    def _foreseen(self, shown: Sequence[SureRecord]) -> Iterator[Row]:
        draws = Resamples([each.package for each in shown], self.seed)
        right = np.array([each.is_right for each in shown], dtype=np.float64)
        similarity = np.array([each.similarity for each in shown])
        yield self._row("suggested", "right", draws.mean(right), len(shown))
        yield self._row("suggested", "es", draws.mean(similarity), len(shown))
        arms = _chances(shown, right)
        for arm, chances in arms.items():
            brier = draws.mean((chances - right) ** 2)
            yield self._row(arm, "brier", brier, len(shown), unit="mean squared error")
            yield self._row(arm, "bias", draws.mean(chances - right), len(shown))
        yield from self._reliability(arms, right, draws)
        yield from self._thresholds(arms[SHIPPED], right, draws)

    def _reliability(
        self, arms: Mapping[str, Values], right: Values, draws: Resamples
    ) -> Iterator[Row]:
        """Yield how many are right among those that are called about as likely."""
        for arm in (MODEL, SHIPPED):
            chances = arms[arm]
            for low, high in pairwise(_EDGES):
                inside = ((chances >= low) & ((chances < high) | (high == 1.0))).astype(np.float64)
                if inside.any():
                    told = {"from": low, "to": high, "said": float(chances[inside > 0].mean())}
                    estimate = draws.ratio(right * inside, inside)
                    yield self._row(arm, "reliability", estimate, int(inside.sum()), told=told)

    def _thresholds(self, chances: Values, right: Values, draws: Resamples) -> Iterator[Row]:
        """Yield what a threshold keeps back, and what it costs."""
        for percent in THRESHOLDS:
            shown = (chances * 100 >= percent).astype(np.float64)
            arm, num_cases = f"{SHIPPED}@{percent}", len(right)
            yield self._row(arm, "shown", draws.mean(shown), num_cases)
            yield self._row(arm, "right", draws.ratio(right * shown, shown), int(shown.sum()))
            yield self._row(arm, "kept", draws.ratio(right * shown, right), int(right.sum()))

    def _row(
        self,
        arm: str,
        metric: str,
        estimate: Estimate,
        num_cases: int,
        *,
        unit: str = "share",
        told: Mapping[str, Parameter] | None = None,
    ) -> Row:
        params = {"interval": _INTERVAL, **self.params, **(told or {})}
        return Row(self.kind, arm, metric, *estimate, num_cases, unit, params)


def _chances(shown: Sequence[SureRecord], right: Values) -> dict[str, Values]:
    logprobs = np.array([each.logprob for each in shown])
    return {
        CONSTANT: np.full(len(shown), right.mean()),
        MODEL: np.exp(np.minimum(logprobs, 0.0)),
        FITTED: unseen_chances(shown),
        SHIPPED: chances_of(features_of(shown), WEIGHTS),
    }


def _title(row: Row) -> str | None:
    return None if row.metric == "reliability" else row.kind


STYLE = Style(
    arm_metrics=("offered", "right", "es", "brier", "bias", "shown", "kept"),
    pair_metrics=(),
    bold_arm=SHIPPED,
    reading=(
        "In brackets 95 % intervals, bootstrapped over packages. `right`: the first line is what"
        " the author wrote; `es`: edit similarity of the two. `brier`: mean squared error of the"
        " chance that is said, smaller is better; `bias`: how much too high it is on the mean."
        " `shipped@20`: with a threshold of 20 %, `shown` is the share of suggestions that are"
        " shown, `right` the share of those that are right, `kept` the share of right ones that"
        " are shown."
    ),
    title=_title,
)

_COLOURS = {SHIPPED: "#0b6e4f", MODEL: "#e0a458"}

PLOTS: Mapping[str, Plot] = {
    "reliability": Plot(
        "share of suggestions that are right",
        lambda row: row.metric == "reliability" and row.kind == ALL,
        colours=_COLOURS,
        place=lambda row: f"{row.params['from']:.0%} to {row.params['to']:.0%}",
    ),
    "thresholds": Plot(
        "share of right suggestions that are shown",
        lambda row: row.metric == "kept" and row.kind == ALL,
        colours=_COLOURS,
        name=lambda row: row.arm.replace("@", ", threshold "),
        place=lambda _row: "",
    ),
}
