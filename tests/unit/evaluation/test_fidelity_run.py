"""From a case to a record, and from many cases to a run that can be stopped and gone on with."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation.bench.audience import SilentAudience
from evaluation.bench.runner import Deadline
from evaluation.decoding.lines import LineReader
from evaluation.decoding.workbench import Workbench
from evaluation.errors import CannotMeasureError, OtherConditionsError, UnexpectedResultError
from evaluation.fidelity.arms import ARMS
from evaluation.fidelity.case import Case, State
from evaluation.fidelity.measure import CaseRecord, Meter, read_record
from evaluation.shards.plan import Plan, Stream
from evaluation.shards.run import measure_cases, open_journal
from tests.unit.evaluation.fidelity_fakes import (
    TEXT,
    insertion,
    left_to_right_prompter,
    small_parts,
    small_prompter,
    small_reader,
    typing,
)

NEVER = Deadline(None)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> LineReader:
    return small_reader(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def meter(reader: LineReader) -> Meter:
    return Meter(Workbench(small_parts(), slice_tokens=64), small_prompter(), reader, ARMS)


class MeterDouble(Meter):
    """Measures nothing, as often as it is asked to."""

    def __init__(self, failing: str = "", interrupted_at: str = "") -> None:
        self.measured: list[str] = []
        self._failing = failing
        self._interrupted_at = interrupted_at

    def measure(self, case: Case) -> CaseRecord:
        if case.key == self._interrupted_at:
            raise KeyboardInterrupt
        if case.key == self._failing:
            raise CannotMeasureError("it is too long")
        self.measured.append(case.key)
        return CaseRecord(
            case.key,
            case.kind,
            case.package,
            case.language,
            case.layout,
            asked_tokens=128,
            prompt_tokens=120,
            truth_tokens=5,
            num_states=2,
            seconds=1.0,
            arms={"full": {"em": 1.0}},
        )


CASES = [insertion(f"case {index}") for index in range(5)]


def run(meter: Meter, folder: Path | None, deadline: Deadline = NEVER, seed: int = 0) -> list[str]:
    journal = open_journal(folder, {"seed": seed}, read_record)
    plan = Plan([Stream("related", len(CASES), CASES)])
    outcome = measure_cases(plan, meter, journal, deadline=deadline, audience=SilentAudience())
    return list(outcome.notes())


def test_a_prefix_case_is_the_tokens_before_the_cursor() -> None:
    prompter, case = small_prompter(), insertion()
    first, last = prompter.prompts(case)
    np.testing.assert_array_equal(first.tokens, prompter.encode(TEXT))
    assert first.cursor == len(first.tokens)
    assert last.cursor == len(last.tokens) > first.cursor


def test_a_fill_in_case_is_laid_out_as_the_family_has_it() -> None:
    prompter, case = small_prompter(), typing()
    for prompt, state in zip(prompter.prompts(case), case.states, strict=True):
        before = prompter.encode(state.text[: state.cursor])
        after = prompter.encode(state.text[state.cursor :])
        assert len(prompt.tokens) == len(before) + len(after) + 3  # markers
        np.testing.assert_array_equal(prompt.tokens[1 : prompt.cursor], before)


def test_a_model_that_reads_no_text_after_the_cursor_has_no_fill_in() -> None:
    with pytest.raises(CannotMeasureError, match="leave out the kind typing"):
        left_to_right_prompter().prompts(typing())


def test_the_line_end_is_part_of_the_truth_unless_it_stands_there() -> None:
    prompter = small_prompter()
    case = typing()
    np.testing.assert_array_equal(prompter.truth(case), prompter.encode("print(x)\n"))
    cursor = case.states[-1].cursor
    text = case.states[-1].text
    ended = State(text[:cursor] + "\n" + text[cursor:], cursor)
    waiting = replace(case, states=(*case.states[:-1], ended))
    np.testing.assert_array_equal(prompter.truth(waiting), prompter.encode("print(x)"))
    with pytest.raises(UnexpectedResultError, match="empty target"):
        prompter.truth(replace(waiting, target=""))


@pytest.mark.parametrize("case", [insertion(), typing()], ids=["prefix", "fill-in"])
def test_a_record_has_every_figure_of_every_arm(meter: Meter, case: Case) -> None:
    record = meter.measure(case)
    without = "after-middle" if case.kind == "related" else "restate"
    assert set(record.arms) == set(ARMS) - {without}
    full, refreshed = record.arms["full"], record.arms["refreshed"]
    assert (full["agree"], full["kl"]) == (1.0, 0.0)
    assert full["encoded_tokens"] == record.prompt_tokens
    assert full["nll_per_token"] == pytest.approx(full["nll"] / record.truth_tokens)
    assert refreshed["nll"] == pytest.approx(full["nll"], rel=1e-4)
    assert refreshed["agree"] == 1.0
    assert record.arms["ignore"]["kl"] > 1e-6
    assert record.arms["rotate"]["encoded_tokens"] < record.arms["default"]["encoded_tokens"]


def test_a_line_that_is_the_truth_is_an_exact_match(meter: Meter, reader: LineReader) -> None:
    """The model's own line, taken for the truth, is matched by the arm it came from."""
    case = insertion()
    lines: list[str] = []

    class Listener(LineReader):
        def __init__(self) -> None:
            pass

        def is_complete(self, tokens: Sequence[int], num_lines: int = 1) -> bool:
            return reader.is_complete(tokens, num_lines)

        def text(self, tokens: Sequence[int], num_lines: int = 1) -> str:
            lines.append(reader.text(tokens, num_lines))
            return lines[-1]

    bench = Workbench(small_parts(), slice_tokens=64)
    Meter(bench, small_prompter(), Listener(), {"full": ARMS["full"]}).measure(case)
    figures = meter.measure(replace(case, target=lines[0])).arms["full"]
    assert figures["em"] == figures["es"] == 1.0
    assert meter.measure(case).arms["full"]["em"] == 0.0


