"""Engines that cannot be found, reached or trusted, by real sockets, locks and processes."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from filelock import FileLock

from engine.errors import ModelNotFoundError
from engine.protocol.endpoint import Endpoint, ServiceCard, endpoint_for, file_lock
from engine.protocol.messages import PROTOCOL_VERSION
from engine.service.host import LoadProgress
from engine.service.server import EngineServer
from engine.service.steps import LoadedModel
from engine.settings import EngineSettings
from tests.unit.engine.serving import client_of, serving, until
from tests.unit.warmline.checks.machine import Machine, amiss, only
from warmline.checks import engine
from warmline.checks.engine import check_engine, runs_engine
from warmline.checks.finding import Finding, Verdict
from warmline.checks.problems import Problem

SETTINGS = EngineSettings(model="double", offline=True)


@pytest.fixture(autouse=True)
def endpoint(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    monkeypatch.setattr(engine, "COMING_OR_GOING_S", 0.0)
    machine.set(WARMLINE_TRANSPORT="unix")
    return endpoint_for(SETTINGS.model)


async def look(*, may_start: bool = False) -> list[Finding]:
    return await check_engine(SETTINGS, may_start=may_start)


@pytest.fixture
def held(endpoint: Endpoint) -> FileLock:
    """Be an engine that lives, as far as one can see."""
    lock = file_lock(endpoint.service_lock_path)
    lock.acquire(blocking=False)
    return lock


async def test_no_engine_is_started_by_looking(endpoint: Endpoint) -> None:
    assert "none runs; it starts" in only(await look()).found
    endpoint.socket_path.touch()
    finding = only(await look())
    assert finding.id == "engine.works"
    assert "a former one left its socket behind" in finding.found
    assert not runs_engine(SETTINGS)


async def test_an_engine_that_runs_is_described_without_its_documents(endpoint: Endpoint) -> None:
    async with serving(endpoint):
        finding = only(await look())
        assert finding.verdict is Verdict.WORKS
        assert finding.found.startswith(f"process {os.getpid()} ")
        assert "file:" not in finding.found
        assert runs_engine(SETTINGS)


async def test_an_engine_without_its_model_says_why(endpoint: Endpoint) -> None:
    def fail(_: LoadProgress) -> LoadedModel:
        raise ModelNotFoundError("There are no weights.")

    server = EngineServer(endpoint, fail, 1000, 60.0)
    task = asyncio.create_task(server.serve())
    await until(endpoint.card_path.exists)
    async with aclosing(client_of(endpoint)) as client:
        await client.wait_ready(20)
        finding = only(await look())
    server.stop("the test is over.")
    await asyncio.wait_for(task, 20)
    assert finding.id == Problem.ENGINE_FAILED.id
    assert "There are no weights." in finding.found


@pytest.mark.usefixtures("held")
async def test_an_engine_whose_socket_is_gone_is_unreachable(endpoint: Endpoint) -> None:
    endpoint.write_card(ServiceCard(4711))
    finding = only(await look())
    assert finding.id == Problem.ENGINE_UNREACHABLE.id
    assert finding.found == "process 4711 is the engine, but nobody answers at its socket"
    assert finding.advice.startswith("`warmline engine stop --model double`")


@pytest.fixture
async def somebody_else() -> AsyncIterator[int]:
    """Answer at a port as a web server does."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_port_that_somebody_else_has_taken_is_found(
    machine: Machine, somebody_else: int
) -> None:
    machine.set(WARMLINE_TRANSPORT="tcp")
    place = endpoint_for(SETTINGS.model)
    place.write_card(ServiceCard(4711, somebody_else, "token"))
    assert only(await look()).id == "engine.works"  # a dead engine's port is anybody's
    with file_lock(place.service_lock_path):
        finding = only(await look())
    assert finding.id == Problem.ENGINE_UNREACHABLE.id
    assert f"somebody else answers, or nobody, at its port {somebody_else}" in finding.found


@pytest.mark.usefixtures("held")
async def test_an_engine_that_keeps_silent_is_stopped(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that was stopped by a signal: the system still takes connections for it."""
    monkeypatch.setitem(engine.launcher_for.__globals__["_CONNECTION"], "open_timeout", 0.2)

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(endpoint.socket_path))
        silent.listen()
        finding = only(await look())
    assert finding.id == Problem.ENGINE_SILENT.id
    assert "does not answer" in finding.found


async def test_an_engine_that_cannot_start_comes_with_its_log(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["/bin/sh", "-c", "echo it is broken; exit 3"]
    monkeypatch.setattr("engine.client.launch.engine_command", lambda _: command)
    finding = only(await look(may_start=True))
    assert finding.id == Problem.ENGINE_ENDED.id
    assert "it is broken" in finding.found
    assert str(machine.root / "state" / "warmline") in finding.advice


@pytest.mark.parametrize("name", ["socket_path", "card_path", "service_lock_path"])
def test_a_folder_in_an_engines_place_is_found(endpoint: Endpoint, name: str) -> None:
    path: Path = getattr(endpoint, name)
    path.mkdir()
    finding = only(asyncio.run(look()))
    assert finding.id == Problem.PLACE_TAKEN.id
    assert f"`rm -r {path}`" in finding.advice


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root gives files away")
async def test_another_users_lock_is_found(endpoint: Endpoint) -> None:
    """Such as root's, after `sudo warmline`."""
    endpoint.service_lock_path.touch()
    os.chown(endpoint.service_lock_path, 4711, -1)
    finding = only(await look())
    assert finding.id == Problem.PLACE_TAKEN.id
    assert "another user's file" in finding.found


@pytest.mark.skipif(os.name != "posix", reason="other systems have other permissions")
async def test_a_folder_that_others_write_to_is_refused(machine: Machine) -> None:
    machine.runtime.chmod(0o777)
    finding = only(await look())
    assert finding.id == Problem.RUNTIME_FOLDER.id
    assert "others may write" in finding.found
    assert not runs_engine(SETTINGS)


async def test_a_folder_that_cannot_be_made_is_found(machine: Machine) -> None:
    (machine.root / "file").touch()
    machine.set(WARMLINE_RUNTIME_DIR=machine.root / "file" / "run")
    assert only(await look()).id == Problem.RUNTIME_FOLDER.id


async def test_a_transport_that_is_none_is_no_second_finding(machine: Machine) -> None:
    machine.set(WARMLINE_TRANSPORT="pigeon")
    assert await look() == []


@pytest.mark.parametrize("protocol", [PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1])
async def test_an_engine_of_another_version_is_named_by_its_process(protocol: int) -> None:
    other = endpoint_for(SETTINGS.model, protocol=protocol)
    other.write_card(ServiceCard(4711))
    assert amiss(await look()) == []
    with file_lock(other.service_lock_path):
        finding, ours = await look()
    assert (finding.id, ours.id) == (Problem.ENGINE_VERSION.id, "engine.works")
    assert f"process 4711 speaks protocol {protocol}" in finding.found
    assert finding.advice.endswith("`kill 4711`")
