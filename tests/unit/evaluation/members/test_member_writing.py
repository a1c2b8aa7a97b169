"""What is written at sites, with monitors and without, and the rows that come of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from completion.completer import Completer
from completion.settings import CompletionSettings
from engine.protocol.messages import EngineState, Phase
from evaluation.errors import CannotMeasureError
from evaluation.members.arms import MonitorsArm
from evaluation.members.asking import Reader, elsewhere
from evaluation.members.checking.verdicts import Verdict
from evaluation.members.workspaces import Workspace
from evaluation.members.writing import OFF, ON, WritingDesk, WrittenRecord
from evaluation.members.written_summary import JUDGED, rows_of
from tests.unit.completion.fakes import description, small_tokenizer
from tests.unit.completion.guided import FakeMonitors, ObedientEngine
from tests.unit.evaluation.members.little_packages import SHOP, one_site

NAMES = {"self": frozenset({"books", "title"})}


def _desk(
    folder: Path, *texts: str, names: dict[str, frozenset[str]] | None = None
) -> tuple[WritingDesk, FakeMonitors, ObedientEngine]:
    small_tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "shop").mkdir()
    (folder / "shop" / "front.py").write_text(SHOP, encoding="utf-8")
    state = EngineState(Phase.READY, 1.0, "", description(folder))
    engine = ObedientEngine(state, texts=[texts])
    monitors = FakeMonitors(names=NAMES if names is None else names)
    workspace = Workspace("shop 2.0", "python", folder, None)
    settings = replace(
        CompletionSettings(), prepare_on_open=False, prepare_next=False, reuse_suggestions=False
    )
    completers = {
        OFF: Completer(engine, settings),
        ON: Completer(engine, settings, monitors=monitors),
    }
    reader = Reader(MonitorsArm(monitors), workspace)
    return WritingDesk(workspace, completers, reader), monitors, engine


async def test_monitors_make_the_difference_between_the_arms(tmp_path: Path) -> None:
    desk, _, _ = _desk(tmp_path, "shelf", "books")
    site = one_site()
    record = await desk.measure(site)
    await desk.aclose()
    assert record.texts == {"off": "shelf", "on": "books"}
    assert record.arms["off"] | {"ms": 0.0} == {
        "offered": 1.0,
        "next_identifier": 0.0,
        "em": 0.0,
        "ms": 0.0,
    }
    assert (record.arms["on"]["next_identifier"], record.arms["on"]["em"]) == (1.0, 1.0)
    assert (record.arms["on"]["covered"], record.arms["on"]["constrained"]) == (1.0, 1.0)
    assert record.arms["on"]["excluded_truth"] == 0.0
    assert (record.key, record.package, record.name) == (site.key, "shop 2.0", "books")


async def test_a_document_is_opened_without_the_line_and_closed_for_the_next(
    tmp_path: Path,
) -> None:
    desk, monitors, _ = _desk(tmp_path, "books")
    site = one_site()
    await desk.measure(site)
    await desk.measure(one_site(name="enqueue"))
    await desk.aclose()
    opened = [text for word, text in monitors.told if word == "open"]
    assert set(opened) == {elsewhere(site).text}
    assert ("change", site.text) in monitors.told
    assert not [text for word, text in monitors.told if word == "close"]
    assert monitors.is_closed


@pytest.mark.parametrize(
    ("names", "covered", "excluded"),
    [({"self": frozenset({"title", "shelf"})}, 1.0, 1.0), ({}, 0.0, 0.0)],
)
async def test_a_constraint_can_exclude_the_truth(
    tmp_path: Path, names: dict[str, frozenset[str]], covered: float, excluded: float
) -> None:
    desk, _, _ = _desk(tmp_path, "shelf", names=names)
    record = await desk.measure(one_site())
    await desk.aclose()
    assert (record.arms["on"]["covered"], record.arms["on"]["excluded_truth"]) == (
        covered,
        excluded,
    )


async def test_an_engine_without_an_answer_cannot_be_measured(tmp_path: Path) -> None:
    desk, _, engine = _desk(tmp_path, "books")
    engine.state = EngineState(Phase.FAILED, 0.0, "the weights are gone", None)
    with pytest.raises(CannotMeasureError, match="the weights are gone"):
        await desk.measure(one_site())
    await desk.aclose()


FIGURES = {"offered": 1.0, "next_identifier": 1.0, "em": 0.0, "ms": 10.0}
KNOWN = {"covered": 1.0, "constrained": 1.0, "excluded_truth": 0.0, "waited_ms": 0.0}
CLEAN = {"undefined": 0.0, "undefined_here": 0.0, "typecheck_worse": 0.0, "errors": 0.0}


def _record(key: str, off: float, on: float) -> WrittenRecord:
    return WrittenRecord(
        key=key,
        kind="python/member",
        package=f"package {key}",
        name="x",
        is_rare=False,
        seconds=1.0,
        texts={},
        arms={
            OFF: FIGURES | {"next_identifier": off},
            ON: FIGURES | KNOWN | {"next_identifier": on, "ms": 11.0},
        },
        vetoes=[],
        reasons={},
    )


def test_rows_compare_the_arms_and_need_verdicts_only_for_what_is_checked() -> None:
    records = [_record("a", 0.0, 1.0), _record("b", 1.0, 1.0), _record("c", 0.0, 0.0)]
    bad = CLEAN | {"undefined": 1.0, "undefined_here": 1.0, "typecheck_worse": 1.0, "errors": 2.0}
    verdicts = {
        "a": Verdict("a", "python/member", 1.0, is_judged=True, arms={OFF: bad, ON: CLEAN}),
        "b": Verdict("b", "python/member", 1.0, is_judged=False, arms={OFF: CLEAN, ON: CLEAN}),
    }
    found = rows_of(records, verdicts, 0, {"budget_ms": 50})
    rows = {(row.kind, row.arm, row.metric): row for row in found}
    assert rows["python/member", "on", "next_identifier"].value == pytest.approx(2 / 3)
    assert rows["python/member", "on-off", "next_identifier"].value == pytest.approx(1 / 3)
    assert rows["python/member", "on/off", "ms"].value == pytest.approx(1.1)
    assert (
        rows["python/member", "off", "undefined"].value,
        rows["python/member", "off", "undefined"].n,
    ) == (0.5, 2)
    assert rows["python/member" + JUDGED, "off", "undefined"].value == 1.0
    assert rows["python/member", "on-off", "typecheck_worse"].value == -0.5
    assert rows["python/member", "off", "undefined_covered"].value == 0.5
    assert rows["python/member", "on", "undefined_covered"].value == 0.0
    assert rows["python/member", "on", "excluded_truth"].value == 0.0
    assert {row.kind for row in found} == {"python/member", "python/member" + JUDGED}


def test_without_verdicts_there_are_rows_all_the_same() -> None:
    rows = rows_of([_record("a", 0.0, 1.0)], {}, 0, {})
    assert {row.metric for row in rows} >= {"next_identifier", "em", "ms", "covered"}
    assert not [row for row in rows if row.metric == "undefined"]
