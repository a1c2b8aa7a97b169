"""The processes of analysis: killed, stopped, closed, and left behind by a window that crashed."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.host_analyser import HostAnalyser, HostPhase
from tests.e2e.analysis.shop import answered, processes, source

pytestmark = pytest.mark.e2e


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # other processes set no event of ours
            await asyncio.sleep(0.02)


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits for its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_killed_host_leaves_no_server_and_comes_back(
    analyser: HostAnalyser, project: Path
) -> None:
    await answered(analyser, project)
    host, servers = await processes(analyser)
    assert servers
    os.kill(host, signal.SIGKILL)
    await until(lambda: not any(map(lives, (host, *servers))))
    await answered(analyser, project)


async def test_a_killed_server_comes_back(analyser: HostAnalyser, project: Path) -> None:
    await answered(analyser, project)
    host, servers = await processes(analyser)
    os.kill(servers[0], signal.SIGKILL)
    await until(lambda: not lives(servers[0]))
    await answered(analyser, project)
    assert (await processes(analyser))[0] == host


async def test_a_stopped_host_is_replaced(analyser: HostAnalyser, project: Path) -> None:
    await answered(analyser, project)
    host, servers = await processes(analyser)
    os.kill(host, signal.SIGSTOP)
    assert not (await analyser.members(*source(project, "order.|"))).names
    await answered(analyser, project)
    await until(lambda: not any(map(lives, (host, *servers))))


async def test_closing_leaves_no_process(analyser: HostAnalyser, project: Path) -> None:
    await answered(analyser, project)
    host, servers = await processes(analyser)
    await analyser.aclose()
    assert not lives(host)
    await until(lambda: not any(map(lives, servers)))
    assert analyser.phase is HostPhase.CLOSED


async def test_the_host_ends_when_its_other_side_is_killed(
    environment: AnalysisEnvironment, project: Path
) -> None:
    """A window that crashes leaves nothing behind."""
    path = project / "shop" / "orders.py"
    program = f"""
import asyncio, json, pathlib
from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.host_analyser import HostAnalyser
from monitors.analysis.launching import InstalledHost
from monitors.types import Source

async def main():
    environment = AnalysisEnvironment(pathlib.Path({str(environment.folder.parent)!r}))
    analyser = HostAnalyser(InstalledHost(environment, print), [])
    source = Source(pathlib.Path({str(path)!r}), "python", "''.")
    await analyser.members(source, 3)
    status = await analyser.status()
    servers = [pid for each in status["host"]["analysers"] for pid in each["processes"]]
    print(json.dumps([status["host"]["process"], *servers]), flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""
    window = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert window.stdout is not None
    async with asyncio.timeout(60):
        pids = [int(pid) for pid in (await window.stdout.readline()).strip(b"[]\n").split(b",")]
    assert len(pids) >= 2
    window.kill()
    await window.wait()
    await until(lambda: not any(map(lives, pids)))