def test_a_prompt_longer_than_the_context_is_refused(meter: Meter) -> None:
    text = TEXT * (512 // len(small_prompter().encode(TEXT)) + 1)
    long = State(text, len(text))
    with pytest.raises(CannotMeasureError, match="ask for shorter prompts"):
        meter.measure(replace(insertion(), states=(long, long)))


def test_a_second_shard_measures_the_rest(tmp_path: Path) -> None:
    first = MeterDouble(interrupted_at="case 2")
    notes = run(first, tmp_path)
    assert first.measured == ["case 0", "case 1"]
    assert notes == ["Still to be measured: about 3; the same call goes on."]
    second = MeterDouble()
    assert run(second, tmp_path) == []
    assert second.measured == ["case 2", "case 3", "case 4"]


def test_nothing_is_begun_after_the_deadline(tmp_path: Path) -> None:
    double = MeterDouble()
    notes = run(double, tmp_path, Deadline(-1.0))
    assert double.measured == []
    assert "about 5;" in notes[0]


def test_a_case_that_does_not_fit_is_named_and_the_others_go_on() -> None:
    double = MeterDouble(failing="case 1")
    assert run(double, None) == ["Not measured: it is too long."]
    assert len(double.measured) == 4


def test_other_conditions_need_another_folder(tmp_path: Path) -> None:
    run(MeterDouble(), tmp_path)
    with pytest.raises(OtherConditionsError, match="seed 0 and now it is 1"):
        run(MeterDouble(), tmp_path, seed=1)


def test_every_beginning_of_a_run_is_balanced() -> None:
    """Each sort of cases has its share; no case is made before its turn comes near."""
    made: list[str] = []

    def cases(kind: str, count: int) -> Iterator[Case]:
        for index in range(count + 5):
            made.append(kind)
            yield insertion(f"{kind} {index}", kind=kind)

    counts = {"related": 30, "multi": 10, "real": 20}
    plan = Plan([Stream(kind, count, cases(kind, count)) for kind, count in counts.items()])
    assert plan.num_cases() == counts
    order = []
    for case in plan.cases():
        order.append(case)
        assert len(made) <= len(order) + len(counts)
    assert Counter(case.kind for case in order) == counts
    for stop in range(6, 61):
        kinds = Counter(case.kind for case in order[:stop])
        assert kinds["related"] == pytest.approx(stop / 2, abs=1)
        assert kinds["multi"] == pytest.approx(stop / 6, abs=1)


def test_a_sort_with_too_few_cases_holds_nothing_up() -> None:
    plan = Plan([Stream("real", 10, CASES[:2]), Stream("related", 4, CASES)])
    assert len(list(plan.cases())) == 6
