"""What was seen in a real editor, as rows of a report."""

from typing import Any

import pytest

from evaluation.bench.editors.figures import report_of, stages_of
from evaluation.bench.serving.tables import markdown_table

TIMINGS = {"sync_ms": 100.0, "first_token_ms": 130.0, "total_ms": 200.0, "search_ms": 0.0}


def keystroke(shift: float = 0.0, **other: Any) -> dict[str, Any]:
    times = {"key": 1000.0, "sent": 1050.0, "asked": 1060.0, "answered": 1270.0}
    seen = {**times, "ghost": 1300.0 + shift, "timings": TIMINGS}
    return {"kind": "first-key", "origin": "model", **seen, **other}


def measured(*keystrokes: dict[str, Any]) -> dict[str, Any]:
    starts = [{"before": False, "reason": "opened a python file", "ms": ms} for ms in (20, 30, 40)]
    conditions = {"version": "0.1.0", "model": "tiny", "is_quick": False, "settings": {}}
    return {**conditions, "keystrokes": keystrokes, "activations": starts}


def test_the_stages_add_up_to_the_time_from_the_key_to_ghost_text() -> None:
    stages = stages_of(keystroke())
    assert stages == {
        "editor": 50,
        "extension": 10,
        "model_cache": 100,
        "model_first_token": 30,
        "model_rest": 70,
        "server": 10,
        "way_back": 30,
    }
    assert sum(stages.values()) == 300


@pytest.mark.parametrize("origin", ["typed_along", "prepared"])
def test_an_answer_without_the_model_still_adds_up(origin: str) -> None:
    timings = dict.fromkeys(TIMINGS, 0.0)
    stages = stages_of(keystroke(origin=origin, timings=timings))
    assert sum(stages.values()) == 300
    assert stages["server"] == 210


def test_keys_without_a_suggestion_are_counted_and_not_timed() -> None:
    rows = report_of(measured(keystroke(), keystroke(100), {"kind": "first-key"})).rows
    figures = {row.metric: row for row in rows if row.kind == "first-key"}
    assert figures["keys_with_suggestion"].value == pytest.approx(2 / 3)
    assert figures["key_to_ghost_ms"].value == 350
    assert figures["key_to_ghost_ms"].n == 2


def test_the_time_of_activation_is_the_median_of_all_starts() -> None:
    report = report_of(measured(keystroke()))
    figures = {row.metric: row.value for row in report.rows if row.kind == "activation"}
    assert figures == {"activation_ms": 30, "before_a_supported_file": 0}
    assert "activation_ms | 30 |" in markdown_table(report)
