"""Lines, intervals, rows, tables and plots."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from evaluation.bench.plots import can_plot
from evaluation.comparison.plots import save_plots
from evaluation.comparison.tables import draw_tables, markdown_page
from evaluation.decoding.lines import edit_similarity, is_same_line
from evaluation.fidelity.measure import CaseRecord
from evaluation.fidelity.plots import PLOTS
from evaluation.fidelity.summary import rows_of
from evaluation.fidelity.tables import STYLE
from evaluation.intervals import Resamples
from evaluation.report import Report, Row, this_machine

METRICS = ("em", "es", "agree", "kl", "nll", "nll_per_token", "encoded_tokens", "ms")
NLL = {"full": 1.0, "floor": 1.0, "ignore": 3.0, "rotate": 2.0, "default": 1.1}
KL = {"full": 0.0, "floor": 0.001, "ignore": 0.5, "rotate": 0.01, "default": 0.002}


def record(index: int, kind: str = "related", tokens: int = 1024, **nll: float) -> CaseRecord:
    figures = {
        arm: dict.fromkeys(METRICS, 1.0) | {"nll": value, "kl": KL[arm]}
        for arm, value in (NLL | nll).items()
    }
    return CaseRecord(
        key=f"{kind} {tokens} {index}",
        kind=kind,
        package=f"package {index % 4}",
        language="python",
        layout="prefix",
        asked_tokens=tokens,
        prompt_tokens=tokens - 3,
        truth_tokens=7,
        num_states=2,
        seconds=1.5,
        arms=figures,
    )


RECORDS = [record(index) for index in range(12)]


def row_of(rows: tuple[Row, ...], arm: str, metric: str, **params: int) -> Row:
    (found,) = [
        row
        for row in rows
        if (row.arm, row.metric) == (arm, metric)
        and row.params.get("prompt_tokens") == params.get("prompt_tokens")
    ]
    return found


@pytest.mark.parametrize(
    ("line", "truth", "expected"),
    [
        ("return x", "return x", 1.0),
        ("return x  ", "return x", 1.0),
        ("", "", 1.0),
        ("", "abc", 0.0),
        ("abc", "", 0.0),
        ("abcd", "abXd", 0.75),
        ("kitten", "sitting", 2 * 4 / 13),
    ],
)
def test_edit_similarity(line: str, truth: str, expected: float) -> None:
    assert edit_similarity(line, truth) == pytest.approx(expected)
    assert edit_similarity(truth, line) == pytest.approx(expected)


def test_white_space_counts_at_the_start_of_a_line_only() -> None:
    assert is_same_line("    return x \t", "    return x")
    assert not is_same_line("return x", "    return x")


def test_packages_are_drawn_and_not_cases() -> None:
    """Cases of one package that are all alike tell no more than one of them."""
    values = np.repeat([0.0, 1.0, 1.0, 0.0, 1.0, 0.0], 50)
    packages = [f"p{index}" for index in range(6) for _ in range(50)]
    clustered = Resamples(packages, seed=0).mean(values)
    as_if_apart = Resamples([str(index) for index in range(300)], seed=0).mean(values)
    assert clustered.value == as_if_apart.value == 0.5
    assert clustered.high - clustered.low > 5 * (as_if_apart.high - as_if_apart.low)
    assert clustered.low < 0.2
    assert clustered.high > 0.8


def test_intervals_are_those_of_plain_resampling() -> None:
    """The quick way by weights gives what drawing and counting gives."""
    generator = np.random.default_rng(3)
    packages = generator.integers(0, 8, 60)
    values, others = generator.normal(2.0, 1.0, 60), generator.normal(5.0, 1.0, 60)
    figures: dict[str, list[float]] = {"mean": [], "median": [], "ratio": []}
    for _ in range(2000):
        drawn = generator.choice(np.unique(packages), len(np.unique(packages)))
        index = np.concatenate([np.flatnonzero(packages == package) for package in drawn])
        figures["mean"].append(values[index].mean())
        figures["median"].append(float(np.median(values[index])))
        figures["ratio"].append(values[index].sum() / others[index].sum())
    resamples = Resamples([str(package) for package in packages], seed=1)
    for name, estimate in (
        ("mean", resamples.mean(values)),
        ("median", resamples.median(values)),
        ("ratio", resamples.ratio(values, others)),
    ):
        expected = np.percentile(figures[name], (2.5, 97.5))
        tolerance = 0.15 * (expected[1] - expected[0])
        assert estimate[1:] == pytest.approx(expected, abs=tolerance), name
    assert resamples.median(values).value == pytest.approx(np.median(values))


def test_what_cannot_be_divided_has_no_interval() -> None:
    estimate = Resamples(["a", "b"], seed=0).ratio(np.ones(2), np.zeros(2))
    assert np.isnan(estimate).all()


def test_recovered_is_between_ignoring_and_reading() -> None:
    rows = rows_of(RECORDS, seed=0)
    assert row_of(rows, "rotate", "recovered").value == pytest.approx(0.5)
    assert row_of(rows, "default", "recovered").value == pytest.approx(0.95)
    assert row_of(rows, "floor", "recovered").value == pytest.approx(1.0)
    assert not [row for row in rows if row.metric == "recovered" and row.arm in ("full", "ignore")]


def test_recovered_is_of_sums_and_not_a_mean_of_ratios() -> None:
    """A case in which the edit hardly matters has hardly a say."""
    cases = [record(0), record(1, ignore=1.001, rotate=2.001)]
    rows = rows_of(cases, seed=0)
    assert row_of(rows, "rotate", "recovered").value == pytest.approx((1.0 - 1.0) / 2.001)


def test_pairs_are_compared_case_by_case() -> None:
    rows = rows_of([record(index, default=1.0 + index, full=index) for index in range(6)], seed=0)
    difference = row_of(rows, "default-full", "nll")
    assert (difference.value, difference.low, difference.high) == (1.0, 1.0, 1.0)
    assert (difference.n, difference.params["packages"]) == (6, 4)
    assert row_of(rows, "default/floor", "kl").value == pytest.approx(2.0)


def test_an_arm_without_an_answer_is_compared_where_it_has_one() -> None:
    arms = {name: figures for name, figures in RECORDS[0].arms.items() if name != "rotate"}
    rows = rows_of([replace(RECORDS[0], arms=arms), *RECORDS[1:]], seed=0)
    assert row_of(rows, "rotate", "nll").n == 11
    assert row_of(rows, "rotate-floor", "agree").n == 11
    assert row_of(rows, "default", "nll").n == 12


def test_each_length_has_rows_of_its_own_beside_all_together() -> None:
    rows = rows_of([*RECORDS, *(record(index, tokens=4096) for index in range(3))], seed=0)
    assert row_of(rows, "default", "nll").n == 15
    assert row_of(rows, "default", "nll", prompt_tokens=4096).n == 3
    assert not [row for row in rows_of(RECORDS, seed=0) if "prompt_tokens" in row.params]


def test_tables_and_plots_show_every_arm_and_pair(tmp_path: Path) -> None:
    rows = rows_of([*RECORDS, *(record(index, "typing") for index in range(3))], seed=0)
    report = Report("eval edits", "1.0", this_machine(), "a-model", 0, rows, ("A note.",))
    page = markdown_page(report, STYLE)
    assert "A note." in page
    assert "| default | 0.95 (0.95 to 0.95) |" in page
    assert page.count("| related |") == page.count("| typing |") == 2
    assert "| related | agree-floor | kl/floor | ms/full | nll-full |" in page
    assert "| default | 0 (0 to 0) | 2 (2 to 2) | 1 (1 to 1) | 0.1 (0.1 to 0.1) |" in page
    screen = StringIO()
    Console(file=screen, width=200).print(draw_tables(report, STYLE, is_wide=True))
    assert "kl/floor" in screen.getvalue()
    if can_plot():
        names = [path.name for path in save_plots(PLOTS, report, tmp_path)]
        assert names == ["recovered.svg", "kl.svg", "agreement.svg"]
