"""`warmline bench masks`, with a vocabulary that nobody trained."""

import itertools
import json
import random
from pathlib import Path
from unittest.mock import Mock

import pytest

from engine.decoding.constraint import constraint_of
from engine.decoding.vocabulary import Vocabulary
from evaluation.bench.masks import run as masks
from evaluation.bench.masks.names import ARMS, known_names
from evaluation.bench.masks.run import measure_masks
from evaluation.bench.plots import can_plot
from evaluation.errors import CannotMeasureError
from warmline.benchmarks import masks as command
from warmline.main import main

BYTES = [bytes([byte]) for byte in range(256)]
WORDS = [b"self", b".conf", b"GL_", b"iguration", b"n.", b"the", b"pars", b"er(", b".s"]


def vocabulary() -> Vocabulary:
    return Vocabulary([*BYTES, *WORDS, b"<end>"], [len(BYTES) + len(WORDS)])


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - names are drawn, no secrets


def test_every_size_and_arm_is_measured() -> None:
    steps: list[str] = []
    rows = measure_masks(vocabulary(), (3, 20), num_walks=2, seed=1, on_step=steps.append)
    assert {(row.kind, row.arm) for row in rows} == {
        ("vocabulary", "warmline"),
        *((f"{size} names", arm) for size in (3, 20) for arm in ARMS),
    }
    assert steps[1:] == [f"{size} names, {arm}" for size in (3, 20) for arm in ARMS]
    by_metric = {row.metric: row for row in rows if (row.kind, row.arm) == ("20 names", "alike")}
    assert set(by_metric) == {"mask_ms", "mask_p95_ms", "mask_p999_ms", "mask_max_ms", "request_ms"}
    assert by_metric["mask_ms"].value <= by_metric["mask_p95_ms"].value
    assert by_metric["mask_p95_ms"].value <= by_metric["mask_p999_ms"].value
    assert by_metric["mask_p999_ms"].value <= by_metric["mask_max_ms"].value
    assert by_metric["mask_max_ms"].params["names"] == 20
    forced_text = ARMS["alike"](known_names(), 20, chance(1)).forced_text
    assert by_metric["mask_ms"].n > len(forced_text) / 2, "every place of both walks"
    assert by_metric["request_ms"].n == 2


@pytest.mark.parametrize("arm", ARMS)
def test_as_many_different_names_as_asked_for(arm: str) -> None:
    """But for some that differ in capitals only; and the same for the same seed."""
    asked = ARMS[arm](known_names(), 500, chance(3))
    assert len(asked.names) == 500
    assert len(set(asked.names)) > 490
    assert asked == ARMS[arm](known_names(), 500, chance(3))


def test_the_time_of_a_place_is_the_shortest_and_each_visit_is_a_first_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = itertools.count()
    monkeypatch.setattr(masks, "thread_time", lambda: next(clock) ** 2)  # ever slower
    asked = ARMS["mixed"](known_names(), 20, chance(1))
    make = Mock(side_effect=constraint_of)
    monkeypatch.setattr(masks, "constraint_of", make)
    walk = masks._measured(vocabulary(), asked, chance(1), 0)
    assert make.call_count == 1 + masks._REPEATS, "one to find the way and one for each walk"
    first = [1000 * ((2 * k + 3) ** 2 - (2 * k + 2) ** 2) for k in range(len(walk.tokens))]
    assert walk.places_ms == tuple(first)


def test_more_names_than_there_are_cannot_be_measured() -> None:
    too_many = len(known_names()) + 1
    with pytest.raises(CannotMeasureError, match=f"{too_many} names were asked for"):
        measure_masks(vocabulary(), (too_many,), num_walks=1, seed=1, on_step=lambda _: None)


def test_the_command_writes_a_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    monkeypatch.setattr(command.ModelStore, "pull", lambda *_: model)
    monkeypatch.setattr(command.Vocabulary, "from_file", lambda _: vocabulary())
    out = tmp_path / "out"
    assert main(["bench", "masks", "--names", "5", "--walks", "1", "--out", str(out)]) == 0
    assert "5 names, alike" in capsys.readouterr().out
    report = json.loads((out / "report.json").read_text())
    assert report["command"] == "bench masks"
    assert "| 5 names, mixed | mask_ms |" in (out / "table.md").read_text()
    assert (out / "mask_ms.svg").exists() == can_plot()


def test_too_many_names_are_a_wrong_call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command.ModelStore, "pull", lambda *_: tmp_path)
    monkeypatch.setattr(command.Vocabulary, "from_file", lambda _: vocabulary())
    assert main(["bench", "masks", "--names", "999999", "--walks", "1"]) == 2
    assert "ask for fewer with --names" in capsys.readouterr().err
