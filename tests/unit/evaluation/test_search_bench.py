"""`warmline bench retrieval`, over packages that nobody wrote."""

import json
import random
from itertools import islice, pairwise
from pathlib import Path

import pytest

from evaluation.bench.plots import can_plot
from evaluation.bench.searching import run as searching
from evaluation.bench.searching.repository import (
    first_chunks,
    first_lines,
    joined,
    jumping,
    typing,
)
from evaluation.bench.searching.run import SearchPlan, run_search_bench
from evaluation.corpus.fetching import Corpus
from evaluation.errors import CannotMeasureError
from retrieval.model import RetrieverModel
from retrieval.types import Place
from tests.unit.evaluation.made_up_packages import made_up_package
from warmline.benchmarks import retrieval
from warmline.main import main

_PLAN = SearchPlan(num_lines=200, num_chunks=20, builds=2, queries=4, edits=2)
_SOURCES = (made_up_package("one"), made_up_package("two"))


def chance(seed: int = 0) -> random.Random:
    return random.Random(seed)  # noqa: S311  # nothing is kept secret


def line_end(place: Place) -> bool:
    return place.text[place.offset : place.offset + 1] == "\n"


def test_packages_have_folders_of_their_own() -> None:
    assert {path.split("/")[0] for path in joined(_SOURCES)} == {"one", "two"}


def test_no_more_files_are_taken_than_needed() -> None:
    texts = {"a": "x\n" * 15, "b": "y\n" * 30, "c": "z\n"}
    assert list(first_chunks(texts, 2)) == ["a", "b"]
    assert list(first_lines(texts, 15)) == ["a"]
    assert list(first_lines(texts, 1000)) == ["a", "b", "c"]


def test_typing_goes_from_line_to_line() -> None:
    texts = joined(_SOURCES)
    places = list(islice(typing(texts, chance()), 20))
    for first, second in pairwise(places[:10]):
        assert first.path == second.path
        assert "\n" not in second.text[first.offset + 1 : second.offset]
    assert all(map(line_end, places))
    assert places[9].path != places[10].path or places[9].offset != places[10].offset


def test_jumping_goes_from_file_to_file() -> None:
    places = list(islice(jumping(joined(_SOURCES), chance()), 20))
    assert len({place.path for place in places}) > 3
    assert all(map(line_end, places))


def test_places_are_the_same_for_the_same_seed() -> None:
    texts = joined(_SOURCES)
    one, same, other = (list(islice(jumping(texts, chance(seed)), 9)) for seed in (1, 1, 2))
    assert one == same != other


async def test_every_figure_is_there_for_both_arms() -> None:
    steps: list[str] = []
    model = RetrieverModel.untrained(num_buckets=16, dimensions=4)
    rows = await run_search_bench(joined(_SOURCES), _PLAN, model, 0, steps.append)
    found = {(row.kind.split("@")[0], row.arm, row.metric) for row in rows}
    for kind in ("typing", "jumping"):
        for metric in ("query_ms", "query_p95_ms", "query_cpu_ms", "lexical_ms"):
            assert {(kind, "two-stage", metric), (kind, "bm25", metric)} <= found
        assert (kind, "two-stage", "encoder_ms") in found
        assert (kind, "bm25", "encoder_ms") not in found
    assert {("index", "warmline", "build_s"), ("edit", "warmline", "seen_ms")} <= found
    assert steps[0] == "indexing"
    assert len(steps) == 7


async def test_short_files_are_nothing_to_write_in() -> None:
    model = RetrieverModel.untrained(num_buckets=16, dimensions=4)
    with pytest.raises(CannotMeasureError, match="long enough"):
        await run_search_bench({"a.py": "x = 1\n"}, _PLAN, model, 0, lambda _: None)


def test_the_command_prints_and_keeps_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(retrieval, "fetch_all", lambda *_: Corpus(_SOURCES, ("three is missing.",)))
    monkeypatch.setattr(retrieval, "QUICK_PLAN", _PLAN)
    assert main(["bench", "retrieval", "--quick", "--json", "--out", str(tmp_path)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["command"] == "bench retrieval"
    assert report["model"].split("-")[0] in {"trained", "untrained"}
    assert report["notes"] == ["three is missing."]
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == report
    assert "query_p95_ms" in (tmp_path / "table.md").read_text("utf-8")
    assert (tmp_path / "query_ms.svg").exists() == can_plot()
    assert searching.QUICK_PLAN.num_chunks < searching.FULL_PLAN.num_chunks


def test_a_file_that_is_no_retriever_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "retriever.safetensors"
    path.write_text("nothing of the kind")
    assert main(["bench", "retrieval", "--retriever", str(path)]) == 2
    assert "damaged" in capsys.readouterr().err
