"""One analyser and its queue: who is asked, who wins, and what happens when it fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from monitors.host import lane as lanes
from monitors.host.analysers import (
    AnalyserChoice,
    Call,
    Document,
    Found,
    ServerGoneError,
    Workspace,
)
from monitors.host.lane import Lane, Phase

CHOICE = AnalyserChoice("python", ".nowhere:Nothing", most_memory_bytes=1000)


class Fake:
    """An analyser whose answers wait until they are let go."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.is_closed = False

    async def start(self, workspace: Workspace) -> None:
        self.world.started_with.append(workspace)
        if self.world.start_failure:
            raise ServerGoneError(self.world.start_failure)

    async def use_workspace(self, workspace: Workspace) -> bool:
        self.world.moved_to.append(workspace)
        return self.world.can_be_told

    async def open(self, document: Document) -> None:
        self.world.told.append(("open", document.text))

    async def change(self, document: Document) -> None:
        self.world.told.append(("change", document.text))

    async def close(self, path: Path) -> None:
        self.world.told.append(("close", path.name))

    async def members(self, document: Document, offset: int) -> Found:
        self.world.asked.append(document.text)
        self.world.num_asked_at_once += 1
        self.world.most_at_once = max(self.world.most_at_once, self.world.num_asked_at_once)
        try:
            await self.world.gate.wait()
        finally:
            self.world.num_asked_at_once -= 1
        if self.world.failure:
            raise self.world.failure
        return Found(frozenset({f"{document.text}_{offset}"}), "fake")

    async def signature(self, document: Document, offset: int) -> Call | None:  # noqa: ARG002
        return Call(frozenset({"end"}), takes_any_keyword=False, most_positional=1)

    def is_reading(self) -> bool:
        return self.world.is_reading

    def process_ids(self) -> tuple[int, ...]:
        return self.world.process_ids

    async def aclose(self) -> None:
        self.is_closed = True


