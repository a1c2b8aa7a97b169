"""Idle work: which document first, when it begins, when it rests, and when it must not run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.service.idle import POWER_CHECK_S, IdleRefresh
from engine.service.limits import RefreshLimits
from engine.service.pool import CacheKey, CachePool
from engine.service.power import is_on_battery
from engine.service.steps import Bench, refresh_slice
from engine.service.worker import AbandonedError
from engine.settings import EngineSettings
from engine.types import never_interrupt
from tests.unit.engine.doubles import SLICE_TOKENS, ModelDouble, loaded

A, B, C = (CacheKey("window", name) for name in ("a.py", "b.py", "c.py"))
PAUSE_S = 0.5


class FakeTimer:
    """Keeps what is to happen later, until the test lets it happen."""

    def __init__(self) -> None:
        self.delays_s: list[float] = []
        self._callback: Callable[[], None] | None = None

    def call_later(self, delay_s: float, callback: Callable[..., None], *args: Any) -> "FakeTimer":
        self.delays_s.append(delay_s)
        self._callback = lambda: callback(*args)
        return self

    def cancel(self) -> None:
        self._callback = None

    @property
    def is_set(self) -> bool:
        return self._callback is not None

    def fire(self) -> None:
        callback, self._callback = self._callback, None
        assert callback is not None, "nothing was to happen later"
        callback()


class FakeDispatcher:
    """Takes jobs and lets the test say what comes of them."""

    def __init__(self) -> None:
        self.on_steps: list[Callable[[float], None]] = []
        self.on_ends: list[Callable[[Exception | None], None]] = []
        self.cancelled: list[int] = []

    def submit(self, _key: object, _priority: object, _start: object, step: Any, end: Any) -> int:
        self.on_steps.append(step)
        self.on_ends.append(end)
        return len(self.on_ends) - 1

    def cancel(self, job: int) -> None:
        self.cancelled.append(job)

    def finish(self, worked_s: float) -> None:
        """Let the newest slice come to its end."""
        self.on_steps[-1](worked_s)
        self.on_ends[-1](None)


class Idle:
    """Idle work with a timer, a worker and a power supply in the test's hands."""

    def __init__(self, wish: str = "auto", percent: int = 100) -> None:
        self.timer, self.dispatcher = FakeTimer(), FakeDispatcher()
        self.is_on_battery = False
        limits = RefreshLimits(wish, percent, is_on_battery=lambda: self.is_on_battery)
        self.refresh = IdleRefresh(
            self.dispatcher,  # type: ignore[arg-type]
            PAUSE_S,
            limits,
            self.timer.call_later,
        )
        self.bench = bench_of(ModelDouble())

    @property
    def num_begun(self) -> int:
        return len(self.dispatcher.on_ends)


def bench_of(model: ModelDouble) -> Bench:
    return Bench(loaded(model), CachePool(model, 1000))  # type: ignore[arg-type]


def fill(bench: Bench, key: CacheKey) -> None:
    with bench.pool.lend(key, 2 * SLICE_TOKENS) as cache:
        for _ in cache.sync(np.arange(2 * SLICE_TOKENS, dtype=np.int32), 0, never_interrupt):
            pass


def exact_tokens(bench: Bench, *keys: CacheKey) -> list[int]:
    caches = (bench.pool.find(key) for key in keys)
    return [cache.exact_prefix for cache in caches if cache is not None]


def one_slice(bench: Bench) -> list[float]:
    return list(refresh_slice(bench, lambda: 0.0, never_interrupt))


def test_slices_go_to_the_document_used_last_until_it_is_exact() -> None:
    bench = bench_of(ModelDouble())
    for key in (A, B, C, A):
        fill(bench, key)
    states = []
    while one_slice(bench):
        states.append(exact_tokens(bench, A, C, B))
    half, whole = SLICE_TOKENS, 2 * SLICE_TOKENS
    assert states == [
        [half, 0, 0],
        [whole, 0, 0],
        [whole, half, 0],
        [whole, whole, 0],
        [whole, whole, half],
        [whole, whole, whole],
    ]


def test_a_document_used_meanwhile_comes_first() -> None:
    bench = bench_of(ModelDouble())
    fill(bench, A)
    fill(bench, B)
    one_slice(bench)
    fill(bench, A)
    one_slice(bench)
    assert exact_tokens(bench, A, B) == [SLICE_TOKENS, SLICE_TOKENS]


def test_closed_documents_are_left_as_they_are() -> None:
    bench = bench_of(ModelDouble())
    fill(bench, A)
    bench.pool.close_document(A)
    assert one_slice(bench) == []
    assert exact_tokens(bench, A) == [0]


def test_a_slice_tells_how_long_it_took() -> None:
    bench = bench_of(ModelDouble())
    fill(bench, A)
    seconds = iter([10.0, 12.5])
    assert list(refresh_slice(bench, lambda: next(seconds), never_interrupt)) == [2.5]


