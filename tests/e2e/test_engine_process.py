"""The service in a process of its own: starting, sharing, being killed, leaving."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from engine.client import launch
from engine.client.launch import ServiceLauncher
from engine.client.remote import RESTART_NOTICE, RemoteEngine
from engine.errors import EngineUnavailableError, VersionMismatchError
from engine.protocol.endpoint import Endpoint, Transport, endpoint_for
from engine.protocol.messages import (
    PROTOCOL_VERSION,
    Finished,
    FinishReason,
    GenerationEvent,
    Phase,
    Piece,
    Synced,
)
from engine.settings import EngineSettings
from tests.unit.engine.doubles import WAIT_S, expected_text, request_for
from tests.unit.engine.serving import PATIENCE, until

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).with_name("double_service.py")
PROMPT = list(range(10, 20))


@dataclass
class Place:
    """A folder for one service, and the clients of it."""

    folder: Path
    endpoint: Endpoint
    clients: list[RemoteEngine] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def launcher(
        self, idle_exit_s: float = 60.0, command: list[str] | None = None
    ) -> ServiceLauncher:
        script = [sys.executable, str(SCRIPT), str(self.folder), self.endpoint.transport]
        command = command or [*script, str(idle_exit_s)]
        return ServiceLauncher(self.endpoint, command, self.folder / "log" / "engine.log", 20.0)

    def client(self, launcher: ServiceLauncher | None = None) -> RemoteEngine:
        client = RemoteEngine(
            EngineSettings(),
            client_name="test",
            session="window",
            launcher=launcher or self.launcher(),
            patience=PATIENCE,
        )
        client.on_notice(self.notices.append)
        self.clients.append(client)
        return client

    def pid(self) -> int:
        card = self.endpoint.read_card()
        assert card is not None
        return card.pid

    def order_stall(self, kind: str, number: int = 0) -> Callable[[], bool]:
        """Let a process's pass of `kind` and `number` stall; returns what tells whether it does."""
        order = self.folder / f"stall-{kind}-{number}"
        order.touch()
        return lambda: not order.exists()


on_both_transports = pytest.mark.parametrize("place", list(Transport), indirect=True)


@pytest.fixture
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    transport = getattr(request, "param", Transport.UNIX)
    place = Place(tmp_path, endpoint_for("double", tmp_path, transport))
    yield place
    for client in place.clients:
        await client.aclose()
    if place.endpoint.has_service():
        os.kill(place.pid(), signal.SIGKILL)
        await until(lambda: not place.endpoint.has_service())


async def ready_client(place: Place) -> RemoteEngine:
    client = place.client()
    assert (await client.wait_ready(WAIT_S)).phase is Phase.READY
    return client


async def events_of(client: RemoteEngine) -> list[GenerationEvent]:
    return [event async for event in client.generate(request_for(PROMPT))]


def text_of(events: list[GenerationEvent]) -> bytes:
    return b"".join(event.text for event in events if isinstance(event, Piece))


