"""The worker: urgency, turns, newest wins, cancelling, preempting."""

import queue
from collections.abc import Callable, Generator, Iterator

import pytest

from engine.errors import EngineUnavailableError, SupersededError
from engine.service.worker import AbandonedError, Job, Priority, Worker
from engine.types import Checkpoint
from tests.unit.engine.doubles import WAIT_S, Gate

Factory = Callable[[Checkpoint], Generator[str, None, None]]


class Listener:
    """Keeps what jobs tell, in order."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.ends: queue.Queue[tuple[object, Exception | None]] = queue.Queue()

    def job(self, key: object, priority: Priority, start: Factory) -> Job[str]:
        return Job(key, priority, start, self.steps.append, lambda e: self.ends.put((key, e)))

    def wait_for_end(self) -> tuple[object, Exception | None]:
        return self.ends.get(timeout=WAIT_S)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    worker.start()
    yield worker
    assert worker.stop(WAIT_S)


def counting(name: str, num_steps: int = 2) -> Factory:
    def start(_: Checkpoint) -> Generator[str, None, None]:
        for step in range(num_steps):
            yield f"{name}{step}"

    return start


def held(gate: Gate, name: str = "held") -> Factory:
    """One step that stops at the gate and then looks whether it may go on."""

    def start(checkpoint: Checkpoint) -> Generator[str, None, None]:
        gate.pass_through()
        checkpoint()
        yield name

    return start


def hold(worker: Worker, listener: Listener, priority: Priority = Priority.DECODE) -> Gate:
    gate = Gate()
    worker.submit(listener.job("held", priority, held(gate)))
    gate.wait_for_arrival()
    return gate


def test_more_urgent_work_runs_first(worker: Worker, listener: Listener) -> None:
    gate = hold(worker, listener, Priority.QUESTION)
    for priority in reversed(Priority):
        worker.submit(listener.job(priority, priority, counting(priority.name, 1)))
    gate.open()
    ends = [listener.wait_for_end()[0] for _ in range(1 + len(Priority))]
    assert ends == ["held", *Priority]
    assert listener.steps == ["held", *(f"{priority.name}0" for priority in Priority)]


def test_keys_of_one_priority_take_turns_step_by_step(worker: Worker, listener: Listener) -> None:
    gate = hold(worker, listener)
    worker.submit(listener.job("a", Priority.SYNC, counting("a")))
    worker.submit(listener.job("b", Priority.SYNC, counting("b")))
    gate.open()
    for _ in range(3):
        listener.wait_for_end()
    assert listener.steps == ["held", "a0", "b0", "a1", "b1"]


def test_newest_wins_over_a_waiting_job(worker: Worker, listener: Listener) -> None:
    gate = hold(worker, listener)
    worker.submit(listener.job("a", Priority.SYNC, counting("old")))
    worker.submit(listener.job("a", Priority.SYNC, counting("new")))
    gate.open()
    ends = [listener.wait_for_end() for _ in range(3)]
    assert isinstance(ends[0][1], SupersededError), "told before any other work begins"
    assert ends[1:] == [("held", None), ("a", None)]
    assert listener.steps == ["held", "new0", "new1"]


def test_newest_wins_over_a_running_job_between_layers(worker: Worker, listener: Listener) -> None:
    gate = Gate()
    worker.submit(listener.job("a", Priority.SYNC, held(gate, "old")))
    gate.wait_for_arrival()
    worker.submit(listener.job("a", Priority.SYNC, counting("new")))
    gate.open()
    assert isinstance(listener.wait_for_end()[1], SupersededError)
    assert listener.wait_for_end() == ("a", None)
    assert "old" not in listener.steps


def test_a_superseded_generator_is_closed_before_the_newer_begins(
    worker: Worker, listener: Listener
) -> None:
    order: list[str] = []
    in_first_step, in_other_job = Gate(), Gate()

    def old(_: Checkpoint) -> Generator[str, None, None]:
        try:
            in_first_step.pass_through()
            yield "old"
            order.append("resumed")
        finally:
            order.append("closed")

    def new(_: Checkpoint) -> Generator[str, None, None]:
        order.append("new")
        yield "new"

    worker.submit(listener.job("a", Priority.SYNC, old))
    in_first_step.wait_for_arrival()
    worker.submit(listener.job("b", Priority.DECODE, held(in_other_job)))
    in_first_step.open()
    in_other_job.wait_for_arrival()
    worker.submit(listener.job("a", Priority.SYNC, new))
    in_other_job.open()
    for _ in range(3):
        listener.wait_for_end()
    assert order == ["closed", "new"]


def test_cancelled_work_ends_between_layers(worker: Worker, listener: Listener) -> None:
    gate = Gate()
    job = listener.job("a", Priority.DECODE, held(gate))
    worker.submit(job)
    gate.wait_for_arrival()
    worker.cancel(job)
    gate.open()
    assert isinstance(listener.wait_for_end()[1], AbandonedError)
    assert listener.steps == []


def test_a_job_is_told_its_end_once_even_if_cancelled_after(
    worker: Worker, listener: Listener
) -> None:
    job = listener.job("a", Priority.DECODE, counting("a"))
    worker.submit(job)
    assert listener.wait_for_end() == ("a", None)
    worker.cancel(job)
    worker.submit(listener.job("b", Priority.DECODE, counting("b")))
    assert listener.wait_for_end() == ("b", None)


def test_refresh_is_preempted_between_layers_and_begun_anew(
    worker: Worker, listener: Listener
) -> None:
    gates = [Gate(), Gate()]
    gates[1].open()
    starts = iter(gates)

    def refresh(checkpoint: Checkpoint) -> Generator[str, None, None]:
        yield from held(next(starts), "refreshed")(checkpoint)

    worker.submit(listener.job("a", Priority.REFRESH, refresh))
    gates[0].wait_for_arrival()
    worker.submit(listener.job("b", Priority.DECODE, counting("b", 1)))
    gates[0].open()
    assert [listener.wait_for_end()[0] for _ in range(2)] == ["b", "a"]
    assert listener.steps == ["b0", "refreshed"]


def test_a_refresh_between_two_steps_holds_nothing_while_others_work(
    worker: Worker, listener: Listener
) -> None:
    order: list[str] = []
    in_first_step = Gate()

    def refresh(_: Checkpoint) -> Generator[str, None, None]:
        order.append("begun")
        try:
            in_first_step.pass_through()
            yield "refreshed"
        finally:
            order.append("left")

    def urgent(_: Checkpoint) -> Generator[str, None, None]:
        order.append("urgent")
        yield "urgent"

    worker.submit(listener.job("a", Priority.REFRESH, refresh))
    in_first_step.wait_for_arrival()
    worker.submit(listener.job("b", Priority.DECODE, urgent))
    in_first_step.open()
    for _ in range(2):
        listener.wait_for_end()
    assert order == ["begun", "left", "urgent", "begun", "left"]


def test_a_question_waits_for_the_end_of_a_step(worker: Worker, listener: Listener) -> None:
    """Whoever asks often does not keep idle work from getting on."""
    gate = hold(worker, listener, Priority.REFRESH)
    worker.submit(listener.job("b", Priority.QUESTION, counting("answer", 1)))
    gate.open()
    for _ in range(2):
        listener.wait_for_end()
    assert listener.steps[:2] == ["held", "answer0"]


def test_a_sync_is_not_preempted_between_layers(worker: Worker, listener: Listener) -> None:
    gate = hold(worker, listener, Priority.SYNC)
    worker.submit(listener.job("b", Priority.DECODE, counting("b", 1)))
    gate.open()
    ends = [listener.wait_for_end() for _ in range(2)]
    assert listener.steps == ["held", "b0"]
    assert [error for _, error in ends] == [None, None]


def test_an_error_ends_its_own_job_only(worker: Worker, listener: Listener) -> None:
    def failing(_: Checkpoint) -> Generator[str, None, None]:
        raise ZeroDivisionError
        yield ""

    worker.submit(listener.job("a", Priority.DECODE, failing))
    assert isinstance(listener.wait_for_end()[1], ZeroDivisionError)
    worker.submit(listener.job("a", Priority.DECODE, counting("a", 1)))
    assert listener.wait_for_end() == ("a", None)


def test_stopping_ends_running_and_waiting_jobs(listener: Listener) -> None:
    worker = Worker()
    worker.start()
    gate = hold(worker, listener)
    worker.submit(listener.job("waiting", Priority.SYNC, counting("waiting")))
    assert not worker.stop(timeout_s=0), "the held pass cannot have ended yet"
    gate.open()
    assert worker.stop(WAIT_S)
    ends = [listener.wait_for_end() for _ in range(2)]
    assert all(isinstance(error, EngineUnavailableError) for _, error in ends)
    with pytest.raises(EngineUnavailableError):
        worker.submit(listener.job("late", Priority.SYNC, counting("late")))
