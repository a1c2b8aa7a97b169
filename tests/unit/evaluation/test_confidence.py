"""How well it is foreseen which suggestions are right, and from what that is computed."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from completion.completer import Completer
from completion.confidence import LineOdds
from engine.protocol.messages import EngineState, Phase
from evaluation.confidence.calibration import chances_of, features_of, fit, unseen_chances
from evaluation.confidence.summary import ALL, CONSTANT, FITTED, MODEL, SHIPPED, rows_of
from evaluation.confidence.writing import (
    IN_WORD,
    START,
    WITHIN,
    SureRecord,
    SureWriter,
    cursor_of,
    read_sure,
)
from evaluation.errors import CannotMeasureError
from evaluation.fidelity.case import FILL_IN
from evaluation.repo.task import LINE, Task
from evaluation.report import Row
from tests.unit.completion.fakes import FakeEngine, description, says, small_tokenizer
from warmline.suites.writing_engine import line_settings

TRUE_WEIGHTS = (1.0, 0.4, -0.4)
TASK = Task(
    key="line/fill-in/made-up-1.0/app.py:3/0",
    kind=LINE,
    package="made-up 1.0",
    language="python",
    layout=FILL_IN,
    path="app.py",
    before="import os\n\ndef path(name):\n    ",
    after="\n\nprint(path('x'))\n",
    target="return os.path.join(name, 'y')",
    is_copied=False,
)


@pytest.fixture
async def engine(tmp_path: Path) -> FakeEngine:
    small_tokenizer().save(str(tmp_path / "tokenizer.json"))
    return FakeEngine.ready(description(tmp_path))


def made_up(num_records: int, seed: int = 0) -> list[SureRecord]:
    """Lines that are right as often as `TRUE_WEIGHTS` say."""
    draw = np.random.default_rng(seed)
    records = []
    for index in range(num_records):
        num_tokens = int(draw.integers(1, 21))
        logprob = -num_tokens * draw.exponential(1 / 3)
        features = LineOdds(logprob, num_tokens).features
        chance = 1 / (1 + math.exp(-np.dot(features, TRUE_WEIGHTS)))
        records.append(record(f"{index}", logprob, num_tokens, is_right=draw.random() < chance))
    return records


def record(key: str, logprob: float, num_tokens: int, *, is_right: bool) -> SureRecord:
    package = f"package {int(key) % 7}"
    kind = (START, WITHIN)[len(key) % 2]
    return SureRecord(key, kind, package, 0.1, True, logprob, num_tokens, is_right, 0.5, "")


def test_the_weights_behind_made_up_lines_are_found() -> None:
    records = made_up(20_000)
    assert fit(records) == pytest.approx(TRUE_WEIGHTS, abs=0.2)


def test_lines_that_are_all_right_have_finite_weights() -> None:
    records = [record(f"{index}", -1.0, 3, is_right=True) for index in range(10)]
    assert np.isfinite(fit(records)).all()
    assert (chances_of(features_of(records), fit(records)) > 0.9).all()


def test_a_package_is_judged_by_the_others() -> None:
    """Only `odd` has lines that are right though unlikely; the others must not tell of it."""
    usual = [record(f"{index}", -0.1, 2, is_right=index % 10 > 0) for index in range(70)]
    odd = SureRecord("odd", START, "odd", 0.1, True, -40.0, 10, True, 1.0, "")
    wrong = [
        SureRecord(f"w{index}", START, f"package {index % 7}", 0.1, True, -40.0, 10, False, 0.0, "")
        for index in range(70)
    ]
    assert unseen_chances([*usual, *wrong, odd])[-1] < 0.1


def test_rows_say_how_good_each_is_and_what_thresholds_cost() -> None:
    rows = rows_of(made_up(600), 0, {})
    brier = {arm: value(rows, arm, "brier") for arm in (CONSTANT, MODEL, FITTED, SHIPPED)}
    assert brier[FITTED] < brier[CONSTANT]
    assert abs(value(rows, FITTED, "bias")) < 0.05
    kept = [row.value for row in rows if row.kind == ALL and row.metric == "kept"]
    assert kept == sorted(kept, reverse=True)
    assert all(0 <= each <= 1 for each in kept)
    bins = [row for row in rows if row.metric == "reliability" and row.arm == SHIPPED]
    assert sum(row.n for row in bins if row.kind == ALL) == 600


def test_what_was_not_offered_counts_as_that_and_as_nothing_else() -> None:
    records = made_up(50)
    nothing = SureRecord("none", START, "package 0", 0.1, False, 0.0, 0, False, 0.0, "empty")
    rows = rows_of([*records, nothing], 0, {})
    assert value(rows, "suggested", "offered") == pytest.approx(50 / 51)
    assert value(rows, CONSTANT, "brier") == value(rows_of(records, 0, {}), CONSTANT, "brier")


def value(rows: tuple[Row, ...], arm: str, metric: str) -> float:
    (row,) = [each for each in rows if (each.kind, each.arm, each.metric) == (ALL, arm, metric)]
    return row.value


def test_a_part_of_the_line_is_typed_up_to_the_end_of_a_word() -> None:
    cursor = cursor_of(TASK, WITHIN)
    typed = TASK.target[: cursor.num_typed]
    assert typed in {"return", "return os", "return os.", "return os.path", "return os.path."}
    assert cursor == cursor_of(TASK, WITHIN)
    assert cursor.key != cursor_of(TASK, START).key


def test_a_cursor_in_a_word_has_letters_on_both_sides() -> None:
    cursor = cursor_of(TASK, IN_WORD)
    before, after = TASK.target[: cursor.num_typed], TASK.target[cursor.num_typed :]
    assert before[-1:].isalpha()
    assert after[:1].isalpha()
    short = cursor_of(replace(TASK, target="a = (b, c)"), IN_WORD)
    assert short.num_typed == 1


async def test_the_rest_of_the_line_is_what_is_right(engine: FakeEngine) -> None:
    writer = SureWriter(completer := Completer(engine, line_settings()))
    cursor = cursor_of(TASK, WITHIN)
    engine.script = says(TASK.target[cursor.num_typed :])
    right = await writer.measure(cursor)
    engine.script = says("None")
    wrong = await writer.measure(cursor_of(TASK, START))
    await completer.aclose()
    assert (right.is_right, right.similarity, wrong.is_right) == (True, 1.0, False)
    assert right.logprob == pytest.approx(-0.5 * len(engine_pieces(cursor.num_typed)))
    assert read_sure({name: getattr(right, name) for name in right.__slots__}) == right


async def test_an_engine_that_fails_measures_nothing(engine: FakeEngine) -> None:
    completer = Completer(engine, line_settings())
    engine.state = EngineState(Phase.FAILED, message="gone")
    with pytest.raises(CannotMeasureError, match="gone"):
        await SureWriter(completer).measure(cursor_of(TASK, START))
    await completer.aclose()


def engine_pieces(num_typed: int) -> range:
    """`says` writes three bytes at a time."""
    return range(0, len(TASK.target) - num_typed, 3)