class World:
    """What the fakes do and what they saw."""

    def __init__(self) -> None:
        self.made: list[Fake] = []
        self.started_with: list[Workspace] = []
        self.moved_to: list[Workspace] = []
        self.can_be_told = True
        self.told: list[tuple[str, str]] = []
        self.asked: list[str] = []
        self.num_asked_at_once = self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.start_failure = ""
        self.is_reading = False
        self.process_ids: tuple[int, ...] = (1,)
        self.phases: list[tuple[str, str]] = []
        self.resident_bytes = 0

    def make(self, _choice: AnalyserChoice) -> Fake:
        self.made.append(Fake(self))
        return self.made[-1]


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(lanes, "make_analyser", world.make)
    monkeypatch.setattr(lanes, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(lanes, "LONGEST_PAUSE_S", 0.01)
    monkeypatch.setattr(lanes, "resident_bytes", lambda _ids: world.resident_bytes)
    return world


@pytest.fixture
async def lane(world: World) -> AsyncIterator[Lane]:
    lane = Lane(CHOICE, Workspace(), lambda _name, phase, text: world.phases.append((phase, text)))
    yield lane
    await lane.aclose()


def document(text: str, name: str = "a.py") -> Document:
    return Document(Path("/work") / name, "python", text)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # it has no event of ours
            await asyncio.sleep(0)


def ask(lane: Lane, text: str, name: str = "a.py", method: str = "members") -> asyncio.Task[Any]:
    return asyncio.ensure_future(lane.ask(method, document(text, name), 7))


async def test_an_answer_comes_through(lane: Lane) -> None:
    found = await lane.ask("members", document("x."), 2)
    assert found == Found(frozenset({"x._2"}), "fake", "")


async def test_one_question_at_a_time(lane: Lane, world: World) -> None:
    questions = [ask(lane, "same", f"{name}.py") for name in "abcd"]
    await asyncio.gather(*questions)
    assert world.asked == ["same"] * 4
    assert world.most_at_once == 1


async def test_a_newer_text_of_a_path_ends_older_questions_at_once(
    lane: Lane, world: World
) -> None:
    world.gate.clear()
    running, waiting = ask(lane, "one"), ask(lane, "two")
    await until(lambda: world.asked == ["two"])  # "one" was never even begun, or is let go
    newest = ask(lane, "three")
    for older in (running, waiting):
        assert (await older) == Found(reason="superseded")
    world.gate.set()
    assert (await newest).names == {"three_7"}


async def test_questions_about_the_same_text_do_not_end_each_other(
    lane: Lane, world: World
) -> None:
    world.gate.clear()
    questions = [ask(lane, "same") for _ in range(3)]
    await until(lambda: world.num_asked_at_once == 1)
    world.gate.set()
    assert [found.names for found in await asyncio.gather(*questions)] == [{"same_7"}] * 3


async def test_questions_about_other_paths_do_not_end_each_other(lane: Lane, world: World) -> None:
    world.gate.clear()
    first, second = ask(lane, "one", "a.py"), ask(lane, "two", "b.py")
    await until(lambda: world.num_asked_at_once == 1)
    world.gate.set()
    assert (await first).names == {"one_7"}
    assert (await second).names == {"two_7"}


async def test_the_document_that_was_asked_about_last_comes_first(lane: Lane, world: World) -> None:
    world.gate.clear()
    asked = [ask(lane, "running", "z.py")]
    await until(lambda: world.asked == ["running"])
    asked += [ask(lane, text, f"{text}.py") for text in ("one", "two", "one", "two")]
    await asyncio.sleep(0)
    world.gate.set()
    await asyncio.gather(*asked)
    assert world.asked == ["running", "two", "two", "one", "one"]


async def test_what_is_read_ahead_is_said(lane: Lane, world: World) -> None:
    assert lane.status()["reading"]  # nothing was started yet
    await lane.ask("members", document("x."), 2)
    await until(lambda: not lane.status()["reading"])
    world.is_reading = True
    assert lane.status()["reading"]


async def test_a_cancelled_question_makes_room_for_the_next(lane: Lane, world: World) -> None:
    world.gate.clear()
    first = ask(lane, "one", "a.py")
    await until(lambda: world.asked == ["one"])
    first.cancel()
    second = ask(lane, "two", "b.py")
    await until(lambda: world.asked == ["one", "two"])
    world.gate.set()
    assert (await second).names == {"two_7"}


async def test_documents_are_told_before_questions_and_only_as_they_are_now(
    lane: Lane, world: World
) -> None:
    lane.open(document("first"))
    lane.change(document("second"))
    await lane.ask("members", document("x."), 2)
    assert world.told == [("open", "second")]
    lane.change(document("third"))
    lane.close(Path("/work/a.py"))
    await lane.ask("members", document("x."), 2)
    assert world.told[1:] == [("close", "a.py")]


@pytest.mark.parametrize("failure", [ServerGoneError("It died."), RuntimeError("a bug")])
async def test_after_a_failure_it_is_made_anew_and_told_all_again(
    lane: Lane, world: World, failure: Exception
) -> None:
    lane.open(document("text"))
    world.failure = failure
    found = await lane.ask("members", document("x."), 2)
    assert not found.names
    assert found.reason
    world.failure = None
    await until(lambda: lane.phase is Phase.READY and len(world.made) == 2)
    assert (await lane.ask("members", document("x."), 2)).names
    assert world.made[0].is_closed
    assert world.told == [("open", "text")] * 2


async def test_while_it_is_down_questions_end_at_once(
    lane: Lane, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "FIRST_PAUSE_S", 60.0)
    monkeypatch.setattr(lanes, "LONGEST_PAUSE_S", 60.0)
    world.start_failure = "ty is not installed."
    assert (await lane.ask("members", document("x."), 2)).reason == "python failed"
    assert (await lane.ask("members", document("x."), 2)).reason == "python failed"
    assert await lane.ask("signature", document("x."), 2) is None
    assert world.phases[-1] == (Phase.FAILED, "ty is not installed.")


async def test_a_hung_analyser_is_given_up_after_a_bounded_time(
    lane: Lane, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lane.ask("members", document("x."), 2)
    monkeypatch.setattr(lanes._bounded, "__defaults__", (0.05,))
    world.gate.clear()
    assert not (await lane.ask("members", document("y."), 2)).names
    world.gate.set()
    await until(lambda: len(world.made) == 2)


@pytest.mark.parametrize("is_busy", [True, False])
async def test_an_analyser_that_holds_too_much_memory_is_made_anew(
    lane: Lane, world: World, *, is_busy: bool
) -> None:
    await lane.ask("members", document("x."), 2)
    lane.check()
    assert lane.phase is Phase.READY
    if is_busy:
        world.gate.clear()
        question = ask(lane, "y.")
        await until(lambda: world.num_asked_at_once == 1)
    world.resident_bytes = 2000 * 2**20
    lane.check()
    world.resident_bytes = 0
    world.gate.set()
    await until(lambda: len(world.made) == 2 and lane.phase is Phase.READY)
    assert (Phase.FAILED, "It held 2000 MiB, which is too much.") in world.phases
    if is_busy:
        assert not (await question).names


async def test_an_analyser_whose_processes_ended_is_made_anew(lane: Lane, world: World) -> None:
    await lane.ask("members", document("x."), 2)
    world.process_ids = ()
    lane.check()
    world.process_ids = (1,)
    await until(lambda: len(world.made) == 2 and lane.phase is Phase.READY)


async def test_closing_ends_the_analyser_and_answers_all(lane: Lane, world: World) -> None:
    world.gate.clear()
    running = ask(lane, "one", "a.py")
    await until(lambda: world.num_asked_at_once == 1)
    waiting = ask(lane, "two", "b.py")
    await asyncio.sleep(0)
    await lane.aclose()
    assert world.made[0].is_closed
    assert not (await running).names
    assert (await waiting).reason == "stopped"


ELSEWHERE = Workspace((Path("/elsewhere"),))


async def test_an_analyser_is_told_of_other_folders_once(world: World, lane: Lane) -> None:
    await lane.ask("members", document("x."), 2)
    lane.use_workspace(ELSEWHERE)
    for text in ("y.", "z."):
        await lane.ask("members", document(text), 2)
    assert world.moved_to == [ELSEWHERE]
    assert len(world.made) == 1


async def test_one_that_cannot_be_told_starts_anew_over_them(world: World, lane: Lane) -> None:
    world.can_be_told = False
    lane.open(document("x."))
    await lane.ask("members", document("x."), 2)
    lane.use_workspace(ELSEWHERE)
    assert (await lane.ask("members", document("y."), 2)).names == {"y._2"}
    assert world.started_with == [Workspace(), ELSEWHERE]
    assert world.told == [("open", "x."), ("open", "x.")]
    assert world.made[0].is_closed
    assert Phase.FAILED not in [phase for phase, _ in world.phases]


async def test_one_that_was_not_started_yet_starts_over_them(world: World, lane: Lane) -> None:
    lane.use_workspace(ELSEWHERE)
    await lane.ask("members", document("x."), 2)
    assert (world.started_with, world.moved_to) == ([ELSEWHERE], [])
