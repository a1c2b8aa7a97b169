"""A small recording through a tiny model: nothing drifts, errors are seen, runs go on."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from evaluation.bench.audience import SilentAudience
from evaluation.errors import CannotMeasureError, OtherConditionsError, UnexpectedResultError
from evaluation.report import Report, Row
from evaluation.trace import replay
from evaluation.trace.model import TraceModel, tiny_model
from evaluation.trace.plan import TracePlan, plan_for
from evaluation.trace.plots import save_plots
from evaluation.trace.recording import Patch, Recording, Transaction, read_recording
from evaluation.trace.replay import PART, SAMPLE, TraceRecord
from evaluation.trace.run import TraceOptions, run_trace
from evaluation.trace.summary import rows_of
from tests.unit.completion.fakes import small_tokenizer
from warmline.main import main

TEXT = "".join(f"value_{number} = compute({number}, é)\n" for number in range(60))
NUM_EDITS = 40
PAUSE_EVERY = 5


def content() -> dict[str, Any]:
    """Insertions and deletions all over the text, a pause of a minute now and then."""
    generator = np.random.default_rng(1)
    text, transactions, at_s = TEXT, [], 0
    for number in range(1, NUM_EDITS + 1):
        start = int(generator.integers(0, len(text) - 5))
        patch = [start, int(generator.integers(0, 5)), "new()\n"[: int(generator.integers(1, 7))]]
        text = text[:start] + patch[2] + text[start + patch[1] :]
        minute, second = divmod(at_s, 60)
        time = f"2026-01-01T10:{minute:02d}:{second:02d}.000Z"
        transactions.append({"time": time, "patches": [patch]})
        at_s += 60 if number % PAUSE_EVERY == 0 else 1
    return {"startContent": TEXT, "endContent": text, "txns": transactions}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = small_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    size = {"model_type": "qwen2", "vocab_size": tokenizer.get_vocab_size()}
    (folder / "config.json").write_text(json.dumps(size))
    save_file({"unused": torch.zeros(1)}, folder / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> TraceModel:
    return tiny_model(folder, seed=0)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "typed.json.gz"
    path.write_bytes(gzip.compress(json.dumps(content()).encode()))
    return path


@pytest.fixture(scope="module")
def recording(file: Path) -> Recording:
    return read_recording(file)


def plan_of(recording: Recording, prompt_tokens: int = 300) -> TracePlan:
    return plan_for(recording, num_transactions=None, num_samples=50, prompt_tokens=prompt_tokens)


def played(
    recording: Recording, model: TraceModel, out: Path | None = None, prompt_tokens: int = 300
) -> Report:
    options = TraceOptions("1.0", seed=0, threads=1, folder=out)
    plan = plan_of(recording, prompt_tokens)
    return run_trace(recording, model, plan, options, SilentAudience())


@pytest.fixture(scope="module")
def report(recording: Recording, model: TraceModel) -> Report:
    return played(recording, model)


def row_of(report: Report, kind: str, arm: str, metric: str) -> Row:
    return next(
        row for row in report.rows if (row.kind, row.arm, row.metric) == (kind, arm, metric)
    )


def test_a_recording_is_read_as_it_was_written(recording: Recording) -> None:
    assert recording.name == "typed"
    assert len(recording.transactions) == NUM_EDITS
    first = content()["txns"][0]["patches"][0]
    assert recording.transactions[0].patches == (Patch(*first),)
    assert recording.pauses_s()[:6] == [1, 1, 1, 1, 60, 1]


@pytest.mark.parametrize("text", ["not JSON", "{}", '{"startContent": "", "endContent": ""}'])
def test_another_file_is_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(CannotMeasureError, match=r"other\.json is no recording"):
        read_recording(tmp_path / "other.json")


def test_pauses_are_where_nothing_happened(recording: Recording) -> None:
    plan = plan_of(recording)
    numbers = range(PAUSE_EVERY, NUM_EDITS, PAUSE_EVERY)
    assert plan.samples == frozenset(numbers)
    assert plan.refresh_tokens == dict.fromkeys(numbers, 58.5 * 500)
    assert plan.part_ends[-1] == NUM_EDITS


def test_samples_are_spread_over_the_trace_and_not_over_its_pauses() -> None:
    many_early = [Transaction(3.0 * number, ()) for number in range(100)]
    late = [Transaction(300.0 + (number // 450) * 10, ()) for number in range(900)]
    recording = Recording("uneven", "", "", (*many_early, *late))
    plan = plan_for(recording, num_transactions=None, num_samples=3, prompt_tokens=100)
    assert plan.samples == {1, 100, 550}


def test_without_a_refresh_there_is_an_error_and_after_one_there_is_none(report: Report) -> None:
    assert row_of(report, "trace", "default", "kl").value > 1e-4
    assert row_of(report, "trace", "refreshed", "kl").high < 1e-6
    assert row_of(report, "trace", "refreshed", "agree").value == 1.0
    assert row_of(report, "trace", "idle-refresh", "edits_since_exact").value == PAUSE_EVERY
    assert row_of(report, "trace", "default", "edits_since_exact").high > 2 * PAUSE_EVERY


def test_every_sync_but_the_first_is_timed(report: Report) -> None:
    for arm in ("default", "idle-refresh"):
        assert row_of(report, "trace", arm, "sync_ms").n == NUM_EDITS - 1
        assert row_of(report, "trace", arm, "sync_p99_ms").value > 0
    last = row_of(report, f"until@{NUM_EDITS}", "default", "cache_mb")
    assert last.value > 0
    assert last.params["last"] == NUM_EDITS
    assert row_of(report, "trace", "default", "cache_mb_growth").value == 0


def test_a_window_that_moves_drifts_no_more_than_a_whole_file(
    recording: Recording, model: TraceModel
) -> None:
    report = played(recording, model, prompt_tokens=64)
    assert row_of(report, f"until@{NUM_EDITS}", "default", "prompt_length").value < 80


def test_a_cache_with_other_tokens_ends_the_run(
    recording: Recording, model: TraceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(model: TraceModel, text: str) -> Any:
        return np.array(model.whole.encode(text).ids[:-1], dtype=np.int32)

    monkeypatch.setattr(TraceModel, "encode_whole", forgetful)
    with pytest.raises(UnexpectedResultError, match="fresh tokenisation gives"):
        played(recording, model)


def test_a_text_that_ends_otherwise_ends_the_run(recording: Recording, model: TraceModel) -> None:
    other = Recording("other", recording.start_text, "other", recording.transactions)
    with pytest.raises(UnexpectedResultError, match="not the one that the recording ends with"):
        played(other, model)


def test_a_run_that_goes_on_compares_nothing_again(
    recording: Recording, model: TraceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = played(recording, model, tmp_path)
    monkeypatch.setattr(replay, "recomputed", None)
    assert played(recording, model, tmp_path).rows == first.rows


def test_other_conditions_are_not_mixed(
    recording: Recording, model: TraceModel, tmp_path: Path
) -> None:
    played(recording, model, tmp_path)
    with pytest.raises(OtherConditionsError, match="prompt tokens"):
        played(recording, model, tmp_path, prompt_tokens=200)


def sample(number: int, kl: float) -> TraceRecord:
    values = {"kl": kl, "agree": float(kl < 15), "edits_since_exact": 1.0}
    return TraceRecord(f"s{number}", SAMPLE, "default", number, values)


@pytest.mark.parametrize(("direction", "expected"), [(1, 1.0), (-1, -1.0), (0, 0.0)])
def test_the_trend_is_that_of_the_error(direction: int, expected: float) -> None:
    samples = [sample(number, 20.0 + direction * number) for number in range(1, 20)]
    parts = [TraceRecord("p", PART, "default", 20, {}, [1.0, 2.0])]
    (trend,) = [row for row in rows_of([*parts, *samples], 0, {}) if row.metric == "kl_trend"]
    assert trend.value == pytest.approx(expected)
    assert trend.low <= trend.value + 1e-9


def test_errors_belong_to_the_part_they_happened_in() -> None:
    parts = [TraceRecord(f"p{end}", PART, "default", end, {}, [1.0]) for end in (10, 20)]
    rows = rows_of([*parts, sample(10, 1.0), sample(11, 2.0)], 0, {})
    kls = {row.kind: row.value for row in rows if row.metric == "kl"}
    assert kls == {"trace": 1.5, "until@10": 1.0, "until@20": 2.0}


def test_everything_is_drawn(report: Report, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plots = save_plots(report, tmp_path)
    assert {plot.name for plot in plots} == {"sync_ms.svg", "kl.svg", "agree.svg", "memory.svg"}
    assert all("<svg" in plot.read_text(encoding="utf-8") for plot in plots)


def test_the_command_plays_and_keeps(
    folder: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["eval", "trace", "--tiny", "--file", str(file), "--model", str(folder), "--offline"]
    assert main([*call, "--out", str(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["command"], report["model"]) == ("eval trace", "tiny-random")
    assert json.loads((tmp_path / "report.json").read_text()) == report
    assert "| trace | 2000 | idle-refresh |" in (tmp_path / "table.md").read_text()


def test_a_terminal_gets_what_counts(
    folder: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["eval", "trace", "--quick", "--file", str(file), "--model", str(folder), "--offline"]
    assert main(call) == 0
    shown = capsys.readouterr().out
    assert "trace, idle-refresh" in shown
    assert "until@" not in shown
    assert "both caches held the tokens" in " ".join(shown.split())


def test_without_data_the_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("WARMLINE_DATA", raising=False)
    assert main(["eval", "trace"]) == 2
    assert "--file" in capsys.readouterr().err
