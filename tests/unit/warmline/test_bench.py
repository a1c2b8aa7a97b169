"""`warmline bench`: what is printed, what is kept, and which calls are wrong."""

import json
from pathlib import Path
from types import ModuleType

import pytest

from evaluation.bench.chunk_sets import CHUNK_KINDS
from evaluation.bench.plan import ALL_ARMS, Group
from evaluation.bench.run import Run
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import SMALL, make_transformers_model, save_network
from warmline.benchmarks import decode, edits
from warmline.main import main


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = small_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    configuration = SMALL | {
        "vocab_size": tokenizer.get_vocab_size(),
        "max_position_embeddings": 2048,
    }
    return save_network(make_transformers_model("qwen2", configuration), folder)


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Group, ...]]:
    """Catch what would be measured."""
    caught: list[tuple[Group, ...]] = []

    async def catch(_: Run, groups: tuple[Group, ...], **__: bool) -> None:
        caught.append(tuple(groups))

    monkeypatch.setattr(edits, "measure_edits", catch)
    monkeypatch.setattr(decode, "measure_decode", catch)
    return caught


def _bench(model: Path, *arguments: str) -> int:
    return main(["bench", *arguments, "--model", str(model), "--offline"])


def test_edits_are_measured_printed_and_kept(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way, in processes, on a tiny model; a second call measures nothing."""
    call = ["edits", "--arms", "warmline,full", "--kinds", "insert@10,type-in-middle"]
    options = ["--prompt-tokens", "300", "--repeats", "1", "--out", str(tmp_path), "--json"]
    assert _bench(model, *call, *options) == 0
    written = capsys.readouterr()
    report = json.loads(written.out)
    assert report["command"] == "bench edits"
    found = {(row["kind"], row["arm"], row["metric"]) for row in report["rows"]}
    for kind in ("insert@10", "type-in-middle"):
        for arm in ("warmline", "full", "warmline/full"):
            assert {(kind, arm, m) for m in ("update_ms", "first_token_ms", "line_ms")} <= found
    assert ("rss_mb", "warmline", "rss_mb") in found
    assert all(row["params"]["threads"] >= 1 for row in report["rows"])
    assert "insert@10, full, repeat 1" in written.err
    assert json.loads((tmp_path / "report.json").read_text()) == report
    assert "| insert@10 | 300 | warmline |" in (tmp_path / "table.md").read_text()
    assert _bench(model, *call, *options) == 0
    assert "repeat" not in capsys.readouterr().err


def test_quick_has_everybody_but_not_everything(
    model: Path, groups: list[tuple[Group, ...]]
) -> None:
    assert _bench(model, "edits", "--quick") == 0
    ((everybody, own, chunks),) = groups
    assert (own.arms, own.prompt_tokens) == (("warmline", "full"), 8000)
    assert (chunks.arms, chunks.kinds) == (own.arms, CHUNK_KINDS)
    assert everybody.arms == ALL_ARMS
    assert everybody.prompt_tokens < own.prompt_tokens


def test_a_selection_leaves_what_was_named(model: Path, groups: list[tuple[Group, ...]]) -> None:
    call = ["edits", "--quick", "--arms", "prefix", "--kinds", "delete@10,insert@10"]
    assert _bench(model, *call, "--repeats", "2", "--prompt-tokens", "400") == 0
    assert groups == [(Group(("prefix",), ("insert@10", "delete@10"), 400, 2),)]


def test_decoding_is_grouped_by_size(model: Path, groups: list[tuple[Group, ...]]) -> None:
    kinds = "decode@100,prefill@100,decode@900"
    assert _bench(model, "decode", "--quick", "--kinds", kinds, "--repeats", "1") == 0
    ((small, large),) = groups
    assert (small.prompt_tokens, small.kinds) == (100, ("decode@100", "prefill@100"))
    assert large.prompt_tokens == 900
    assert set(large.arms) < set(small.arms)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["edits", "--arms", "gpt"], "there is no arm 'gpt' in this benchmark; it has warmline,"),
        (["edits", "--kinds", "insert@11"], "there is no kind 'insert@11'"),
        (["decode", "--arms", "full"], "there is no arm 'full'"),
        (["decode", "--kinds", "decode@many"], "decode@many is no kind of measurement here"),
        (["edits", "--prompt-tokens", "4000"], "reads at most 2048 tokens and 4"),
        (["edits", "--growth", "--arms", "prefix"], "there is no arm 'prefix'"),
    ],
)
def test_a_wrong_call_is_one_sentence(
    model: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert _bench(model, *arguments) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_results_of_another_seed_are_not_mixed(
    model: Path, tmp_path: Path, groups: list[tuple[Group, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert _bench(model, "edits", "--out", str(tmp_path)) == 0
    assert _bench(model, "edits", "--out", str(tmp_path), "--seed", "1") == 2
    assert "seed 0 and now it is 1" in capsys.readouterr().err
    assert len(groups) == 1


def test_a_model_that_is_not_there_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "edits", "--model", "no/such/model"]) == 1
    assert "There is no model 'no/such/model'" in capsys.readouterr().err


@pytest.mark.parametrize("benchmark", [edits, decode])
def test_each_benchmark_describes_itself(
    benchmark: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    name = benchmark.__name__.rsplit(".", 1)[-1]
    with pytest.raises(SystemExit, match="0"):
        main(["bench", name, "--help"])
    assert "--quick" in capsys.readouterr().out
