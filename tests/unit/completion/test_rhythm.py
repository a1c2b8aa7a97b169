"""When a suggestion is begun while somebody types."""

import asyncio

import pytest

from completion.rhythm import LONGEST_WAIT_S, Rhythm
from completion.types import CompletionOptions, EmptyReason
from tests.unit.completion.fakes import CURSOR, NAME, OPENED, FakeEngine, completer_on, says, typed


def rhythm_of(*times_s: float) -> Rhythm:
    rhythm = Rhythm()
    for time_s in times_s:
        rhythm.note_edit(time_s)
    return rhythm


def test_nobody_waits_before_anything_is_typed() -> None:
    assert Rhythm().wait_s(5.0, 0.2, is_adaptive=True) == 0.0


@pytest.mark.parametrize("times_s", [(1.0,), (1.0, 1.1), (1.0, 1.1, 1.2, 3.0)])
def test_a_key_after_a_pause_is_answered_at_once(times_s: tuple[float, ...]) -> None:
    assert rhythm_of(*times_s).wait_s(times_s[-1], 0.0, is_adaptive=True) == 0.0


def test_in_a_burst_one_waits_until_the_next_key_is_overdue() -> None:
    rhythm = rhythm_of(1.0, 1.1, 1.2, 1.3)
    assert rhythm.wait_s(1.3, 0.0, is_adaptive=True) == pytest.approx(0.13)
    assert rhythm.wait_s(1.35, 0.0, is_adaptive=True) == pytest.approx(0.08)
    assert rhythm.wait_s(1.5, 0.0, is_adaptive=True) == 0.0
    assert rhythm.wait_s(1.3, 0.0, is_adaptive=False) == 0.0


def test_slow_typing_is_never_waited_for() -> None:
    assert rhythm_of(1.0, 1.3, 1.6, 1.9).wait_s(1.9, 0.0, is_adaptive=True) == 0.0


@pytest.mark.parametrize("gap_s", [0.01, 0.05, 0.1, 0.115, 0.2, 0.5])
def test_no_wait_is_longer_than_the_longest(gap_s: float) -> None:
    rhythm = rhythm_of(*(gap_s * index for index in range(10)))
    assert rhythm.wait_s(gap_s * 9, 0.0, is_adaptive=True) <= LONGEST_WAIT_S


def test_a_delay_counts_from_the_last_key() -> None:
    rhythm = rhythm_of(1.0)
    assert rhythm.wait_s(1.1, 0.3, is_adaptive=True) == pytest.approx(0.2)
    assert rhythm.wait_s(1.4, 0.3, is_adaptive=True) == 0.0


async def test_another_key_within_the_delay_ends_the_request(engine: FakeEngine) -> None:
    engine.script = says("right")
    completer = completer_on(engine, delay_ms=5000)
    first = typed(OPENED, CURSOR, "l")
    completer.change(first, CURSOR + 1)
    asked = asyncio.create_task(completer.complete(NAME, CURSOR + 1))
    await engine.until(lambda: len(engine.syncs) == 1)
    completer.change(typed(first, CURSOR + 1, "e"), CURSOR + 2)
    invoked = await completer.complete(NAME, CURSOR + 2, CompletionOptions(is_invoked=True))
    asked.cancel()
    assert invoked.text == "right"
    assert len(engine.requests) == 1


async def test_after_the_delay_the_newest_request_is_answered(engine: FakeEngine) -> None:
    engine.script = says("right")
    completer = completer_on(engine, delay_ms=20)
    completer.change(typed(OPENED, CURSOR, "l"), CURSOR + 1)
    requests = [asyncio.create_task(completer.complete(NAME, CURSOR + 1)) for _ in range(3)]
    answers = [each.reason for each in await asyncio.gather(*requests)]
    assert answers == [EmptyReason.SUPERSEDED] * 2 + [None]


async def test_what_is_remembered_is_shown_without_a_delay(engine: FakeEngine) -> None:
    engine.script = says("right")
    completer = completer_on(engine, delay_ms=5000)
    await completer.complete(NAME, CURSOR)
    completer.change(typed(OPENED, CURSOR, "r"), CURSOR + 1)
    async with asyncio.timeout(2):
        assert (await completer.complete(NAME, CURSOR + 1)).text == "ight"
