"""What a soak and a load come to: rows, and sentences about them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from evaluation.bench.endurance.load import KIND, load_rows, on_the_whole
from evaluation.bench.endurance.plan import LoadPlan, SoakPlan
from evaluation.bench.endurance.plots import save_load_plots, save_soak_plots
from evaluation.bench.endurance.recorded_typist import Answer, Handled, Outcome
from evaluation.bench.endurance.records import kept_in
from evaluation.bench.endurance.samples import Sample
from evaluation.bench.endurance.session import Seen
from evaluation.bench.endurance.soak import Soaked, soaked
from evaluation.errors import OtherConditionsError
from evaluation.report import Report, Row, this_machine

HANDLED = [Handled(0.0, 2.0)]


def sample(at_s: float, own_mb: float = 300.0, num_jobs: int = 1) -> Sample:
    return Sample(
        at_s,
        server_mb=100.0,
        analysers_mb=0.0,
        engine_mb=own_mb + 500,
        engine_anonymous_mb=own_mb + 40,
        caches_mb=40.0,
        num_caches=1,
        num_jobs=num_jobs,
        num_asking=0,
        server_files=10,
        engine_files=9,
    )


def answer(total_ms: float = 90.0, outcome: Outcome = Outcome.SHOWN) -> Answer:
    if outcome is Outcome.OVERTAKEN:
        return Answer(1.0, outcome, 50.0)
    return Answer(1.0, outcome, total_ms + 1, "model", "", 30.0, total_ms, total_ms - 50)


def soak_of(samples: list[Sample], problem: str = "") -> Soaked:
    requests = [
        *(answer(90.0) for _ in range(3)),
        answer(outcome=Outcome.OVERTAKEN),
        Answer(2.0, Outcome.EMPTY, 3.0, reason="nothing-to-say"),
    ]
    seen = Seen([requests], [HANDLED], samples, num_keys=7, duration_s=3600, problem=problem)
    return soaked(seen, SoakPlan(3600), ["The engine was restarted."])


def value(rows: Sequence[Row], kind: str, arm: str, metric: str) -> float:
    return next(r.value for r in rows if (r.kind, r.arm, r.metric) == (kind, arm, metric))


def test_requests_are_counted_by_how_they_ended() -> None:
    rows = soak_of([sample(0)]).rows
    counts = {row.metric: row.value for row in rows if row.kind == "answers"}
    assert (counts["asked"], counts["shown"], counts["overtaken"]) == (5, 3, 1)
    assert (counts["empty"], counts["empty: nothing-to-say"], counts["failed"]) == (1, 1, 0)
    assert counts["shown: model"] == 3
    assert counts["answered"] == pytest.approx(4 / 5)
    assert value(rows, "typing", "warmline", "total_p99_ms") == 90
    assert value(rows, "typing", "warmline", "waited_ms") == 40
    assert value(rows, "typing", "warmline", "edit_ms") == 2


def test_a_leak_is_called_one_and_steady_memory_is_not() -> None:
    hour = range(0, 3600, 60)
    leaking = soak_of([sample(at_s, 300 + at_s / 36) for at_s in hour])
    assert value(leaking.rows, "memory", "engine over caches", "growth_an_hour") == pytest.approx(
        100
    )
    assert any(note.startswith("engine over caches: GROWS, +100 MB/h") for note in leaking.notes)
    steady = soak_of([sample(at_s) for at_s in hour])
    assert not any("GROWS" in note for note in steady.notes)
    assert any(note.startswith("engine over caches: no growth") for note in steady.notes)


def test_what_is_used_for_the_first_time_is_no_leak() -> None:
    warming = [sample(at_s, 300 + min(at_s, 600)) for at_s in range(0, 3600, 60)]
    assert not any("GROWS" in note for note in soak_of(warming).notes)


def test_a_growing_queue_is_told() -> None:
    growing = soak_of([sample(at_s, num_jobs=at_s // 60) for at_s in range(0, 3600, 60)])
    assert value(growing.rows, "queue", "engine", "largest") == 59
    assert any(note.startswith("engine, queue: GROWS") for note in growing.notes)


def test_what_broke_is_told_first_and_what_was_shown_last() -> None:
    broken = soak_of([sample(0)], problem="the server has ended")
    assert not broken.is_whole
    assert broken.notes[0] == "It ended after 60.0 minutes, because the server has ended."
    assert broken.notes[-1] == "The editor was to show: The engine was restarted."
    assert soak_of([]).is_whole


def load_of(*totals_ms: float) -> list[Row]:
    windows = [[answer(total_ms)] for total_ms in totals_ms]
    seen = Seen(windows, [HANDLED for _ in windows], [sample(0), sample(1, num_jobs=4)])
    return load_rows(seen, LoadPlan((len(windows),), 60))


def test_windows_are_compared() -> None:
    rows = load_of(100, 100, 100, 300)
    kind = f"{KIND}4"
    assert value(rows, kind, "window 4", "total_ms") == 300
    assert value(rows, kind, "warmline", "total_ms") == 100
    assert value(rows, kind, "warmline", "total_worst") == 3
    assert value(rows, kind, "warmline", "total_alike") == pytest.approx(600**2 / (4 * 120_000))
    assert value(rows, kind, "warmline", "answered_alike") == 1
    assert value(rows, kind, "warmline", "queue_largest") == 4


def test_a_window_that_gets_nothing_is_not_hidden() -> None:
    nothing = [answer(outcome=Outcome.OVERTAKEN)]
    seen = Seen([[answer()], nothing], [HANDLED, HANDLED])
    rows = load_rows(seen, LoadPlan((2,), 60))
    assert value(rows, f"{KIND}2", "warmline", "answered_least") == 0
    assert value(rows, f"{KIND}2", "warmline", "answered_alike") == pytest.approx(1 / 2)


def test_the_terminal_leaves_single_windows_out() -> None:
    report = Report("bench load", "9", this_machine(), "m", 0, tuple(load_of(1, 2)))
    assert {row.arm for row in on_the_whole(report).rows} == {"warmline"}


def test_a_run_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "out" / "soak.jsonl"
    with kept_in(path) as tell:
        tell(0, sample(0))
        assert '"what": "sample"' in path.read_text("utf-8")  # at once, whatever comes
        tell(0, answer())
    assert len(path.read_text("utf-8").splitlines()) == 2
    with pytest.raises(OtherConditionsError, match="name another folder"), kept_in(path):
        pass


def test_plots_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    report = Report("bench load", "9", this_machine(), "m", 0, (*load_of(1), *load_of(1, 2)))
    made = [
        *save_soak_plots([sample(0), sample(60)], tmp_path),
        *save_load_plots(report, tmp_path),
    ]
    assert [path.name for path in made] == ["soak-memory.svg", "soak-queue.svg", "load-total.svg"]
    assert all("<svg" in path.read_text("utf-8") for path in made)
