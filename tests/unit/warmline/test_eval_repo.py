"""`warmline eval repo`: what is printed, what is kept, and which calls are wrong."""

import json
from pathlib import Path

import pytest

from evaluation.bench.plots import can_plot
from evaluation.corpus.catalogue import CorpusPackage
from evaluation.corpus.fetching import Corpus
from evaluation.corpus.splits import Split, split_of
from retrieval.model import RetrieverModel
from retrieval.model_file import save_model
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import SMALL, make_transformers_model, save_network
from tests.unit.engine.tiny_encoders import write_encoder
from tests.unit.evaluation.repo.little_packages import little_source
from warmline.main import main
from warmline.suites import repo_corpus, repo_tasks

METRICS = ("em", "es", "identifier_em", "nll", "chunks", "query_ms")
SHORT = ("--chunk-tokens", "80", "--before-tokens", "80", "--after-tokens", "20")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = small_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    configuration = SMALL | {"vocab_size": tokenizer.get_vocab_size()}
    return save_network(make_transformers_model("qwen2", configuration), folder)


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("retriever") / "small.safetensors"
    save_model(RetrieverModel.untrained(3, num_buckets=64, dimensions=8), path)
    return path


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[CorpusPackage, ...]]:
    """Two little packages, instead of those that were asked for."""
    asked: list[tuple[CorpusPackage, ...]] = []

    def fetch(packages: tuple[CorpusPackage, ...], _progress: object) -> Corpus:
        asked.append(packages)
        sources = (little_source(name="shop"), little_source(name="market"))
        return Corpus(sources, ("fair could not be had.",))

    monkeypatch.setattr(repo_corpus, "fetch_all", fetch)
    return asked


def _eval(model: Path, *arguments: str) -> int:
    call = ["eval", "repo", *SHORT, *arguments, "--model", str(model), "--offline"]
    return main([*call, "--storage-type", "float32", "--threads", "1"])


def test_tasks_are_measured_printed_and_kept(
    model: Path, retriever: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way on a tiny model; a second call measures nothing and says the same."""
    call = ["--cases", "1", "--kinds", "crossfile,local", "--oracle-share", "1", "--json"]
    call += ["--out", str(tmp_path), "--retriever", str(retriever)]
    assert _eval(model, *call) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["command"], report["notes"][1:]) == ("eval repo", ["fair could not be had."])
    assert "chunking natural, pool 100, most chunks 10, chunk tokens 80," in report["notes"][0]
    assert {row["params"]["before_tokens"] for row in report["rows"]} == {80}
    found = {
        (row["kind"], row["params"]["layout"], row["arm"], row["metric"]) for row in report["rows"]
    }
    for kind, layout in (("crossfile", "prefix"), ("local", "fill-in")):
        for arm in ("none", "bm25", "untrained", "trained", "trained-nostop", "oracle"):
            assert {(kind, layout, arm, metric) for metric in METRICS} <= found
        assert (kind, layout, "trained-bm25", "nll") in found
        assert (kind, layout, "trained-trained-nostop", "es") in found
        assert (kind, layout, "trained", "oracle_share") in found
    page = (tmp_path / "table.md").read_text("utf-8")
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == report
    assert "| crossfile, fill-in |" in page
    assert (tmp_path / "loss-over-bm25.svg").exists() == can_plot()
    journal = (tmp_path / "cases.jsonl").read_text("utf-8")
    assert _eval(model, *call) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == report["rows"]
    assert (tmp_path / "cases.jsonl").read_text("utf-8") == journal


def test_only_packages_of_the_split_are_asked_for(
    model: Path, asked: list[tuple[CorpusPackage, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["--cases", "1", "--kinds", "line", "--layouts", "prefix", "--arms", "bm25"]
    assert _eval(model, *call, "--split", "development") == 0
    assert _eval(model, *call) == 0
    assert "line, prefix" in capsys.readouterr().out
    splits = [{split_of(package.name) for package in packages} for packages in asked]
    assert splits == [{Split.DEVELOPMENT}, {Split.TEST}]


def test_a_text_encoder_has_arms_of_its_own(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = str(write_encoder(tmp_path / "tiny"))
    call = ["--cases", "1", "--kinds", "line", "--layouts", "prefix", "--json"]
    call += ["--arms", "bm25,untrained,transformer,transformer-features"]
    assert _eval(model, *call, "--encoder", encoder) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    arms = {row["arm"] for row in rows}
    assert {"transformer", "transformer-bm25", "transformer-features-untrained"} <= arms
    assert _eval(model, *call) == 2
    assert "there is no arm 'transformer'" in capsys.readouterr().err


def test_other_chunks_need_another_folder(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Figures of other cuts of the same files do not mix; without a retriever, a note says so."""
    monkeypatch.setattr(repo_tasks, "default_model", RetrieverModel.untrained)
    call = ["--cases", "1", "--kinds", "line", "--layouts", "prefix", "--out", str(tmp_path)]
    assert _eval(model, *call, "--arms", "bm25,trained") == 0
    said = capsys.readouterr().out
    assert "no trained retriever" in said.lower()
    assert _eval(model, *call, "--arms", "bm25,trained", "--chunking", "definitions") == 2
    assert "chunking" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kinds", "typo"], "there is no kind 'typo'"),
        (["--arms", "typo"], "there is no arm 'typo'"),
        (["--layouts", "typo"], "there is no layout 'typo'"),
        (["--retriever", "missing.safetensors"], "no retriever could be read"),
    ],
)
def test_wrong_calls(
    model: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert _eval(model, *arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("share", ["much", "1.5"])
def test_a_share_is_a_number_up_to_1(
    model: Path, capsys: pytest.CaptureFixture[str], share: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        _eval(model, "--oracle-share", share)
    assert "--oracle-share" in capsys.readouterr().err
