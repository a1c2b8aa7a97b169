"""`warmline train-retriever`: the whole way on a tiny model, and which calls are wrong."""

import json
from pathlib import Path

import pytest

from retrieval.model_file import load_model
from retrieval.training.reward_cache import CachedRewards
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import SMALL, make_transformers_model, save_network
from tests.unit.retrieval.teaching import small_repository
from warmline.main import main


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = small_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    configuration = SMALL | {"vocab_size": tokenizer.get_vocab_size()}
    return save_network(make_transformers_model("qwen2", configuration), folder)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Several files of both purposes, and one that nobody may read."""
    monkeypatch.setenv("WARMLINE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "geometry"
    texts = small_repository().texts
    for index in range(8):
        (folder / f"use{index}").mkdir(parents=True)
        (folder / f"use{index}" / "measure.py").write_text(texts["use/measure.py"])
    (folder / "shapes.py").write_text(texts["shapes.py"])
    (folder / ".env").write_text("PASSWORD=unspeakable\n" * 20)
    return folder


def train(model: Path, repository: Path, out: Path, *more: str) -> int:
    call = ["train-retriever", str(repository), "--out", str(out), "--model", str(model)]
    sizes = ["--samples", "6", "--held-out", "3", "--rounds", "2", "--candidates", "3"]
    exact = ["--offline", "--storage-type", "float32", "--threads", "1"]
    return main([*call, *sizes, *exact, *more])


def test_one_command_leaves_a_retriever_and_what_it_is(
    model: Path, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert train(model, repository, out, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["command"] == "train-retriever"
    found = {(row["kind"], row["arm"], row["metric"]) for row in report["rows"]}
    for arm in ("none", "bm25", "untrained", "trained", "trained-nostop", "oracle"):
        assert ("all", arm, "weighted_nll") in found
    assert ("all", "trained-bm25", "weighted_nll") in found
    assert report["retriever"] == str(out / "retriever.safetensors")
    kept = load_model(out / "retriever.safetensors")
    assert kept.training == {} or kept.training["sources"] == ["the folder geometry"]
    card = (out / "MODEL_CARD.md").read_text("utf-8")
    assert "| the folder geometry | the owner's | training |" in card
    curve = json.loads((out / "curve.json").read_text("utf-8"))
    assert [entry["round"] for entry in curve] == [0, 1, 2]
    assert "unspeakable" not in (out / "samples.jsonl").read_text("utf-8")


def test_the_same_call_again_asks_nothing_and_says_the_same(
    model: Path,
    repository: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert train(model, repository, tmp_path / "out", "--json") == 0
    first = json.loads(capsys.readouterr().out)

    def refuse(*_: object) -> None:
        raise AssertionError("a finished training asks nothing")

    monkeypatch.setattr(CachedRewards, "losses", refuse)
    assert train(model, repository, tmp_path / "out", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == first["rows"]


def test_another_call_needs_another_folder(
    model: Path, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(model, repository, tmp_path / "out") == 0
    assert train(model, repository, tmp_path / "out", "--seed", "1") == 2
    assert "name another folder" in capsys.readouterr().err


def test_ctrl_c_leaves_what_there_is(
    model: Path,
    repository: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = tmp_path / "whole"
    assert train(model, repository, whole) == 0
    asked = CachedRewards.losses
    calls = iter(range(5))

    def interrupted(self: CachedRewards, *rest: object) -> tuple[float, ...]:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return asked(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(CachedRewards, "losses", interrupted)
    capsys.readouterr()
    assert train(model, repository, tmp_path / "out") == 130
    assert "the same call goes on" in capsys.readouterr().out
    monkeypatch.setattr(CachedRewards, "losses", asked)
    assert train(model, repository, tmp_path / "out") == 0
    one, other = (
        load_model(folder / "retriever.safetensors") for folder in (whole, tmp_path / "out")
    )
    assert one.identity == other.identity


@pytest.mark.parametrize(
    "arguments", [[], ["--corpus", "somewhere"], ["somewhere", "--minutes", "31"]]
)
def test_wrong_calls_are_told_apart(arguments: list[str]) -> None:
    try:
        code = main(["train-retriever", *arguments])
    except SystemExit as end:
        code = int(str(end.code))
    assert code == 2


def test_a_folder_with_nothing_to_learn_from_is_a_sentence(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert train(model, tmp_path / "empty", tmp_path / "out") == 1
    assert "there is no training sample" in capsys.readouterr().err
    assert train(model, tmp_path / "missing", tmp_path / "out") == 1
    assert "is not a folder" in capsys.readouterr().err
