"""What a recorded author would have accepted and kept, told by recordings of a few lines."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.types import Candidate, EmptyReason, Suggestion, Timings
from evaluation.bench.audience import SilentAudience
from evaluation.bench.runner import Deadline
from evaluation.errors import CannotMeasureError
from evaluation.report import Row
from evaluation.retention.agreement import LINE, WORD, agreed_length, taken_by_rule
from evaluation.retention.author import Author, TypedState
from evaluation.retention.cases import choose_pauses, find_pauses
from evaluation.retention.measure import AUTHOR, RetentionMeter, read_record
from evaluation.retention.summary import rows_of
from evaluation.shards.run import measure_cases, open_journal
from evaluation.trace.plan import plan_for
from evaluation.trace.recording import Patch, Recording, Transaction, read_recording

START = "total = \nprint(total)\n"
CURSOR = len("total = ")


def recording(*steps: tuple[float, int, int, str], has_times: bool = True) -> Recording:
    """A key at the cursor, then `steps`: seconds since the one before, start, deleted, text."""
    text = START
    transactions = [Transaction(100.0, (Patch(CURSOR - 1, 1, " "),))]
    at_s = 100.0
    for wait_s, start, num_deleted, inserted in steps:
        at_s += wait_s
        text = text[:start] + inserted + text[start + num_deleted :]
        transactions.append(Transaction(at_s, (Patch(start, num_deleted, inserted),)))
    return Recording("typed", START, text, tuple(transactions), has_times)


def typed(text: str, pause_s: float = 10.0, at: int = CURSOR) -> list[tuple[float, int, int, str]]:
    """Key by key, one a second, after a pause."""
    return [(pause_s if not i else 1.0, at + i, 0, key) for i, key in enumerate(text)]


class Suggesting:
    """Suggests the same everywhere."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked: list[tuple[str, int]] = []

    def suggest(self, text: str, offset: int) -> Suggestion:
        self.asked.append((text, offset))
        candidates = (Candidate(self.text, 1, -0.5),) if self.text else ()
        reason = None if self.text else EmptyReason.NOTHING_TO_SAY
        return Suggestion(candidates, "m", Timings(1.0, 1.0, 1.0), None, 1, reason=reason)


def figures(recorded: Recording, suggested: str) -> dict[str, dict[str, float]]:
    """What came of the first pause."""
    author = Author(recorded)
    case = find_pauses(author).goes_on[0]
    record = RetentionMeter(author, Suggesting(suggested)).measure(case)
    return {arm: dict(values) for arm, values in record.arms.items()}


def states(*texts: str) -> list[TypedState]:
    last = len(texts) - 1
    return [TypedState(n, float(n), text, is_settled=n == last) for n, text in enumerate(texts)]


def test_the_author_is_asked_about_the_text_before_the_pause() -> None:
    author = Author(recording(*typed("sum(x)")))
    writer = Suggesting("sum(x)")
    RetentionMeter(author, writer).measure(find_pauses(author).goes_on[0])
    assert writer.asked == [(START, CURSOR)]


def test_a_line_that_is_typed_as_suggested_is_accepted_and_kept() -> None:
    later = (400.0, 0, 0, "# later\n")
    found = figures(recording(*typed("sum(x)"), later, (400.0, 0, 0, "x")), "sum(x)\nmore")
    for arm in (LINE, WORD, AUTHOR):
        assert found[arm]["accepted"] == 1
        assert found[arm]["agreed"] == len("sum(x)")
        assert found[arm]["kept@5min"] == found[arm]["looked@5min"] == len("sum(x)")
    assert found[LINE]["suggested"] == len("sum(x)\nmore")


def test_words_up_to_the_first_that_differs_are_accepted_by_word() -> None:
    found = figures(recording(*typed("sum(values)"), (400.0, 0, 0, "x")), "sum(numbers)")
    assert (found[LINE]["accepted"], found[WORD]["accepted"]) == (0, 1)
    assert found[WORD]["agreed"] == len("sum(")


def test_another_word_is_accepted_by_no_rule() -> None:
    """Although its first letters are the same."""
    found = figures(recording(*typed("summary"), (400.0, 0, 0, "x")), "sum(x)")
    assert [found[rule]["accepted"] for rule in (LINE, WORD)] == [0, 0]
    assert found[LINE]["shown"] == 1


def test_what_is_deleted_later_is_not_kept() -> None:
    deletion = (60.0, CURSOR, len("sum(x)"), "")
    found = figures(recording(*typed("sum(x)"), deletion, (400.0, 0, 0, "x")), "sum(x)")
    assert (found[LINE]["kept@30s"], found[LINE]["kept@5min"]) == (6, 0)
    assert found[LINE]["taken_back"] == 0


def test_what_is_deleted_at_once_is_taken_back() -> None:
    deletion = (5.0, CURSOR, len("sum(x)"), "")
    found = figures(recording(*typed("sum(x)"), deletion, (400.0, 0, 0, "x")), "sum(x)")
    assert found[LINE]["taken_back"] == 1
    assert found[LINE]["looked@30s"] == 0


def test_what_the_recording_does_not_tell_is_not_counted() -> None:
    """It ends a minute later: no five minutes have passed."""
    found = figures(recording(*typed("sum(x)"), (60.0, 0, 0, "x")), "sum(x)")
    assert (found[LINE]["looked@30s"], found[LINE]["looked@5min"]) == (6, 0)


