"""The service at its door: privacy, hello, malformed input, vanishing clients, leaving."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from engine.errors import EngineUnavailableError, ModelNotFoundError, VersionMismatchError
from engine.protocol.calls import Method, Nothing, SyncCall
from engine.protocol.codec import from_wire, to_wire
from engine.protocol.endpoint import Endpoint, ServiceCard, Transport, endpoint_for
from engine.protocol.failures import error_of
from engine.protocol.frames import Failure, Reply, Request
from engine.protocol.messages import PROTOCOL_VERSION, EngineStatus, Phase
from engine.protocol.tokens import WholeTokens, pack_tokens
from engine.service import server as server_module
from engine.service.host import LoadProgress
from engine.service.server import EngineServer
from engine.service.steps import LoadedModel
from tests.unit.engine.doubles import WAIT_S, ModelDouble, loader
from tests.unit.engine.serving import client_of, raw_client, serving, until

PROMPT = list(range(10, 20))


@pytest.fixture
def endpoint(tmp_path: Path) -> Endpoint:
    return endpoint_for("double", tmp_path, Transport.UNIX)


@pytest.fixture
def model() -> ModelDouble:
    return ModelDouble()


@pytest.fixture
async def service(endpoint: Endpoint, model: ModelDouble) -> AsyncIterator[None]:
    async with serving(endpoint, model):
        client = client_of(endpoint)
        await client.wait_ready(WAIT_S)
        await client.aclose()
        yield


async def test_only_its_owner_can_open_the_socket(service: None, endpoint: Endpoint) -> None:
    del service
    for path in (endpoint.socket_path, endpoint.card_path, endpoint.service_lock_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(endpoint.folder.stat().st_mode) == 0o700


async def test_leaving_removes_socket_card_and_lock(endpoint: Endpoint) -> None:
    async with serving(endpoint):
        assert endpoint.has_service()
    assert list(endpoint.folder.iterdir()) == []


async def test_leaving_spares_the_files_of_who_took_the_place(endpoint: Endpoint) -> None:
    """As after someone removed the folder: a new service has come, the old one still leaves."""
    async with serving(endpoint):
        endpoint.write_card(ServiceCard(pid=1))
    assert endpoint.card_path.exists()
    assert endpoint.service_lock_path.exists()


async def test_a_second_service_at_the_same_place_is_refused(
    service: None, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    del service
    monkeypatch.setattr("engine.service.listen._PREDECESSOR_TIMEOUT_S", 0.0)
    second = EngineServer(endpoint, loader(ModelDouble()), 1000, 60)
    with pytest.raises(EngineUnavailableError, match="runs already as process"):
        await second.serve()
    assert endpoint.has_service()


async def test_a_socket_left_by_a_killed_service_is_replaced(endpoint: Endpoint) -> None:
    endpoint.socket_path.touch()
    endpoint.service_lock_path.touch()
    async with serving(endpoint):
        client = client_of(endpoint)
        await client.connect()
        await client.aclose()


async def test_another_version_is_refused_with_both_numbers(
    service: None, endpoint: Endpoint
) -> None:
    del service
    async with raw_client(endpoint) as client:
        failure = await client.ask(Method.HELLO, {"protocol": 999, "novelty": True})
        assert isinstance(failure, Failure)
        error = error_of(failure)
        assert isinstance(error, VersionMismatchError)
        assert f"protocol 999 and the engine {PROTOCOL_VERSION}" in str(error)
        with pytest.raises(ConnectionClosed, match="protocol 999"):
            await client.receive()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"\xc1", "not msgpack"),
        ("text", "frames are binary"),
        (b"\x90", "expected dict"),
        (b"\x81\xa4type\xa5Reply", "lacks the field `id`"),
        (b"\x83\xa4type\xa5Reply\xa2id\x01\xa6result\xc0", "A Reply came"),
    ],
)
async def test_a_malformed_frame_closes_its_own_connection_with_the_reason(
    service: None, endpoint: Endpoint, message: bytes | str, reason: str
) -> None:
    del service
    async with raw_client(endpoint) as bad, raw_client(endpoint) as good:
        await bad.greet("bad")
        await good.greet("good")
        await bad.socket.send(message)
        with pytest.raises(ConnectionClosed, match=reason):
            await bad.receive()
        assert isinstance(await good.status(), Reply)


async def test_a_frame_too_large_closes_its_own_connection(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.service.listen.MAX_FRAME_BYTES", 1000)
    async with serving(endpoint), raw_client(endpoint) as bad, raw_client(endpoint) as good:
        await bad.greet("bad")
        await good.greet("good")
        await bad.socket.send(bytes(1001))
        with pytest.raises(ConnectionClosed, match="message too big"):
            await bad.receive()
        assert isinstance(await good.status(), Reply)


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("fly", {}, f"`fly` is no method of protocol {PROTOCOL_VERSION}"),
        ("status", {"x": 1}, "`status` has an unknown field `x`"),
        (
            "sync",
            {"document": "a", "tokens": {}, "cursor": 0, "chunks": []},
            "`sync.tokens.type` is None",
        ),
        ("inspect", {"document": 7}, "`inspect.document` is int"),
    ],
)
async def test_a_wrong_request_gets_an_answer_and_the_connection_stays(
    service: None, endpoint: Endpoint, method: str, params: dict[str, object], words: str
) -> None:
    del service
    async with raw_client(endpoint) as client:
        await client.greet()
        failure = await client.ask(method, params, 5)
        assert isinstance(failure, Failure)
        assert (failure.id, failure.kind) == (5, "WireError")
        assert words in failure.message
        assert isinstance(await client.status(), Reply)


async def test_whoever_does_not_say_hello_is_shown_out(service: None, endpoint: Endpoint) -> None:
    del service
    async with raw_client(endpoint) as client:
        await client.send(Request(1, Method.STATUS, {}))
        with pytest.raises(ConnectionClosed, match="first frame must be a hello"):
            await client.receive()


async def test_a_client_that_vanishes_costs_its_own_work_only(
    service: None, endpoint: Endpoint, model: ModelDouble
) -> None:
    del service
    gate = model.hold("sync")
    async with raw_client(endpoint) as client:
        await client.greet("vanishing")
        call = SyncCall("a.py", WholeTokens(1, pack_tokens(PROMPT)), 0, ())
        await client.send(Request(2, Method.SYNC, to_wire(SyncCall, call)))
        await asyncio.to_thread(gate.wait_for_arrival)
        client.socket.transport.abort()
    survivor = client_of(endpoint, "survivor")
    await survivor.connect()
    async with asyncio.timeout(WAIT_S):
        while (await survivor.status()).num_clients > 1:
            pass
    gate.open()
    assert await survivor.inspect("b.py") is None
    assert model.passes == [], "the pass was left in the middle and no other begun"
    assert (await survivor.status()).documents == ("a.py",), "its cache stays, as a closed one"
    await survivor.aclose()


async def test_a_session_finds_its_cache_again_after_reconnecting(
    service: None, endpoint: Endpoint
) -> None:
    del service
    first = client_of(endpoint, "window")
    await first.sync("a.py", PROMPT, 0)
    await first.aclose()
    again = client_of(endpoint, "window")
    assert (await again.sync("a.py", PROMPT, 0)).kept == len(PROMPT)
    await again.aclose()


async def test_a_stopping_service_answers_the_one_who_asked(endpoint: Endpoint) -> None:
    async with serving(endpoint) as service:
        async with raw_client(endpoint) as client:
            await client.greet()
            assert isinstance(await client.ask(Method.STOP, to_wire(Nothing, Nothing())), Reply)
        assert await asyncio.wait_for(service.task, WAIT_S)


async def test_without_clients_it_leaves_after_a_while(endpoint: Endpoint) -> None:
    async with serving(endpoint, idle_exit_s=0.1) as service:
        assert await asyncio.wait_for(service.task, WAIT_S)
    assert not endpoint.socket_path.exists()


async def test_it_stays_while_a_client_is_there(endpoint: Endpoint) -> None:
    async with serving(endpoint, idle_exit_s=60) as service:
        assert service.server._leave_timer is not None
        async with raw_client(endpoint) as client:
            await client.greet()
            assert service.server._leave_timer is None
        await until(lambda: service.server._leave_timer is not None)


async def test_a_service_without_a_model_tells_and_leaves_with_its_last_client(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: LoadProgress) -> LoadedModel:
        raise ModelNotFoundError("There is no model named x.")

    monkeypatch.setattr(server_module, "_FAILED_LINGER_S", 0.2)
    task = asyncio.create_task(EngineServer(endpoint, load, 1000, 60).serve())
    await until(endpoint.card_path.exists)
    client = client_of(endpoint)
    state = await client.wait_ready(WAIT_S)
    assert (state.phase, state.message) == (Phase.FAILED, "There is no model named x.")
    await client.aclose()
    assert await asyncio.wait_for(task, WAIT_S)


async def test_a_loopback_port_wants_the_token(tmp_path: Path) -> None:
    endpoint = endpoint_for("double", tmp_path, Transport.TCP)
    async with serving(endpoint):
        card = endpoint.read_card()
        assert card is not None
        for headers in ({}, {"Authorization": "Bearer guess"}):
            with pytest.raises(InvalidStatus, match="401"):
                await connect(
                    f"ws://127.0.0.1:{card.port}/", proxy=None, additional_headers=headers
                )
        client = client_of(endpoint)
        await client.connect()
        await client.aclose()


async def test_a_web_page_is_refused(tmp_path: Path) -> None:
    endpoint = endpoint_for("double", tmp_path, Transport.TCP)
    async with serving(endpoint):
        card = endpoint.read_card()
        assert card is not None
        with pytest.raises(InvalidStatus, match="403"):
            await connect(
                f"ws://127.0.0.1:{card.port}/",
                proxy=None,
                origin="https://example.org",  # type: ignore[arg-type]
                additional_headers={"Authorization": f"Bearer {card.token}"},
            )


async def test_a_status_reply_has_the_declared_form(service: None, endpoint: Endpoint) -> None:
    del service
    async with raw_client(endpoint) as client:
        await client.greet()
        reply = await client.status()
        assert isinstance(reply, Reply)
        assert from_wire(EngineStatus, reply.result, "status").num_clients == 1