def test_it_begins_after_a_pause_and_goes_on_at_once() -> None:
    idle = Idle()
    idle.refresh.begin(idle.bench)
    assert idle.num_begun == 0
    idle.timer.fire()
    idle.dispatcher.finish(worked_s=0.4)
    idle.timer.fire()
    assert idle.timer.delays_s == [PAUSE_S, 0.0]
    assert idle.num_begun == 2


def test_it_rests_in_proportion_to_its_work() -> None:
    idle = Idle(percent=25)
    idle.refresh.begin(idle.bench)
    idle.timer.fire()
    idle.dispatcher.finish(worked_s=2.0)
    assert idle.timer.delays_s == [PAUSE_S, pytest.approx(6.0)]


def test_it_ends_when_nothing_is_left_to_refresh() -> None:
    idle = Idle()
    idle.refresh.begin(idle.bench)
    idle.timer.fire()
    idle.dispatcher.on_ends[-1](None)
    assert not idle.timer.is_set
    assert not idle.refresh.is_running


def test_it_waits_for_mains_and_then_goes_on() -> None:
    idle = Idle()
    idle.is_on_battery = True
    idle.refresh.begin(idle.bench)
    idle.timer.fire()
    assert idle.num_begun == 0
    idle.is_on_battery = False
    idle.timer.fire()
    assert idle.timer.delays_s == [PAUSE_S, POWER_CHECK_S]
    assert idle.num_begun == 1


def test_it_stops_before_the_next_slice_when_mains_goes() -> None:
    idle = Idle()
    idle.refresh.begin(idle.bench)
    idle.timer.fire()
    idle.is_on_battery = True
    idle.dispatcher.finish(worked_s=0.4)
    idle.timer.fire()
    assert idle.num_begun == 1


def test_on_means_on_battery_too() -> None:
    idle = Idle("on")
    idle.is_on_battery = True
    idle.refresh.begin(idle.bench)
    idle.timer.fire()
    assert idle.num_begun == 1


def test_off_means_never() -> None:
    idle = Idle("off")
    idle.refresh.begin(idle.bench)
    assert not idle.timer.is_set


def test_new_work_ends_the_slice_under_way_for_good() -> None:
    idle = Idle()
    idle.refresh.begin(idle.bench)
    idle.timer.fire()
    idle.refresh.end()
    idle.dispatcher.on_ends[-1](AbandonedError("gone"))
    assert idle.dispatcher.cancelled == [0]
    assert not idle.timer.is_set


def test_a_slice_that_was_done_just_then_begins_no_other() -> None:
    idle = Idle()
    idle.refresh.begin(idle.bench)
    idle.timer.fire()
    idle.refresh.begin(idle.bench)
    idle.dispatcher.finish(worked_s=0.4)
    assert idle.timer.delays_s == [PAUSE_S, PAUSE_S]


def test_a_slice_that_failed_is_not_tried_again_at_once() -> None:
    idle = Idle()
    idle.refresh.begin(idle.bench)
    idle.timer.fire()
    idle.dispatcher.on_ends[-1](RuntimeError("a bug"))
    assert not idle.timer.is_set


def test_the_limits_are_those_of_the_settings() -> None:
    limits = RefreshLimits.of(EngineSettings(refresh="off", refresh_percent=40))
    assert (limits.wish, limits.percent) == ("off", 40)


LAPTOP_BATTERY = {"type": "Battery", "status": "Discharging"}


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ({}, False),
        ({"BAT0": LAPTOP_BATTERY}, True),
        ({"BAT0": LAPTOP_BATTERY | {"scope": "System"}, "AC": {"online": "0"}}, True),
        ({"BAT0": {"status": "Charging"}, "AC": {"online": "1"}}, False),
        ({"BAT0": {"status": "Not charging"}, "AC": {"online": "1"}}, False),
        ({"BAT0": LAPTOP_BATTERY, "USBC": {"online": "1"}}, False),
        ({"mouse": LAPTOP_BATTERY | {"scope": "Device"}}, False),
        ({"BAT0": LAPTOP_BATTERY, "pen": {"scope": "Device", "online": "1"}}, True),
        ({"AC": {"online": "1"}}, False),
    ],
)
def test_a_battery_counts_while_it_alone_feeds_the_machine(
    tmp_path: Path, *, supplies: dict[str, dict[str, str]], expected: bool
) -> None:
    for name, properties in supplies.items():
        (tmp_path / name).mkdir()
        for key, value in properties.items():
            (tmp_path / name / key).write_text(f"{value}\n")
    assert is_on_battery(tmp_path) is expected


def test_a_system_that_does_not_tell_counts_as_fed(tmp_path: Path) -> None:
    assert not is_on_battery(tmp_path / "missing")
