"""`warmline eval chunks`, from a package to a report, on a tiny model."""

import json
from pathlib import Path

import pytest

from evaluation.corpus.fetching import Corpus
from evaluation.fidelity.case import CHUNK_KINDS
from evaluation.fidelity.chunk_arms import CHUNK_ARMS
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import SMALL, make_transformers_model, save_network
from tests.unit.evaluation.made_up_packages import made_up_package
from warmline.main import main
from warmline.suites import edit_corpus


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model, and made-up code instead of packages."""
    corpus = Corpus((made_up_package(),), ())
    monkeypatch.setattr(edit_corpus, "fetch_all", lambda *_: corpus)
    folder = tmp_path / "model"
    folder.mkdir()
    tokenizer = small_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    more = {"vocab_size": tokenizer.get_vocab_size(), "max_position_embeddings": 4096}
    return save_network(make_transformers_model("qwen2", SMALL | more), folder)


def _eval(model: Path, *arguments: str) -> int:
    call = ["eval", "chunks", *arguments, "--model", str(model), "--offline"]
    return main([*call, "--storage-type", "float32", "--threads", "1"])


def test_chunks_are_measured_and_compared_with_a_full_prefill(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--cases", "1", "--prompt-tokens", "2300", "--out", str(tmp_path / "out")]
    assert _eval(model, *options, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["command"] == "eval chunks"
    found = {(row["kind"], row["arm"], row["metric"]) for row in report["rows"]}
    assert {kind for kind, _, _ in found} == set(CHUNK_KINDS)
    for kind in CHUNK_KINDS:
        assert {(kind, arm, "agree") for arm in CHUNK_ARMS} <= found
        assert {(kind, "default-floor", "agree"), (kind, "default/full", "ms")} <= found
    assert "ms/full" in (tmp_path / "out" / "table.md").read_text("utf-8")


def test_a_kind_of_the_other_suite_is_a_wrong_call(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _eval(model, "--kinds", "related") == 2
    assert "chunk-swap, chunk-order, chunk-set" in capsys.readouterr().err
