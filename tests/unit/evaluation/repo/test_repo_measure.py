"""From a task to a record, from records to rows, and from a run to its continuation."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.bench.audience import SilentAudience
from evaluation.bench.plots import can_plot
from evaluation.bench.runner import Deadline
from evaluation.comparison.plots import save_plots
from evaluation.comparison.tables import markdown_page
from evaluation.decoding.lines import LineReader
from evaluation.decoding.workbench import Workbench
from evaluation.errors import CannotMeasureError
from evaluation.fidelity.case import FILL_IN, PREFIX
from evaluation.repo.arms import ARMS, BM25, NONE, ORACLE, TRAINED, UNTRAINED, choosers
from evaluation.repo.figures import has_same_names, is_same_text, text_similarity
from evaluation.repo.measure import OracleSettings, RepoMeter, TaskRecord, read_record
from evaluation.repo.plots import PLOTS
from evaluation.repo.pools import Pools
from evaluation.repo.prompts import Budget
from evaluation.repo.selection import all_tasks
from evaluation.repo.summary import rows_of
from evaluation.repo.tables import STYLE
from evaluation.repo.task import CROSSFILE, FUNCTION, LINE, Task
from evaluation.report import Report, Row, this_machine
from evaluation.shards.plan import Plan, Stream
from evaluation.shards.run import measure_cases, open_journal
from retrieval.chunking import chunks_of
from retrieval.model import RetrieverModel
from tests.unit.evaluation.fidelity_fakes import small_parts, small_reader
from tests.unit.evaluation.repo.little_packages import little_package, prompter_of

ALWAYS = OracleSettings(share=1.0, num_candidates=3, seed=0)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> LineReader:
    return small_reader(tmp_path_factory.mktemp("tokenizer"))


def meter_of(
    reader: LineReader, oracle: OracleSettings | None = ALWAYS, budget: Budget | None = None
) -> RepoMeter:
    package = little_package()
    return RepoMeter(
        Workbench(small_parts(), slice_tokens=64),
        prompter_of(budget=budget or Budget(90, 90, 30)),
        reader,
        Pools({package.title: package.files}, chunks_of),
        choosers=choosers(RetrieverModel.untrained(7), seed=0, num_chunks=3),
        oracle=oracle,
    )


def tasks_of(kind: str, layout: str = PREFIX) -> list[Task]:
    return list(all_tasks(kind, layout, [little_package()], per_package=9, seed=0))


@pytest.mark.parametrize("layout", [PREFIX, FILL_IN])
@pytest.mark.parametrize("kind", [CROSSFILE, FUNCTION])
def test_a_record_has_every_figure_of_every_arm(reader: LineReader, kind: str, layout: str) -> None:
    record = meter_of(reader).measure(tasks_of(kind, layout)[0])
    assert set(record.arms) == set(ARMS)
    nothing = record.arms[NONE]
    assert (nothing["chunks"], nothing["chunk_tokens"]) == (0, 0)
    assert nothing["nll_per_token"] == pytest.approx(nothing["nll"] / record.truth_tokens)
    assert record.arms[BM25]["chunks"] >= 1
    for figures in record.arms.values():
        assert figures["chunk_tokens"] <= 90
    assert record.arms[ORACLE]["nll"] <= nothing["nll"]
    assert record.pool_chunks <= record.package_chunks


def test_the_oracle_is_no_worse_than_any_candidate_it_asked_about(reader: LineReader) -> None:
    """Each alone, by the figures of an arm that shows just that one."""
    task = tasks_of(CROSSFILE)[0]
    meter = meter_of(reader)
    meter._choosers = {NONE: meter._choosers[NONE]}
    best = meter.measure(task).arms[ORACLE]["nll"]
    package = little_package()
    pool = Pools({package.title: package.files}, chunks_of).pool(task)
    for candidate in pool.candidates[:3]:
        alone = choosers(None, seed=0, num_chunks=1)[BM25](replace(pool, candidates=(candidate,)))

        def only(_pool: object, choice: object = alone) -> object:
            return choice

        meter._choosers = {"alone": only}  # type: ignore[dict-item]
        assert best <= meter.measure(task).arms["alone"]["nll"] + 1e-4


def test_arms_that_show_the_same_are_the_same_and_read_once(
    reader: LineReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = meter_of(reader, oracle=None)
    nothing, bm25 = meter._choosers[NONE], meter._choosers[BM25]
    meter._choosers = {NONE: nothing, "one": bm25, "two": bm25}
    reads = []
    read = Workbench.read
    monkeypatch.setattr(Workbench, "read", lambda *args: reads.append(1) or read(*args))
    arms = meter.measure(tasks_of(CROSSFILE)[0]).arms
    assert len(reads) == 2
    assert {**arms["one"], "query_ms": 0} == {**arms["two"], "query_ms": 0}


def test_a_prompt_longer_than_the_context_is_refused(reader: LineReader) -> None:
    meter = meter_of(reader, budget=Budget(2000, 2000, 100))
    task = replace(tasks_of(CROSSFILE)[0], before="word = 1\n" * 300)
    with pytest.raises(CannotMeasureError, match="--before-tokens"):
        meter.measure(task)


def test_the_oracle_is_asked_about_a_share_of_the_tasks() -> None:
    tasks = tasks_of(LINE)
    assert all(ALWAYS.is_due(task) for task in tasks)
    none = replace(ALWAYS, share=0.0)
    assert not any(none.is_due(task) for task in tasks)
    some = replace(ALWAYS, share=0.5)
    keys = [replace(tasks[0], key=f"line/prefix/place {index}/0") for index in range(200)]
    due = [some.is_due(task) for task in keys]
    assert 70 < sum(due) < 130
    others = [replace(task, key=task.key.replace("prefix", "fill-in")) for task in keys]
    assert due == [some.is_due(task) for task in others]


def run(meter: RepoMeter, folder: Path, num_tasks: int) -> Mapping[str, TaskRecord]:
    tasks = tasks_of(LINE)
    journal = open_journal(folder, {"seed": 0}, read_record)
    plan = Plan([Stream(LINE, num_tasks, tasks)])
    deadline = Deadline(None)
    measure_cases(plan, meter, journal, deadline=deadline, audience=SilentAudience())
    return {record.key: record for record in journal.records}


def without_time(record: TaskRecord) -> TaskRecord:
    arms = {name: {**figures, "query_ms": 0.0} for name, figures in record.arms.items()}
    return replace(record, seconds=0.0, arms=arms)


def test_a_run_in_shards_brings_what_one_run_brings(reader: LineReader, tmp_path: Path) -> None:
    whole = run(meter_of(reader), tmp_path / "whole", 3)
    run(meter_of(reader), tmp_path / "shards", 1)
    shards = run(meter_of(reader), tmp_path / "shards", 3)
    assert [without_time(each) for each in shards.values()] == [
        without_time(each) for each in whole.values()
    ]
    assert len(whole) == 3


def test_texts_are_compared_but_for_the_ends_of_lines() -> None:
    assert is_same_text("a  \n  b", "a\n  b\n")
    assert not is_same_text("a\nb", "a\n  b")
    assert text_similarity("ab  \ncd", "ab\ncd") == 1.0
    assert has_same_names("f(x) + 1", "f( x ) - 2", "python")
    assert not has_same_names("f(y)", "f(x)", "python")


def record(key: str, package: str, **nll: float) -> TaskRecord:
    figures = {"em": 0.0, "identifier_em": 0.0, "nll_per_token": 1.0, "chunks": 2.0}
    arms = {
        name.replace("_", "-"): {
            **figures,
            "es": 1 - value / 10,
            "nll": value,
            "chunk_tokens": 50.0,
            "query_ms": 3.0,
        }
        for name, value in nll.items()
    }
    return TaskRecord(
        key=key,
        kind=CROSSFILE,
        package=package,
        language="python",
        layout=PREFIX,
        is_copied=key == "a",
        num_lines=1,
        truth_tokens=8,
        prompt_tokens=100,
        pool_chunks=20,
        package_chunks=60,
        seconds=1.0,
        arms=arms,
    )


RECORDS = [
    record("a", "one", none=5.0, bm25=4.0, trained=3.0, oracle=1.0),
    record("b", "two", none=6.0, bm25=6.0, trained=4.0),
]


def found(rows: tuple[Row, ...], arm: str, metric: str) -> Row:
    (row,) = [row for row in rows if (row.arm, row.metric) == (arm, metric)]
    return row


def test_differences_are_paired_and_the_oracles_gain_is_shared_out() -> None:
    rows = rows_of(RECORDS, seed=0, params={"split": "test"})
    against = found(rows, "trained-bm25", "nll")
    assert (against.value, against.low, against.high, against.n) == (-1.5, -2.0, -1.0, 2)
    assert against.params["layout"] == PREFIX
    assert against.params["against"] == "-bm25"
    assert against.params["split"] == "test"
    assert against.params["copied"] == 0.5
    assert found(rows, "trained", "oracle_share").value == pytest.approx(0.5)
    assert found(rows, "oracle-none", "nll").n == 1
    assert found(rows, TRAINED, "nll").value == 3.5
    assert not [row for row in rows if row.arm.startswith(UNTRAINED)]


def test_a_page_and_plots_show_them(tmp_path: Path) -> None:
    report = Report(
        "eval repo",
        "0",
        this_machine(),
        "model",
        0,
        rows_of(RECORDS, seed=0, params={"split": "test"}),
    )
    page = markdown_page(report, STYLE)
    assert "| crossfile, prefix | em | es |" in page
    assert "es-bm25" in page
    if can_plot():
        names = {path.name for path in save_plots(PLOTS, report, tmp_path)}
        assert names == {f"{name}.svg" for name in PLOTS}