@on_both_transports
async def test_a_client_starts_the_service_and_the_next_one_finds_it(place: Place) -> None:
    first = await ready_client(place)
    pid = (await first.status()).pid
    assert pid == place.pid() != os.getpid()
    assert os.getsid(pid) == pid, "it belongs to nobody's terminal"
    second = await ready_client(place)
    assert (await second.status()).pid == pid
    assert text_of(await events_of(second)) == expected_text(PROMPT)
    assert place.notices == []


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The commands of all services that are started."""
    commands = []
    start = launch._launch

    def counted(command: Sequence[str], log_path: Path) -> object:
        commands.append(command)
        return start(command, log_path)

    monkeypatch.setattr(launch, "_launch", counted)
    return commands


async def test_of_several_who_start_at_once_one_does(
    place: Place, starts: list[Sequence[str]]
) -> None:
    clients = [place.client(place.launcher()) for _ in range(3)]
    await asyncio.gather(*(client.connect() for client in clients))
    pids = {(await client.status()).pid for client in clients}
    assert pids == {place.pid()}
    assert len(starts) == 1


@on_both_transports
@pytest.mark.parametrize(("kind", "stall"), [("sync", "sync"), ("generate", "decode")])
async def test_a_service_killed_in_mid_request_is_started_again_and_asked_again(
    place: Place, kind: str, stall: str
) -> None:
    client = await ready_client(place)
    old_pid = place.pid()
    has_stalled = place.order_stall(stall)
    if kind == "sync":
        request = asyncio.create_task(client.sync("a.py", PROMPT, 0))
    else:
        request = asyncio.create_task(events_of(client))
    await until(has_stalled)
    os.kill(old_pid, signal.SIGKILL)
    result = await asyncio.wait_for(request, WAIT_S)
    if isinstance(result, list):
        assert text_of(result) == expected_text(PROMPT)
        assert sum(isinstance(event, Synced) for event in result) == 1
    else:
        assert result.encoded == len(PROMPT)
    assert place.pid() != old_pid
    assert place.notices == [RESTART_NOTICE]


async def test_several_requests_in_flight_share_one_restart_and_one_notice(place: Place) -> None:
    client = await ready_client(place)
    has_stalled = place.order_stall("sync")
    syncs = [asyncio.create_task(client.sync(name, PROMPT, 0)) for name in ("a", "b", "c")]
    await until(has_stalled)
    os.kill(place.pid(), signal.SIGKILL)
    reports = await asyncio.wait_for(asyncio.gather(*syncs), WAIT_S)
    assert [report.prompt for report in reports] == [len(PROMPT)] * 3
    assert place.notices == [RESTART_NOTICE]


async def test_text_delivered_before_the_service_was_killed_is_kept(place: Place) -> None:
    client = await ready_client(place)
    place.order_stall("decode", 1)
    events: list[GenerationEvent] = []
    async for event in client.generate(request_for(PROMPT, num_candidates=2)):
        events.append(event)
        if len(events) == 3:  # the sync and the first piece of each candidate
            os.kill(place.pid(), signal.SIGKILL)
    assert text_of(events[1:2]) == expected_text(PROMPT, 1)
    cancelled = FinishReason.CANCELLED
    assert events[3:] == [Finished(0, cancelled), Finished(1, cancelled)]
    assert client.state.phase is Phase.STARTING
    assert text_of(await events_of(client)) == expected_text(PROMPT)
    assert place.notices == [RESTART_NOTICE]


async def test_a_service_killed_between_requests_is_started_again(place: Place) -> None:
    client = await ready_client(place)
    os.kill(place.pid(), signal.SIGKILL)
    await until(lambda: client.state.phase is Phase.STARTING)
    assert (await client.sync("a.py", PROMPT, 0)).prompt == len(PROMPT)
    os.kill(place.pid(), signal.SIGKILL)
    assert (await client.sync("a.py", PROMPT, 0)).prompt == len(PROMPT)
    assert place.notices == [RESTART_NOTICE] * 2, "one for each restart"


async def test_a_request_waits_while_a_restarted_service_loads_its_model(place: Place) -> None:
    client = await ready_client(place)
    has_stalled = place.order_stall("sync")
    sync = asyncio.create_task(client.sync("a.py", PROMPT, 0))
    await until(has_stalled)
    (place.folder / "hold-load").touch()
    os.kill(place.pid(), signal.SIGKILL)
    await until(lambda: client.state.phase is Phase.LOADING)
    assert not sync.done()
    (place.folder / "hold-load").unlink()
    assert (await asyncio.wait_for(sync, WAIT_S)).prompt == len(PROMPT)


async def test_a_service_that_keeps_dying_is_one_clear_sentence(place: Place) -> None:
    client = await ready_client(place)
    has_stalled = place.order_stall("sync")
    request = asyncio.create_task(client.sync("a.py", PROMPT, 0))
    for _ in range(2):
        await until(has_stalled)
        has_stalled = place.order_stall("sync")
        os.kill(place.pid(), signal.SIGKILL)
    with pytest.raises(EngineUnavailableError, match="went away 2 times during `sync`"):
        await asyncio.wait_for(request, WAIT_S)


async def test_sigterm_ends_it_cleanly_even_at_work(place: Place) -> None:
    client = await ready_client(place)
    process = psutil.Process(place.pid())
    has_stalled = place.order_stall("sync")
    request = asyncio.create_task(client.sync("a.py", PROMPT, 0))
    await until(has_stalled)
    request.cancel()
    process.send_signal(signal.SIGTERM)
    await until(lambda: not place.endpoint.has_service())
    await until(lambda: not process.is_running())
    left = {path.suffix for path in place.folder.iterdir() if path.is_file()}
    assert left <= {".start"}
    assert "SIGTERM came" in (place.folder / "log" / "engine.log").read_text()


async def test_it_leaves_after_a_while_without_clients(place: Place) -> None:
    client = place.client(place.launcher(idle_exit_s=0.2))
    await client.connect()
    process = psutil.Process(place.pid())
    await client.aclose()
    await until(lambda: not process.is_running())
    assert not place.endpoint.has_service()


async def test_a_service_that_cannot_start_shows_the_last_line_of_its_log(place: Place) -> None:
    log_line = "2026-01-02 03:04:05,678 ERROR No room on disk."
    command = [sys.executable, "-c", f"import sys; print('first'); sys.exit({log_line!r})"]
    client = place.client(place.launcher(command=command))
    with pytest.raises(EngineUnavailableError, match="ended at once with code 1: No room on disk"):
        await client.connect()


async def test_a_service_that_never_answers_is_given_up_and_ended(place: Place) -> None:
    launcher = ServiceLauncher(
        place.endpoint,
        [sys.executable, "-c", "import time; time.sleep(60)"],
        place.folder / "log" / "engine.log",
        0.3,
    )
    with pytest.raises(EngineUnavailableError, match=r"did not answer within 0\.3 s"):
        await place.client(launcher).connect()


async def test_who_is_cancelled_while_a_service_starts_leaves_it_to_the_next(
    place: Place, starts: list[Sequence[str]]
) -> None:
    """As typing on does. A second one would wait for the place of the first."""
    client = place.client()
    cancelled = asyncio.create_task(client.connect())
    await until(lambda: starts)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    await client.connect()
    assert len(starts) == 1


@on_both_transports
async def test_a_dead_socket_does_not_keep_the_service_from_starting(place: Place) -> None:
    place.endpoint.socket_path.touch()
    place.endpoint.card_path.write_text('{"pid": 1, "port": 1, "token": "stale"}')
    place.endpoint.service_lock_path.touch()
    client = await ready_client(place)
    assert (await client.status()).pid == place.pid()


async def test_a_log_that_has_grown_long_is_put_aside(place: Place) -> None:
    log = place.folder / "log" / "engine.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (2**20 + 1))
    await ready_client(place)
    assert log.stat().st_size < 2**20
    assert log.with_suffix(".old.log").stat().st_size > 2**20


async def test_another_version_is_refused_and_not_restarted(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready_client(place)
    pid = place.pid()
    monkeypatch.setattr("engine.client.remote.PROTOCOL_VERSION", 999)
    both = f"protocol 999 and the engine {PROTOCOL_VERSION}"
    with pytest.raises(VersionMismatchError, match=both):
        await place.client().connect()
    assert place.pid() == pid
