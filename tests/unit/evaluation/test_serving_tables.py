"""Figures of being served, as people read them."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from evaluation.bench.serving.plots import save_plots
from evaluation.bench.serving.tables import draw_table, markdown_table
from evaluation.report import Report, summarise, this_machine

ROWS = (
    summarise("start-server", "warmline", "initialize_ms", [90.0, 110.0], "ms"),
    summarise("memory", "warmline", "engine_rss_mb", [1509.4], "MB"),
    summarise("memory", "warmline", "engine_cache_mb", [47.19], "MB"),
    summarise("documents@1", "warmline", "update_ms", [5.0], "ms"),
    summarise("documents@2", "warmline", "update_ms", [4.0, 6.0], "ms"),
    summarise("refresh", "resting", "first_token_ms", [200.0], "ms"),
    summarise("refresh", "refreshing/resting", "first_token_ms", [1.1], "times"),
)
REPORT = Report("bench serve", "9.9", this_machine(), "a-model", 0, ROWS)


def test_each_figure_has_a_line_and_each_kind_is_named_once() -> None:
    page = markdown_table(REPORT)
    assert "| start-server | initialize_ms | 100 | 90 to 110 | 2 | ms |" in page
    assert "| memory | engine_rss_mb | 1,509 |  | 1 | MB |\n|  | engine_cache_mb | 47.2 |" in page

    assert "| refresh, resting | first_token_ms | 200 |  | 1 | ms |\n| refresh, refreshing" in page


def test_the_terminal_shows_the_same() -> None:
    shown = StringIO()
    Console(file=shown, width=120).print(draw_table(REPORT))
    assert all(text in shown.getvalue() for text in ("initialize_ms", "90 to 110", "1,509"))


def test_growth_is_drawn_where_there_is_some(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (plot,) = save_plots(REPORT, tmp_path)
    assert plot == tmp_path / "documents-update_ms.svg"
    assert "<svg" in plot.read_text(encoding="utf-8")
