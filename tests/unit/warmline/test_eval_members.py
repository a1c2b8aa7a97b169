"""`warmline eval members`: what is printed, what is kept, and which calls are wrong."""

import argparse
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from engine.weights.progress import Progress, ignore_progress
from evaluation.bench.plots import can_plot
from evaluation.corpus.catalogue import CorpusPackage
from evaluation.corpus.errors import CorpusError
from evaluation.corpus.fetching import Corpus
from evaluation.corpus.splits import Split, packages_of, split_of
from evaluation.members.arms import Arm, Reply
from evaluation.members.checking import tools
from evaluation.members.checking.checker import Complaint, Draft
from evaluation.members.desks import StartDesk
from evaluation.members.site import NameSite
from evaluation.members.workspaces import Workspace
from evaluation.members.writing import WrittenRecord
from monitors.types import Source
from tests.unit.evaluation.members.little_packages import SHOP, STORE, little_source
from warmline.main import main
from warmline.suites import member_answers, member_completions, member_sites

NAMES = [f"package-{number}" for number in range(12)]
ASK = ("--analysers-only", "--json")


@dataclass
class EagerArm:
    """Knows everything but `enqueue`."""

    asked: list[str] = field(default_factory=list)
    is_cold: bool = False

    def open(self, source: Source) -> None: ...
    def change(self, source: Source) -> None: ...
    def close(self, path: Path) -> None: ...
    async def settle(self) -> None: ...
    async def aclose(self) -> None: ...

    async def reply(self, site: NameSite, _source: Source) -> Reply:
        self.asked.append(site.name)
        return Reply(2, has_truth=site.name != "enqueue", analyser="eager", ms=3.0)


class CopyingDesk:
    """Writes the truth with monitors, and something else without."""

    async def measure(self, site: NameSite) -> WrittenRecord:
        figures = {"offered": 1.0, "next_identifier": 1.0, "em": 1.0, "ms": 10.0}
        known = {"covered": 1.0, "constrained": 1.0, "excluded_truth": 0.0, "waited_ms": 0.0}
        return WrittenRecord(
            key=site.key,
            kind=site.kind,
            package=site.package,
            name=site.name,
            is_rare=site.is_rare,
            seconds=0.1,
            texts={"off": "shelf", "on": site.truth},
            arms={"off": figures | {"next_identifier": 0.0}, "on": figures | known},
            vetoes=[],
            reasons={},
        )

    async def aclose(self) -> None: ...


class ShelfChecker:
    """Has something against shelves."""

    name = "shelf checker 1.0"

    def check(
        self, _workspace: Workspace, drafts: Sequence[Draft], _folder: Path
    ) -> list[list[Complaint]]:
        return [self._complaints(draft.text) for draft in drafts]

    def _complaints(self, text: str) -> list[Complaint]:
        lines = text.split("\n")
        return [
            Complaint(row, line.index("shelf"), "no shelf", is_unknown_name=True)
            for row, line in enumerate(lines)
            if "shelf" in line
        ]


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[CorpusPackage]:
    """Two little packages, one of which cannot be installed, instead of those asked for."""
    sources = (little_source(name="shop"), little_source(name="fair"))
    for name, text in (("front.py", SHOP), ("store.py", STORE)):
        place = tmp_path / "work" / "shop" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    asked: list[CorpusPackage] = []

    def install(package: CorpusPackage, _progress: Progress) -> Workspace:
        asked.append(package)
        if package.name == "fair":
            raise CorpusError("its wheels are gone")
        return Workspace(package.title, "python", tmp_path / "work", None)

    packages = tuple(source.package for source in sources)
    monkeypatch.setattr(member_sites, "corpus_packages", lambda: packages)
    monkeypatch.setattr(member_sites, "analysed_packages", lambda: ())
    monkeypatch.setattr(member_sites, "packages_of", lambda _split, known: tuple(known))
    monkeypatch.setattr(member_sites, "fetch_all", lambda _packages, _progress: Corpus(sources, ()))
    monkeypatch.setattr(member_sites, "workspace_of", install)
    return asked


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> EagerArm:
    arm = EagerArm()

    def arms_in(_workspace: Workspace, host: None, *, is_cold: bool) -> Mapping[str, Arm]:
        assert host is None
        arm.is_cold = is_cold
        return {"analyser": arm}

    monkeypatch.setattr(member_answers, "installed_host", lambda _progress: None)
    monkeypatch.setattr(member_answers, "arms_in", arms_in)
    return arm


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that needs no engine, and a checker that needs no process."""

    @asynccontextmanager
    async def desks(
        _arguments: argparse.Namespace, _host: None
    ) -> AsyncIterator[StartDesk[WrittenRecord]]:
        async def start(_workspace: Workspace) -> CopyingDesk:
            return CopyingDesk()

        yield start

    checkers = {"python": ShelfChecker()}
    monkeypatch.setattr(member_completions, "installed_host", lambda _progress: None)
    monkeypatch.setattr(member_completions, "writing_desks", desks)
    monkeypatch.setattr(member_completions, "_checkers", lambda _languages, _progress: checkers)
    monkeypatch.setattr(member_completions.ModelStore, "pull", lambda *_arguments: Path())


def test_analysers_alone_are_asked_and_what_they_missed_is_said(
    arm: EagerArm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second call asks nothing and says the same."""
    call = ["eval", "members", "--analysers-only", "--out", str(tmp_path / "out"), "--json"]
    assert main(call) == 0
    report = json.loads(capsys.readouterr().out)
    rows = {(row["kind"], row["arm"], row["metric"]): row for row in report["rows"]}
    assert report["command"] == "eval members --analysers-only"
    assert rows["python/member", "analyser", "covered"]["value"] == 1.0
    assert rows["python/member", "analyser", "covered"]["params"]["budget_ms"] == 50
    assert rows["python/member", "analyser", "excluded_truth"]["value"] > 0
    assert rows["python/import", "analyser", "excluded_truth"]["value"] == 0
    notes = " ".join(report["notes"])
    assert "Not among the names of analyser: enqueue at python/member/shop-2.0" in notes
    assert "fair 2.0 is left out: its wheels are gone." in notes
    num_asked = len(arm.asked)
    assert main(call) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == report["rows"]
    assert len(arm.asked) == num_asked
    assert (tmp_path / "out" / "covered.svg").exists() == can_plot()


