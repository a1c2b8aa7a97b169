"""What a training came to, as rows of a report, a curve and its drawing."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from evaluation.intervals import Estimate, Resamples
from evaluation.report import Parameter, Row
from retrieval.training.figures import Pick, RoundFigures, best_round, curve
from retrieval.training.pools import PooledSample

CURVE_NAME, DRAWING_NAME = "curve.json", "curve.svg"
_UNIT = "nats"

Figure = Callable[[Pick, Pick], float]
"""From what the untrained and the trained ranker picked for one sample."""

ARMS: Mapping[str, Figure] = {
    "none": lambda _, trained: trained.none,
    "bm25": lambda _, trained: trained.lexical,
    "untrained": lambda untrained, _: untrained.chosen,
    "trained": lambda _, trained: trained.chosen,
    "trained-nostop": lambda _, trained: trained.best,
    "oracle": lambda _, trained: trained.oracle,
}
"""Each puts one chunk at most into the prompt."""
_PAIRS = (("trained", "none"), ("trained", "bm25"), ("trained", "untrained"))


def rows_of(
    rounds: Sequence[RoundFigures], samples: Sequence[PooledSample], seed: int
) -> tuple[Row, ...]:
    """Return the best round's figures on the held-out samples, beside those before any training.

    Intervals are over repositories. Samples whose kind is named have rows of their own.
    """
    if not rounds:
        return ()
    kinds = {each.sample.key: each.sample.kind.value for each in samples}
    repositories = {each.sample.key: each.sample.repository for each in samples}
    oracles = {pick.key: pick.oracle for pick in rounds[-1].picks}
    pairs = list(zip(rounds[0].picks, best_round(rounds).picks, strict=True))
    rows: list[Row] = []
    for kind in ("all", *dict.fromkeys(kinds[pick.key] for pick, _ in pairs)):
        chosen = [pair for pair in pairs if kind in ("all", kinds[pair[0].key])]
        resamples = Resamples([repositories[pick.key] for pick, _ in chosen], seed)
        rows += _rows(kind, chosen, oracles, resamples)
    return tuple(rows)


def save_curve(rounds: Sequence[RoundFigures], folder: Path) -> None:
    """Write the learning curve as JSON."""
    text = json.dumps(curve(rounds), indent=2)
    (folder / CURVE_NAME).write_text(text + "\n", encoding="utf-8")


def draw_curve(rounds: Sequence[RoundFigures], folder: Path) -> None:
    """Draw the learning curve; needs matplotlib."""
    from matplotlib.figure import Figure as Canvas  # noqa: PLC0415  (slow, may not be installed)

    entries = curve(rounds)
    numbers = [entry["round"] for entry in entries]
    canvas = Canvas(figsize=(8, 4.5), layout="constrained")
    losses, shares = canvas.subplots(1, 2)
    for name, label, colour in (
        ("none", "no chunk", "#888888"),
        ("lexical", "BM25's best chunk", "#5b6c9d"),
        ("without_stop", "the ranker's best chunk", "#e0a458"),
        ("chosen", "the same, or none where it stops", "#0b6e4f"),
        ("oracle", "best known", "#333333"),
    ):
        losses.plot(numbers, [entry[name] for entry in entries], "o-", label=label, color=colour)
    losses.set_ylabel("loss of the true line, held-out samples (nats)")
    for name, label, colour in (
        ("oracle_share", "share of the best known gain", "#0b6e4f"),
        ("stops_rightly", "stops, or does not, rightly", "#5b6c9d"),
        ("stops", "stops", "#b0b0b0"),
    ):
        shares.plot(numbers, [entry[name] for entry in entries], "o-", label=label, color=colour)
    for axes in (losses, shares):
        axes.set_xlabel("round")
        axes.set_xticks(numbers)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize="small")
    # Without a date, the same figures give the same file.
    canvas.savefig(folder / DRAWING_NAME, format="svg", metadata={"Date": None})


def _rows(
    kind: str,
    pairs: Sequence[tuple[Pick, Pick]],
    oracles: Mapping[str, float],
    resamples: Resamples,
) -> list[Row]:
    values = {arm: np.array([figure(*pair) for pair in pairs]) for arm, figure in ARMS.items()}
    values["oracle"] = np.array([oracles[pick.key] for _, pick in pairs])
    n = len(pairs)
    means = [(arm, values[arm]) for arm in ARMS]
    differences = [(f"{one}-{other}", values[one] - values[other]) for one, other in _PAIRS]
    rows = [
        _row(kind, arm, "weighted_nll", resamples.mean(each), n=n, unit=_UNIT)
        for arm, each in (*means, *differences)
    ]
    gain, possible = values["none"] - values["trained"], values["none"] - values["oracle"]
    rightly = np.array([float(pick.stops_rightly) for _, pick in pairs])
    return [
        *rows,
        _row(kind, "trained", "oracle_share", resamples.ratio(gain, possible), n=n, unit="share"),
        _row(kind, "trained", "stops_rightly", resamples.mean(rightly), n=n, unit="share"),
    ]


def _row(kind: str, arm: str, metric: str, estimate: Estimate, *, n: int, unit: str) -> Row:
    value, low, high = estimate
    params: dict[str, Parameter] = {"interval": "95 %", "over": "repositories"}
    return Row(kind, arm, metric, value, low, high, n, unit, params)
