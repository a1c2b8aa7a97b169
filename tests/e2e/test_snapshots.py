"""An engine that was started again goes on with the caches of the one before it."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.client.launch import ServiceLauncher
from engine.client.remote import RemoteEngine
from engine.protocol.endpoint import Endpoint, Transport, endpoint_for
from engine.protocol.messages import Phase, SyncReport
from engine.settings import EngineSettings
from engine.weights.location import SNAPSHOT_VARIABLE
from tests.unit.engine.families import VOCABULARY_SIZE, make_network, save_network
from tests.unit.engine.serving import PATIENCE, until

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).with_name("tiny_service.py")
START_TIMEOUT_S = 120.0
LENGTH = 300
DOCUMENT = "file:///project/secret.py"


class Place:
    """A folder with a model, its snapshots and, one after the other, some engines."""

    def __init__(self, folder: Path) -> None:
        self.snapshots = folder / "snapshots"
        self.endpoint: Endpoint = endpoint_for("tiny", folder, Transport.UNIX)
        self._folder = folder
        self._model = save_network(make_network("qwen2"), folder / "model")

    def client(self, idle_exit_s: float = 60.0) -> RemoteEngine:
        command = [sys.executable, str(SCRIPT), str(self._folder), str(self._model)]
        log = self._folder / "log" / "engine.log"
        launcher = ServiceLauncher(
            self.endpoint, [*command, str(idle_exit_s)], log, START_TIMEOUT_S
        )
        return RemoteEngine(
            EngineSettings(), client_name="test", launcher=launcher, patience=PATIENCE
        )

    def process(self) -> psutil.Process:
        card = self.endpoint.read_card()
        assert card is not None
        return psutil.Process(card.pid)

    async def sync_of_new_engine(self, tokens: list[int]) -> SyncReport:
        """Start an engine, let it sync, and end it with a signal."""
        client = self.client()
        assert (await client.wait_ready(START_TIMEOUT_S)).phase is Phase.READY
        report = await client.sync(DOCUMENT, tokens, len(tokens))
        process = self.process()
        process.send_signal(signal.SIGTERM)
        await client.aclose()
        await until(lambda: not process.is_running())
        return report


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv(SNAPSHOT_VARIABLE, str(tmp_path / "snapshots"))
    place = Place(tmp_path)
    yield place
    if place.endpoint.has_service():
        os.kill(place.process().pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def tokens() -> list[int]:
    return np.random.default_rng(1).integers(3, VOCABULARY_SIZE, LENGTH).tolist()


async def test_the_first_sync_after_a_restart_comes_from_the_snapshot(
    place: Place, tokens: list[int]
) -> None:
    first = await place.sync_of_new_engine(tokens)
    assert (first.kept, first.encoded) == (0, LENGTH)
    (snapshot,) = place.snapshots.iterdir()
    assert snapshot.stat().st_mode & 0o777 == 0o600
    again = await place.sync_of_new_engine(tokens)
    assert (again.kept, again.moved, again.encoded) == (LENGTH, 0, 0)
    assert again.exact_prefix == LENGTH
    edited = [*tokens[:50], 5, 6, *tokens[50:]]
    after_edit = await place.sync_of_new_engine(edited)
    assert after_edit.kept == 50
    assert after_edit.encoded <= 2 + 160


async def test_a_damaged_snapshot_costs_a_prefill_and_one_line(
    place: Place, tokens: list[int]
) -> None:
    await place.sync_of_new_engine(tokens)
    (snapshot,) = place.snapshots.iterdir()
    data = bytearray(snapshot.read_bytes())
    data[len(data) // 2] ^= 1
    snapshot.write_bytes(data)
    report = await place.sync_of_new_engine(tokens)
    assert report.encoded == LENGTH
    log = (place.endpoint.folder / "log" / "engine.log").read_text()
    assert log.count("is not used") == 1
    assert "secret" not in log


async def test_an_engine_that_leaves_because_nobody_needs_it_keeps_its_caches(
    place: Place, tokens: list[int]
) -> None:
    client = place.client(idle_exit_s=0.2)
    assert (await client.wait_ready(START_TIMEOUT_S)).phase is Phase.READY
    await client.sync(DOCUMENT, tokens, LENGTH)
    process = place.process()
    await client.aclose()
    await until(lambda: not process.is_running())
    report = await place.sync_of_new_engine(tokens)
    assert report.encoded == 0


async def test_a_pause_is_enough_for_an_engine_that_is_killed_later(
    place: Place, tokens: list[int]
) -> None:
    client = place.client()
    assert (await client.wait_ready(START_TIMEOUT_S)).phase is Phase.READY
    await client.sync(DOCUMENT, tokens, LENGTH)
    await until(lambda: list(place.snapshots.glob("*.snapshot")))
    process = place.process()
    process.kill()
    await client.aclose()
    await until(lambda: not process.is_running())
    report = await place.sync_of_new_engine(tokens)
    assert report.encoded == 0