def test_corrections_on_the_way_do_not_count() -> None:
    """Only what stands there when the line is done."""
    typo = [*typed("smu"), (1.0, CURSOR + 1, 2, "um"), *typed("(x)", 1.0, CURSOR + 3)]
    found = figures(recording(*typo, (400.0, 0, 0, "x")), "sum(x)")
    assert found[LINE]["accepted"] == 1


def test_without_a_suggestion_nothing_is_shown() -> None:
    found = figures(recording(*typed("sum(x)"), (400.0, 0, 0, "x")), "")
    assert found[LINE]["shown"] == found[LINE]["accepted"] == 0
    assert found[AUTHOR]["accepted"] == 1


@pytest.mark.parametrize(
    ("suggestion", "text", "is_settled", "length"),
    [
        ("value + 1", "val", False, 0),  # the word may go on
        ("value + 1", "value", False, 0),
        ("value + 1", "value", True, 5),
        ("value + 1", "value ", False, 5),
        ("value", "values", True, 0),
        ("values", "value", True, 0),
        ("f(a, b)", "f(a, c)", True, 4),
        ("\n    return x", "\n    return y", True, 11),
        ("", "x", True, 0),
    ],
)
def test_agreement_is_in_whole_words(
    suggestion: str, text: str, length: int, *, is_settled: bool
) -> None:
    assert agreed_length(suggestion, TypedState(1, 1.0, text, is_settled)) == length


@given(st.text("ab (\n", max_size=8), st.lists(st.text("ab (\n", max_size=8), max_size=4))
def test_what_is_accepted_is_what_was_typed(suggestion: str, texts: list[str]) -> None:
    """And by line never more than one line that says something."""
    for rule, taken in taken_by_rule(suggestion, states(*texts)).items():
        accepted = suggestion[: taken.length]
        assert accepted.strip()
        assert taken.text.startswith(accepted)
        assert taken.text == texts[taken.number]
        assert rule == WORD or "\n" not in accepted.strip()


def test_pauses_after_which_the_author_goes_elsewhere_are_not_measured() -> None:
    author = Author(recording((10.0, 0, 0, "x"), (10.0, 1, 0, "y"), (1.0, 2, 0, "z")))
    pauses = find_pauses(author)
    assert pauses.num_all == 2
    assert [pause.number for pause in pauses.goes_on] == [2]
    assert author.text(2) == "x" + START


def test_a_recording_nobody_types_on_in_is_refused() -> None:
    with pytest.raises(CannotMeasureError, match="name a longer recording"):
        find_pauses(Author(recording((1.0, 0, 0, "x"))))


def test_a_damaged_recording_is_refused() -> None:
    damaged = Recording("bad", START, "other", recording().transactions)
    with pytest.raises(CannotMeasureError, match="it is damaged"):
        Author(damaged)


def test_a_recording_without_times_counts_transactions(tmp_path: Path) -> None:
    """Each is a second; it has no pauses, so every place where the author goes on is one."""
    keys = [[CURSOR + i, 0, key] for i, key in enumerate("sum(x)")]
    others: list[list[Any]] = [[0, 0, "x"] for _ in range(40)]
    end = "x" * 40 + START[:CURSOR] + "sum(x)" + START[CURSOR:]
    patches = [[CURSOR - 1, 1, " "], *keys, *others]
    content = {
        "startContent": START,
        "endContent": end,
        "txns": [{"patches": [p]} for p in patches],
    }
    file = tmp_path / "typed.json.gz"
    file.write_bytes(gzip.compress(json.dumps(content).encode()))
    recorded = read_recording(file)
    assert not recorded.has_times
    found = figures(recorded, "sum(x)")
    assert (found[LINE]["looked@30s"], found[LINE]["looked@5min"]) == (6, 0)
    with pytest.raises(CannotMeasureError, match="does not say when"):
        plan_for(recorded, num_transactions=None, num_samples=1, prompt_tokens=100)


def measured(folder: Path | None, writer: Suggesting) -> Sequence[Row]:
    steps = []
    for number in range(6):
        at = CURSOR + 7 * number
        steps += [*typed("sum(x)", 10.0, at), (1.0, at + 6, 0, "\n")]
    author = Author(recording(*steps, (400.0, 0, 0, "x")))
    plan = choose_pauses(find_pauses(author).goes_on, 100, seed=0)
    journal = open_journal(folder, {"suite": "retention"}, read_record)
    meter = RetentionMeter(author, writer)
    measure_cases(plan, meter, journal, deadline=Deadline(None), audience=SilentAudience())
    return rows_of(journal.records, 0, {"recording": "typed"})


def test_rows_say_what_they_were_taken_from(tmp_path: Path) -> None:
    """A second run measures nothing and says the same."""
    writer = Suggesting("sum(x)")
    rows = measured(tmp_path, writer)
    by_name = {(row.arm, row.metric): row for row in rows}
    accepted = by_name[LINE, "accepted"]
    assert (accepted.value, accepted.n) == (1.0, 6)
    assert accepted.params["statistic"] == "accepted / shown"
    assert by_name[AUTHOR, "kept@5min"].value == 1.0
    assert len(writer.asked) == 6
    assert measured(tmp_path, writer) == rows
    assert len(writer.asked) == 6
    assert "sum" not in (tmp_path / "cases.jsonl").read_text("utf-8")


def test_what_was_never_accepted_has_no_rate_of_being_kept() -> None:
    rows = measured(None, Suggesting("other"))
    assert not [row for row in rows if row.arm == LINE and row.metric.startswith("kept")]
