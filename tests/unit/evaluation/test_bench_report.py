"""From measurements to rows, tables and plots."""

import re
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from evaluation.bench.journal import Measurement
from evaluation.bench.plots import can_plot, save_bars, save_curves
from evaluation.bench.summary import rows_of
from evaluation.bench.tables import draw_tables, figure, markdown_page
from evaluation.report import Parameter, Report, Row, this_machine

COMMON = {"threads": 2}


def _measurement(
    arm: str, repeat: int, update_ms: float, kind: str = "insert@10", **setup: Parameter
) -> Measurement:
    conditions = {"prompt_tokens": 8000}
    key = f"{kind} {arm} {repeat} {setup}"
    return Measurement(key, kind, arm, repeat, conditions, setup, {"update_ms": update_ms})


MEASUREMENTS = [
    *(_measurement("warmline", repeat, 10.0 * (repeat + 1)) for repeat in range(3)),
    *(_measurement("full", repeat, 1000.0) for repeat in range(2)),
    *(_measurement("llamacpp", repeat, 4000.0, weights="Q8_0") for repeat in range(3)),
    *(_measurement("llamacpp", repeat, 5000.0, weights="BF16") for repeat in range(3)),
]


@pytest.fixture
def report() -> Report:
    rows = rows_of(MEASUREMENTS, COMMON)
    return Report("bench edits", "1.0", this_machine(), "a-model", 0, rows, ("A note.",))


def _row(rows: tuple[Row, ...], arm: str, **params: Parameter) -> Row:
    (found,) = [r for r in rows if r.arm == arm and params.items() <= r.params.items()]
    return found


def test_each_way_of_an_arm_has_rows_of_its_own() -> None:
    rows = rows_of(MEASUREMENTS, COMMON)
    row = _row(rows, "warmline")
    assert (row.value, row.n, row.unit) == (20.0, 3, "ms")
    assert row.params == {"threads": 2, "prompt_tokens": 8000}
    assert _row(rows, "llamacpp", weights="Q8_0").value == 4000.0
    assert _row(rows, "llamacpp", weights="BF16").value == 5000.0


def test_ratios_are_of_repeats_done_by_both() -> None:
    """A pair shares its edit and its moment; medians of different repeats do not."""
    rows = rows_of(MEASUREMENTS, COMMON)
    ratio = _row(rows, "warmline/full")
    assert (ratio.value, ratio.n, ratio.unit) == (0.015, 2, "times")
    assert _row(rows, "warmline/llamacpp", weights="Q8_0").value == 0.005


def test_other_kinds_and_sizes_are_not_compared() -> None:
    other = _measurement("full", 0, 1.0, kind="insert@50")
    assert [row.arm for row in rows_of([MEASUREMENTS[0], other], COMMON)] == ["warmline", "full"]


def test_drafts_stay_told_apart_in_ratios() -> None:
    own = [_measurement("warmline", 0, 1.0, drafts=drafts) for drafts in (False, True)]
    rows = rows_of([*own, _measurement("transformers", 0, 2.0)], COMMON)
    assert [r.params["drafts"] for r in rows if "/" in r.arm] == [False, True]


@pytest.mark.parametrize("is_wide", [True, False])
def test_the_table_names_every_arm_and_note(report: Report, *, is_wide: bool) -> None:
    written = StringIO()
    Console(file=written, width=140 if is_wide else 80).print(draw_tables(report, is_wide=is_wide))
    text = written.getvalue()
    assert ("20.0 (15.0-25.0)" in text or "20.0 (10.0-30.0)" in text) == is_wide
    for word in ("insert@10", "warmline", "full", "llamacpp", "Q8_0", "update_ms", "A note."):
        assert word in text


def test_the_page_has_all_figures(report: Report) -> None:
    page = markdown_page(report)
    assert "| insert@10 | 8000 | llamacpp (Q8_0) | 4,000 (4,000-4,000) | 3 |" in page
    assert "| insert@10 | 8000 | warmline/full | 0.015 (0.01-0.02) | 2 |" in page
    assert "- A note." in page
    assert re.search(r"model: a-model; seed 0", page)


def test_no_line_hides_another(report: Report) -> None:
    """Whatever tells two arms apart in the rows tells them apart on the page."""
    told = [{}, {"decode_weights": "int4"}, {"drafts": True}, {"weights": "BF16"}]
    own = [_measurement("warmline", 0, 1.0 + place, **setup) for place, setup in enumerate(told)]
    page = markdown_page(replace(report, rows=rows_of(own, COMMON)))
    assert all(f"| {1 + place} | 1 |" in page for place in range(len(told)))


def test_lengths_are_in_order(report: Report) -> None:
    own = [
        replace(_measurement("warmline", 0, 1.0), key=str(size), conditions={"prompt_tokens": size})
        for size in (1000, 2000, 16000)
    ]
    page = markdown_page(replace(report, rows=rows_of(own, COMMON)))
    assert page.index("| 2000 |") < page.index("| 16000 |")


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12,346"), (45.67, "45.7"), (1.234, "1.23"), (0.0123, "0.0123")]
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert figure(value) == text


def test_plots_are_made(report: Report, tmp_path: Path) -> None:
    if not can_plot():
        pytest.skip("matplotlib is not installed: it comes with the extra `bench`")
    (bars,) = save_bars(report, tmp_path)
    (curves,) = save_curves(report, tmp_path)
    for path in (bars, curves):
        drawn = path.read_text(encoding="utf-8")
        assert "<svg" in drawn
        assert "cache update after the edit (ms)" in drawn  # axes have names and units
    assert bars.name == "update_ms-8000.svg"


def test_nothing_is_drawn_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert not can_plot()
