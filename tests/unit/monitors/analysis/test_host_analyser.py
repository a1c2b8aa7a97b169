"""The client of the analysis host, against a double that misbehaves on purpose."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from monitors.analysis.errors import SetUpError
from monitors.analysis.host_analyser import HostAnalyser, HostPhase, Timing
from monitors.types import Names, Source

DOUBLE = Path(__file__).with_name("double_host.py")
QUICK = Timing(hang_timeout_s=4.0, first_pause_s=0.02, longest_pause_s=0.1)
PATIENT = Timing(hang_timeout_s=30.0, first_pause_s=0.02, longest_pause_s=0.1)
LONG_PAUSE = Timing(first_pause_s=60.0)


class DoubleLaunch:
    """Starts the double, in the manner that is set now."""

    def __init__(self, folder: Path) -> None:
        self.manner = "good"
        self.log = folder / "messages.jsonl"
        self.failure: Exception | None = None
        self.num_starts = 0

    def is_ready(self) -> bool:
        return True

    async def command(self) -> Sequence[str]:
        self.num_starts += 1
        if self.failure is not None:
            raise self.failure
        return sys.executable, "-I", str(DOUBLE), self.manner, str(self.log)

    def messages(self) -> list[dict[str, Any]]:
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def launch(tmp_path: Path) -> DoubleLaunch:
    return DoubleLaunch(tmp_path)


@pytest.fixture
async def made(launch: DoubleLaunch) -> AsyncIterator[Callable[..., HostAnalyser]]:
    analysers: list[HostAnalyser] = []

    def make(timing: Timing = PATIENT, **more: Any) -> HostAnalyser:
        analysers.append(HostAnalyser(launch, [Path("/work")], timing=timing, **more))
        return analysers[-1]

    yield make
    for analyser in analysers:
        await analyser.aclose()


def source(text: str = "x.", name: str = "a.py") -> Source:
    return Source(Path("/work") / name, "python", text)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what other processes do."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # another process sets no event of ours
            await asyncio.sleep(0.01)


async def asked_until(analyser: HostAnalyser, condition: Callable[[Names], bool]) -> None:
    """Ask again and again."""
    async with asyncio.timeout(60):
        while not condition(await analyser.members(source(), 2)):  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.01)


async def answered(analyser: HostAnalyser) -> None:
    await asked_until(analyser, lambda names: bool(names.names))


async def test_an_answer_comes_as_names_with_who_says_so(made: Any) -> None:
    names = await made().members(source("four"), 2)
    assert names.names == {"length_4"}
    assert names.analyser == "double"
    assert names.took_ms > 0


async def test_a_signature_comes_whole(made: Any) -> None:
    signature = await made().signature(source(), 2)
    assert signature is not None
    assert signature.keywords == {"end", "sep"}
    assert signature.most_positional == 2
    assert not signature.takes_any_keyword


async def test_nothing_is_started_before_something_is_opened(made: Any, launch: Any) -> None:
    analyser = made()
    assert analyser.phase is HostPhase.IDLE
    await asyncio.sleep(0)
    assert launch.num_starts == 0
    analyser.open(source())
    await until(lambda: analyser.phase is HostPhase.RUNNING)


async def test_the_host_is_told_of_folders_then_of_documents(made: Any, launch: Any) -> None:
    analyser = made(interpreter=Path("/opt/python"))
    analyser.open(source("first"))
    analyser.change(source("second"))
    await answered(analyser)
    analyser.change(source("third"))
    analyser.close(source().path)
    await until(lambda: launch.messages()[-1]["method"] == "close")
    told = [(m["method"], m["params"].get("text")) for m in launch.messages() if "id" not in m]
    assert told == [("initialize", None), ("open", "second"), ("change", "third"), ("close", None)]
    first = launch.messages()[0]["params"]
    assert first == {"folders": ["/work"], "interpreter": "/opt/python"}


async def test_a_change_of_what_was_never_opened_opens_it(made: Any, launch: Any) -> None:
    analyser = made()
    analyser.change(source("text"))
    await until(lambda: bool(launch.messages()) and launch.messages()[-1]["method"] == "open")


async def test_a_killed_host_is_started_again_and_told_all_again(made: Any, launch: Any) -> None:
    analyser = made()
    analyser.open(source("before"))
    await answered(analyser)
    os.kill(launch.messages()[0]["pid"], signal.SIGKILL)
    await until(lambda: analyser.phase is not HostPhase.RUNNING)
    analyser.change(source("while it was down"))
    await answered(analyser)
    opened = [m["params"]["text"] for m in launch.messages() if m["method"] == "open"]
    assert opened == ["before", "while it was down"]


async def test_a_question_to_a_host_that_dies_is_answered_with_a_reason(
    made: Any, launch: Any
) -> None:
    launch.manner = "dies"
    names = await made().members(source(), 2)
    assert not names.names
    assert names.reason == "the analysis host ended"


async def test_while_the_host_is_down_nobody_waits(made: Any, launch: Any) -> None:
    launch.manner = "dies"
    analyser = made(LONG_PAUSE)
    await analyser.members(source(), 2)
    await until(lambda: analyser.phase is HostPhase.FAILED)
    names = await analyser.members(source(), 2)
    assert names.reason == "analysis is failed"
    assert await analyser.signature(source(), 2) is None


@pytest.mark.parametrize("manner", ["deaf", "garbage"])
async def test_a_host_that_makes_no_sense_is_killed_and_replaced(
    made: Any, launch: Any, manner: str
) -> None:
    launch.manner = manner
    analyser = made(QUICK)
    names = await analyser.members(source(), 2)
    assert not names.names
    launch.manner = "good"
    await answered(analyser)
    pids = {message["pid"] for message in launch.messages()}
    assert len(pids) >= 2
    assert sum(psutil.pid_exists(pid) for pid in pids) == 1


async def test_a_stopped_host_is_killed_after_a_bounded_time(made: Any, launch: Any) -> None:
    analyser = made(QUICK)
    await answered(analyser)
    stopped = launch.messages()[0]["pid"]
    os.kill(stopped, signal.SIGSTOP)
    names = await analyser.members(source(), 2)
    assert names.reason == "the analysis host ended"
    await answered(analyser)
    assert not psutil.pid_exists(stopped)


async def test_a_host_that_gives_signs_of_life_is_not_killed(made: Any, launch: Any) -> None:
    """A server may take long to start; the host itself answers all the while."""
    launch.manner = "silent"
    analyser = made(QUICK)
    question = asyncio.ensure_future(analyser.members(source(), 2))
    signs = lambda: [m for m in launch.messages() if m["method"] == "status"]  # noqa: E731
    await until(lambda: len(signs()) >= 3)
    assert not question.done()
    assert launch.num_starts == 1
    question.cancel()


async def test_a_cancelled_question_is_cancelled_there_too(made: Any, launch: Any) -> None:
    launch.manner = "silent"
    analyser = made()
    question = asyncio.ensure_future(analyser.members(source(), 2))
    await until(lambda: any(m["method"] == "members" for m in launch.messages()))
    question.cancel()
    await until(lambda: launch.messages()[-1]["method"] == "cancel")
    asked = next(m for m in launch.messages() if m["method"] == "members")
    assert launch.messages()[-1]["params"] == {"id": asked["id"]}


async def test_a_lasting_failure_is_told_once_and_then_again_after_it_was_over(
    made: Any, launch: Any
) -> None:
    notices: list[str] = []
    launch.manner = "dies"
    analyser = made(on_notice=notices.append)
    await asked_until(analyser, lambda _names: launch.num_starts == 6)
    assert len(notices) == 1
    launch.manner = "good"
    await answered(analyser)
    launch.manner = "dies"
    os.kill(launch.messages()[-1]["pid"], signal.SIGKILL)
    await asked_until(analyser, lambda _names: launch.num_starts == 12)
    assert len(notices) == 2


async def test_what_cannot_be_installed_is_told_at_once_and_tried_again(
    made: Any, launch: Any
) -> None:
    notices: list[str] = []
    launch.failure = SetUpError("pip cannot reach its registry.")
    analyser = made(on_notice=notices.append)
    assert (await analyser.members(source(), 2)).reason == "analysis is failed"
    await until(lambda: launch.num_starts >= 3)
    assert notices == ["pip cannot reach its registry."]
    launch.failure = None
    await answered(analyser)


async def test_a_language_that_keeps_failing_is_told_once(made: Any, launch: Any) -> None:
    notices: list[str] = []
    launch.manner = "failing language"
    analyser = made(on_notice=notices.append)
    await answered(analyser)
    await answered(analyser)
    assert notices == ["It fails."]
    status = await analyser.status()
    assert status["languages"] == [{"name": "python", "phase": "failed", "message": "It fails."}]


async def test_closing_leaves_no_process(made: Any, launch: Any) -> None:
    analyser = made()
    await answered(analyser)
    await analyser.aclose()
    assert not psutil.pid_exists(launch.messages()[0]["pid"])
    assert (await analyser.members(source(), 2)).reason == "analysis is closed"


async def test_other_folders_reach_a_host_that_runs_and_one_that_is_started(
    made: Any, launch: DoubleLaunch
) -> None:
    analyser = made()
    await answered(analyser)
    analyser.use_folders([Path("/work"), Path("/more")])
    told = {"folders": ["/work", "/more"]}
    await until(lambda: ("folders", told) in params_of(launch, "folders"))
    os.kill(launch.messages()[-1]["pid"], signal.SIGKILL)
    await until(lambda: launch.num_starts == 2)
    await answered(analyser)
    (first, second) = (params for _, params in params_of(launch, "initialize"))
    assert (first["folders"], second["folders"]) == (["/work"], told["folders"])


def params_of(launch: DoubleLaunch, method: str) -> list[tuple[str, dict[str, Any]]]:
    return [(method, each["params"]) for each in launch.messages() if each["method"] == method]