def test_other_seeds_need_another_folder(
    arm: EagerArm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["eval", "members", "--analysers-only", "--quick", "--out", str(tmp_path / "out")]
    assert main(call) == 0
    assert arm.asked
    assert main([*call, "--seed", "1"]) == 2
    assert "seed" in capsys.readouterr().err


def test_cold_answers_are_kept_apart_from_warm_ones(
    arm: EagerArm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["eval", "members", "--analysers-only", "--quick", "--out", str(tmp_path / "out")]
    assert main(call) == 0
    assert not arm.is_cold
    assert main([*call, "--cold"]) == 2
    assert "documents" in capsys.readouterr().err
    assert main([*call[:-1], str(tmp_path / "other"), "--cold"]) == 0
    assert arm.is_cold


@pytest.mark.usefixtures("models")
def test_what_is_written_is_checked_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["eval", "members", "--out", str(tmp_path / "out"), "--json"]
    assert main(call) == 0
    report = json.loads(capsys.readouterr().out)
    rows = {(row["kind"], row["arm"], row["metric"]): row for row in report["rows"]}
    assert rows["python/member", "off", "undefined"]["value"] == 1.0
    assert rows["python/member", "on", "undefined"]["value"] == 0.0
    assert rows["python/keyword", "on-off", "typecheck_worse"]["value"] == -1.0
    assert rows["python/import", "on-off", "next_identifier"]["value"] == 1.0
    assert report["notes"][0] == "Checked by shelf checker 1.0."
    page = (tmp_path / "out" / "table.md").read_text("utf-8")
    assert "| python/member |" in page
    assert (tmp_path / "out" / "undefined.svg").exists() == can_plot()
    assert len((tmp_path / "out" / "verdicts.jsonl").read_text("utf-8").splitlines()) > 1


@pytest.mark.usefixtures("models")
def test_checks_that_were_not_made_are_made_by_the_next_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["eval", "members", "--out", str(tmp_path / "out"), "--json"]
    with monkeypatch.context() as patch:
        patch.setattr(member_completions, "_WRITING_SHARE", 1.0)
        assert main([*call, "--minutes", "1"]) == 0
    before = json.loads(capsys.readouterr().out)
    assert not [row for row in before["rows"] if row["metric"] == "undefined"]
    assert "Still to be measured" in before["notes"][-1]
    assert main(call) == 0
    after = json.loads(capsys.readouterr().out)
    assert [row for row in after["rows"] if row["metric"] == "undefined"]


def test_a_language_that_no_checker_here_knows_is_said_to_be_unchecked(
    models: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was written there counts all the same; the rest waits for a machine with a compiler."""
    assert models is None
    monkeypatch.setattr(member_completions, "_checkers", lambda _languages, _progress: {})
    monkeypatch.setattr(member_completions, "_GNU_COMPILERS", {"python": "snake"})
    assert main(["eval", "members", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["notes"][:2] == [
        "Checked by nobody.",
        "Nothing that was written in python was checked: there is no GNU's snake here.",
    ]
    assert not [row for row in report["rows"] if row["metric"] == "undefined"]


def test_compilers_are_looked_for_where_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.shutil, "which", lambda _name: None)
    assert member_completions._checkers({"c", "cpp", "java"}, ignore_progress) == {}


def test_packages_that_only_analysers_are_asked_about_are_split_too(
    arm: EagerArm, asked: list[CorpusPackage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that a hash gives to training are for development here."""
    packages = [replace(little_source(name=name).package, language="c") for name in NAMES]
    monkeypatch.setattr(member_sites, "analysed_packages", lambda: tuple(packages))
    monkeypatch.setattr(member_sites, "packages_of", packages_of)
    found = {}
    for split in ("test", "development"):
        asked.clear()
        assert main(["eval", "members", *ASK, "--split", split, "--kinds", "c/member"]) == 0
        found[split] = {package.name for package in asked}
    assert found["test"] | found["development"] == set(NAMES)
    assert found["test"] == {name for name in NAMES if split_of(name) is Split.TEST}
    assert not arm.asked  # for none was fetched


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--kinds", "typo"], "there is no kind 'typo'")],
)
def test_wrong_calls(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "members", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_only_named_packages_are_installed(arm: EagerArm, asked: list[CorpusPackage]) -> None:
    assert main(["eval", "members", "--analysers-only", "--packages", "shop", "--cases", "1"]) == 0
    assert {package.name for package in asked} == {"shop"}
    assert arm.asked
