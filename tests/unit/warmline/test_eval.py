"""`warmline eval edits`: what is printed, what is kept, and which calls are wrong."""

import json
from pathlib import Path

import pytest

from evaluation.bench.plots import can_plot
from evaluation.fidelity.arms import ARMS
from evaluation.fidelity.case import Case
from evaluation.fidelity.measure import CaseRecord, Meter
from evaluation.shards.plan import Plan, Stream
from tests.unit.completion.fakes import small_tokenizer
from tests.unit.engine.families import SMALL, make_transformers_model, save_network
from tests.unit.evaluation.fidelity_fakes import insertion, typing
from warmline.main import main
from warmline.suites import edit_cases


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tokenizer = small_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    configuration = SMALL | {"vocab_size": tokenizer.get_vocab_size()}
    return save_network(make_transformers_model("qwen2", configuration), folder)


@pytest.fixture(autouse=True)
def plan(monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Three cases made by hand, instead of packages."""
    related = [insertion("first", "pack 1"), insertion("second", "pack 2")]
    plan = Plan([Stream("related", 2, related), Stream("typing", 1, [typing()])])
    complaints = ("pack 3 could not be had.",)
    monkeypatch.setattr(edit_cases, "choose_cases", lambda *_: (plan, complaints))
    return plan


def _eval(model: Path, *arguments: str) -> int:
    call = ["eval", "edits", *arguments, "--model", str(model), "--offline"]
    return main([*call, "--storage-type", "float32", "--threads", "1"])


def test_edits_are_measured_printed_and_kept(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way on a tiny model; a second call measures nothing and says the same."""
    assert _eval(model, "--out", str(tmp_path), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["command"], report["notes"]) == ("eval edits", ["pack 3 could not be had."])
    found = {(row["kind"], row["arm"], row["metric"]) for row in report["rows"]}
    for arm in set(ARMS) - {"after-middle"}:
        assert {("related", arm, metric) for metric in ("em", "es", "kl", "nll", "ms")} <= found
    assert ("typing", "after-middle", "nll") in found
    assert {("typing", "default-floor", "agree"), ("typing", "default/floor", "kl")} <= found
    page = (tmp_path / "table.md").read_text("utf-8")
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == report
    assert "| default |" in page
    assert (tmp_path / "kl.svg").exists() == can_plot()
    journal = (tmp_path / "cases.jsonl").read_text("utf-8")
    assert _eval(model, "--out", str(tmp_path), "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == report["rows"]
    assert (tmp_path / "cases.jsonl").read_text("utf-8") == journal


def test_arms_may_be_chosen_and_other_arms_need_another_folder(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reference is there without being named."""
    assert _eval(model, "--arms", "rotate,default", "--out", str(tmp_path), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    alone = {row["arm"] for row in report["rows"] if "against" not in row["params"]}
    assert alone == {"full", "rotate", "default"}
    assert _eval(model, "--arms", "rotate", "--out", str(tmp_path)) == 2
    assert "name another folder" in capsys.readouterr().err


def test_ctrl_c_leaves_a_report_of_what_there_is(
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    measure = Meter.measure

    def stop_at_second(self: Meter, case: Case) -> CaseRecord:
        if case.key == "second":
            raise KeyboardInterrupt
        return measure(self, case)

    monkeypatch.setattr(Meter, "measure", stop_at_second)
    assert _eval(model, "--out", str(tmp_path), "--json") == 130
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert {row["n"] for row in report["rows"]} == {1}
    assert "about 1;" in report["notes"][-1]
    assert json.loads(capsys.readouterr().out) == report


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kinds", "typo"], "there is no kind 'typo'"),
        (["--arms", "typo"], "there is no arm 'typo'"),
    ],
)
def test_wrong_calls(
    model: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert _eval(model, *arguments) == 2
    assert said in capsys.readouterr().err


def test_lengths_must_be_numbers(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        _eval(model, "--prompt-tokens", "1024,many")
    assert "--prompt-tokens" in capsys.readouterr().err
