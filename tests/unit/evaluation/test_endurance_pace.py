"""A recording at its pace: what comes when."""

from dataclasses import replace

import pytest

from evaluation.bench.endurance.pace import LONGEST_PAUSE_S, Pace
from evaluation.errors import CannotMeasureError
from evaluation.trace.recording import Patch, Recording, Transaction
from tests.unit.evaluation.typed_recording import KEYS, START, typed_recording


def at(*times_s: float) -> Recording:
    keys = tuple(Transaction(at_s, (Patch(number, 0, "x"),)) for number, at_s in enumerate(times_s))
    return Recording("made-up", "", "x" * len(times_s), keys)


def pauses_s(recording: Recording) -> list[float]:
    return [stroke.pause_s for stroke in Pace(recording, "python").section(0)[1]]


def test_what_shares_a_second_is_spread_over_it() -> None:
    assert pauses_s(at(5, 5, 6, 6, 6, 6)) == pytest.approx([0.5, 0.5, 0.25, 0.25, 0.25])


def test_a_night_is_shortened() -> None:
    assert pauses_s(at(0, 1, 40_000, 40_001)) == [1, LONGEST_PAUSE_S, 1]


def test_a_section_begins_with_the_text_of_its_time() -> None:
    pace = Pace(typed_recording(), "python")
    assert pace.duration_s == len(KEYS)
    text, strokes = pace.section(7)
    assert text == START + KEYS[:7]
    assert "".join(stroke.patches[0].inserted for stroke in strokes) == KEYS[7:]


def test_beyond_the_end_it_begins_at_the_front_again() -> None:
    pace = Pace(typed_recording(), "python")
    assert pace.section(len(KEYS) + 7) == pace.section(7)


@pytest.mark.parametrize("recording", [replace(at(1, 2), has_times=False), at()])
def test_what_has_no_pace_is_refused(recording: Recording) -> None:
    with pytest.raises(CannotMeasureError, match="name one with times"):
        Pace(recording, "python")
