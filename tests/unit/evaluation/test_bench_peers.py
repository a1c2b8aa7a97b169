"""Peers that are not there, their weights, and how the best of their ways is found."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from completion.families import LEFT_TO_RIGHT
from completion.layout import Layout
from completion.tokenization import Tokenization
from engine.weights.catalogue import CATALOGUE
from engine.weights.model_folder import Origin, write_origin
from engine.weights.progress import ignore_progress
from evaluation.bench import peers, run
from evaluation.bench.audience import SilentAudience
from evaluation.bench.calibration import DECODE, PREFILL, Effort, best, calibrate
from evaluation.bench.contestants import default_server, llama_candidates
from evaluation.bench.journal import Journal, Measurement
from evaluation.bench.peer_weights import WeightFile, find_source
from evaluation.bench.plan import Contestant, Task
from evaluation.bench.run import RunOptions, open_run
from evaluation.bench.runner import Runner
from evaluation.bench.subject import Subject, load_subject
from evaluation.errors import CannotMeasureError
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.evaluation.bench_fakes import PROMPT

FILES = [WeightFile(Path(f"{name}.gguf"), name) for name in ("Q4_K_M", "BF16")]
EFFORT = Effort(read_tokens=4, written_tokens=4, budget_s=60.0)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    small_tokenizer().save(str(tmp_path / "tokenizer.json"))
    configuration = {"vocab_size": 500, "max_position_embeddings": 4096}
    (tmp_path / "config.json").write_text(json.dumps(configuration))
    return tmp_path


@pytest.fixture
def subject(model: Path) -> Subject:
    return load_subject("a-model", model, threads=3)


class CalibrationDouble(Runner):
    """Puts speeds into the journal without running anybody."""

    def __init__(self, journal: Journal, speeds: Mapping[tuple[str, bool], float]) -> None:
        self.asked: list[tuple[str, bool]] = []
        self._kept = journal
        self._speeds = speeds

    async def run(self, tasks: Sequence[Task], *, measures_memory: bool = False) -> None:
        assert not measures_memory  # of prompts so short
        for task in tasks:
            way = _way(task.contestant)
            self.asked.append(way)
            if way in self._speeds:
                speed = self._speeds[way]
                self._kept.add(_measurement(task, {PREFILL: speed, DECODE: 100 - speed}))


def _way(contestant: Contestant) -> tuple[str, bool]:
    return str(contestant.params["weights"]), bool(contestant.params["flash_attention"])


def _measurement(task: Task, values: Mapping[str, float]) -> Measurement:
    return Measurement(task.key, task.kind, task.contestant.arm, 0, {}, {}, values)


def test_a_peer_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(peers.PACKAGES, "llamacpp", "no-such-package")
    arms = ("warmline", "llamacpp", "transformers")
    assert peers.present_arms(arms) == ("warmline", "transformers")
    absent, present = peers.peer_notes(arms)
    assert absent.startswith("llamacpp is not measured: no-such-package is not installed")
    assert "make bench-peers" in absent
    assert present.startswith("transformers: transformers 5.")


async def test_a_run_without_peers_is_a_run(
    monkeypatch: pytest.MonkeyPatch, subject: Subject
) -> None:
    for arm in peers.PACKAGES:
        monkeypatch.setitem(peers.PACKAGES, arm, "no-such-package")
    options = RunOptions("bench edits", "1.0")
    async with open_run(subject, options, SilentAudience()) as opened:
        present = opened.present(("warmline", "llamacpp", "llama-server"))
        assert present == ("warmline",)
        assert opened.llama_files(present) == []
    report = opened.report()
    assert sum("is not installed" in note for note in report.notes) == 2


async def test_weights_nobody_knows_cost_the_peers_and_no_more(
    monkeypatch: pytest.MonkeyPatch, subject: Subject
) -> None:
    def fail(*_: object, **__: object) -> WeightFile:
        raise CannotMeasureError("no GGUF file is known")

    monkeypatch.setattr(run, "find_source", fail)
    async with open_run(subject, RunOptions("c", "1.0"), SilentAudience()) as opened:
        assert opened.llama_files(("warmline", "llamacpp")) == []
    assert "llama.cpp is not measured: no GGUF file is known" in opened.report().notes


async def test_the_best_is_found_by_speed_for_each_work(subject: Subject) -> None:
    """Without flash attention only the weights that were best with it are tried."""
    journal = Journal(None, {})
    speeds = {("Q4_K_M", True): 20.0, ("BF16", True): 30.0, ("BF16", False): 40.0}
    runner = CalibrationDouble(journal, speeds)
    candidates = llama_candidates(subject, "llamacpp", FILES, 1000)
    picks = await calibrate(runner, journal, candidates, PROMPT, EFFORT)
    assert runner.asked[:2] == [("Q4_K_M", True), ("BF16", True)]
    assert sorted(runner.asked[2:]) == [("BF16", False), ("Q4_K_M", False)]
    assert _way(picks[PREFILL]) == ("BF16", False)
    assert _way(picks[DECODE]) == ("Q4_K_M", True)


async def test_a_calibration_keeps_to_its_time(subject: Subject) -> None:
    journal = Journal(None, {})
    runner = CalibrationDouble(journal, {})
    candidates = llama_candidates(subject, "llamacpp", FILES, 1000)
    effort = replace(EFFORT, budget_s=-1.0)
    assert await calibrate(runner, journal, candidates, PROMPT, effort) == {}
    assert runner.asked == []


async def test_a_thorough_calibration_tries_everything(subject: Subject) -> None:
    journal = Journal(None, {})
    runner = CalibrationDouble(journal, {("BF16", True): 1.0})
    candidates = llama_candidates(subject, "llamacpp", FILES, 1000)
    await calibrate(runner, journal, candidates, PROMPT, replace(EFFORT, budget_s=None))
    assert len(runner.asked) == 4


def test_nothing_is_best_of_nothing() -> None:
    assert best(Journal(None, {}), []) == {}


def test_the_server_gets_batches_as_long_as_the_prompt(subject: Subject) -> None:
    """With shorter ones `/infill` cuts prompts."""
    tuned = llama_candidates(subject, "llama-server", FILES[:1], 8100)
    assert {each.options.context_tokens for each in tuned} == {8192}
    assert {each.options.batch_tokens for each in tuned} == {8192}
    assert {each.options.reuse_tokens for each in tuned} == {256}
    plain = default_server(subject, FILES[0], 8100)
    assert (plain.options.batch_tokens, plain.options.reuse_tokens) == (None, 0)
    assert plain.options.flash_attention is None
    assert len({each.label for each in (*tuned, plain)}) == 3


def test_a_model_knows_its_limits(subject: Subject, model: Path) -> None:
    assert (subject.context_tokens, subject.threads) == (4096, 3)
    assert subject.layout.family.fills_in_the_middle
    subject.require_context(4096)
    with pytest.raises(CannotMeasureError, match="at most 4096 tokens and 4097 are needed"):
        subject.require_context(4097)
    assert load_subject("a-model", model, threads=0).threads >= 1
    assert not Layout(LEFT_TO_RIGHT, Tokenization.load(model)).family.fills_in_the_middle


def test_weights_of_a_folder_are_found_by_where_it_came_from(
    model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WARMLINE_CACHE", str(tmp_path))
    entry = CATALOGUE[0]
    with pytest.raises(CannotMeasureError, match="--gguf"):
        find_source(str(model), model, ignore_progress, offline=True)
    write_origin(model, Origin(entry.name, "s", "hub", entry.sha256, "2026-01-01"))
    kept = tmp_path / "bench" / entry.name / "model.gguf"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(_gguf_header(file_type=15))
    found = find_source(str(model), model, ignore_progress, offline=True)
    assert found == WeightFile(kept, "Q4_K_M")


def _gguf_header(file_type: int) -> bytes:
    """Return a GGUF file without weights that says which type they would have."""
    name = b"general.file_type"
    field = len(name).to_bytes(8, "little") + name + (4).to_bytes(4, "little")
    head = b"GGUF" + (3).to_bytes(4, "little") + (0).to_bytes(8, "little")
    return head + (1).to_bytes(8, "little") + field + file_type.to_bytes(4, "little") + bytes(64)
