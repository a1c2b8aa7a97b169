"""The engine in process, over a Unix socket and over a loopback port: one behaviour."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from engine.client.base import EngineClient
from engine.errors import (
    EngineError,
    EngineUnavailableError,
    ModelNotFoundError,
    NotReadyError,
    PromptTooLongError,
    SupersededError,
)
from engine.protocol.endpoint import Transport, endpoint_for
from engine.protocol.messages import (
    MAX_CONTINUATION_BYTES,
    MAX_CONTINUATIONS,
    Encoding,
    EncodingRequest,
    EngineState,
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    Phase,
    Piece,
    Sampling,
    Synced,
    SyncReport,
    TokenRange,
)
from engine.service.encoders import EncoderLimits
from engine.service.host import EngineHost
from engine.service.local import LocalEngine
from tests.unit.engine.doubles import (
    WAIT_S,
    EncoderDouble,
    Gate,
    ModelDouble,
    encoder_loader,
    expected_text,
    loader,
    request_for,
    vector_of,
)
from tests.unit.engine.serving import client_of, serving

PROMPT = list(range(10, 20))
EDITED = [*range(10, 15), 99, *range(15, 20)]


class Session(Protocol):
    def __call__(self, session: str | None = None) -> EngineClient: ...


@pytest.fixture
def model() -> ModelDouble:
    return ModelDouble()


@pytest.fixture
def encoder() -> EncoderDouble:
    return EncoderDouble()


@pytest.fixture
def held_loading(model: ModelDouble) -> Gate:
    """Loading, held from the start; to be requested before the twins."""
    return model.hold("load")


@asynccontextmanager
async def in_process(model: ModelDouble, encoders: EncoderLimits) -> AsyncIterator[Session]:
    host = EngineHost(loader(model), cache_budget_bytes=1000, encoders=encoders)
    host.start()
    yield lambda session=None: LocalEngine(host, session)
    assert await host.stop(WAIT_S)


@asynccontextmanager
async def over(
    transport: Transport, folder: Path, model: ModelDouble, encoders: EncoderLimits
) -> AsyncIterator[Session]:
    endpoint = endpoint_for("double", folder, transport)
    async with serving(endpoint, model, encoders=encoders):
        yield lambda session=None: client_of(endpoint, session)


@pytest.fixture(params=["local", Transport.UNIX, Transport.TCP])
async def twins(
    request: pytest.FixtureRequest, model: ModelDouble, encoder: EncoderDouble, tmp_path: Path
) -> AsyncIterator[Session]:
    """How to open a session, on each kind of engine in turn."""
    encoders = EncoderLimits(encoder_loader(double=encoder))
    if request.param == "local":
        async with in_process(model, encoders) as session:
            yield session
    else:
        async with over(request.param, tmp_path, model, encoders) as session:
            yield session


@pytest.fixture
async def engine(twins: Session) -> AsyncIterator[EngineClient]:
    engine = twins()
    await engine.connect()
    assert (await engine.wait_ready(WAIT_S)).phase is Phase.READY
    yield engine
    await engine.aclose()


async def events_of(engine: EngineClient, request: GenerationRequest) -> list[GenerationEvent]:
    return [event async for event in engine.generate(request)]


async def test_the_same_calls_give_the_same_events(engine: EngineClient) -> None:
    assert await engine.sync("a.py", PROMPT, 5) == SyncReport(10, 0, 0, 10, 0, 0.0)
    request = GenerationRequest("a.py", EDITED, 6, 2, (b"\n",), 2, Sampling(0.5, 0.9, 7), b"")
    events = await events_of(engine, request)
    assert isinstance(events[0], Synced)
    assert (events[0].report.kept, events[0].report.encoded) == (5, 6)
    assert events[1:] == [
        Piece(0, (20,), b"20 ", -0.5),
        Piece(1, (20,), b"20 ", -0.5),
        Piece(0, (21,), b"21 ", -0.5),
        Piece(1, (21,), b"21 ", -0.5),
        Finished(0, FinishReason.LENGTH),
        Finished(1, FinishReason.LENGTH),
    ]


async def test_constrained_requests_arrive_as_they_were(
    engine: EngineClient, model: ModelDouble
) -> None:
    names = ("größe".encode(), b"", b"count", b"\xff", b"key=")
    request = GenerationRequest(
        "a.py", tuple(PROMPT), 5, 2, forced_text=b"self.", continuations=names, drafts=False
    )
    await events_of(engine, request)
    assert model.requests == [request]


@pytest.mark.parametrize(
    ("continuations", "named"),
    [
        ((b"",) * (MAX_CONTINUATIONS + 1), f"{MAX_CONTINUATIONS + 1} continuations of 5 bytes"),
        ((b"a" * (MAX_CONTINUATION_BYTES - 4),), f"of {MAX_CONTINUATION_BYTES + 1} bytes"),
    ],
)
async def test_too_many_continuations_are_refused_alike(
    engine: EngineClient, continuations: tuple[bytes, ...], named: str
) -> None:
    request = GenerationRequest(
        "a.py", PROMPT, 5, 2, forced_text=b"self.", continuations=continuations
    )
    with pytest.raises(EngineError, match=f"{named}.*at most 20000 of 1000000"):
        await events_of(engine, request)
    fitting = replace(request, continuations=(b"a" * (MAX_CONTINUATION_BYTES - 5),))
    assert await events_of(engine, fitting)


async def test_the_model_is_told_where_chunks_stand(
    engine: EngineClient, model: ModelDouble
) -> None:
    chunks = (TokenRange(0, 2), TokenRange(3, 5))
    await engine.sync("a.py", PROMPT, 5, chunks)
    await events_of(engine, GenerationRequest("a.py", EDITED, 6, 2, chunks=chunks[:1]))
    assert model.chunks == [chunks, chunks[:1]]


async def test_chunks_may_be_read_ahead(engine: EngineClient, model: ModelDouble) -> None:
    await engine.read_chunks(PROMPT, [TokenRange(2, 4), TokenRange(5, 7)])
    assert model.read_ahead == [(12, 13), (15, 16)]
    assert await engine.inspect("") is None


async def test_work_done_ahead_is_told_from_other_work(engine: EngineClient) -> None:
    ahead = GenerationRequest("a.py", PROMPT, 5, 2, is_ahead=True)
    with pytest.raises(SupersededError):
        await events_of(engine, ahead)
    await engine.sync("a.py", PROMPT, 5)
    events = await events_of(engine, ahead)
    assert events == [
        Synced(SyncReport(10, 10, 0, 0, 0, 0.0)),
        Piece(0, (20,), b"20 ", -0.5),
        Piece(0, (21,), b"21 ", -0.5),
        Finished(0, FinishReason.LENGTH),
    ]


def vectors_of(encoding: Encoding) -> list[list[float]]:
    vectors = np.frombuffer(encoding.vectors, "<f4").reshape(-1, encoding.size)
    return [list(vector) for vector in vectors.tolist()]


async def test_texts_are_encoded_alike(engine: EngineClient) -> None:
    texts = ("a", "bcd", "ef", "ä€😀", "g")
    encoded = vectors_of(await engine.encode(EncodingRequest("double", texts)))
    assert encoded == [vector_of(text) for text in texts]
    encoded = vectors_of(await engine.encode(EncodingRequest("double", texts, keeps_end=True)))
    assert encoded == [vector_of(text, keeps_end=True) for text in texts]
    nothing = await engine.encode(EncodingRequest("double", ()))
    assert nothing == Encoding(2, b"")
    status = await engine.status()
    assert (status.encoders, status.encoder_bytes) == (("double",), 10)
    assert status.chunk_bytes == 33


async def test_texts_that_cannot_be_encoded_are_refused_alike(engine: EngineClient) -> None:
    with pytest.raises(ModelNotFoundError, match="no encoder 'other'"):
        await engine.encode(EncodingRequest("other", ("a",)))
    with pytest.raises(EngineError, match="513 texts were to be encoded, expected at most 512"):
        await engine.encode(EncodingRequest("double", ("a",) * 513))
    assert (await engine.encode(EncodingRequest("double", ("a",)))).size == 2


async def test_a_cancelled_encoding_is_cancelled_in_the_engine(
    engine: EngineClient, encoder: EncoderDouble
) -> None:
    gate = encoder.hold()
    work = asyncio.create_task(engine.encode(EncodingRequest("double", ("a",) * 9)))
    await asyncio.to_thread(gate.wait_for_arrival)
    work.cancel()
    await asyncio.wait([work])
    await engine.status()  # the cancellation has arrived once this later request is answered
    gate.open()
    await engine.sync("a.py", PROMPT, 0)
    assert encoder.done == []


async def test_a_cache_is_described_alike(engine: EngineClient) -> None:
    assert await engine.inspect("a.py") is None
    report = await engine.sync("a.py", EDITED, 0)
    cache = await engine.inspect("a.py")
    assert cache is not None
    assert cache.document == "a.py"
    assert cache.tokens == tuple(EDITED)
    assert cache.last_sync == report
    assert [(run.start, run.stop) for run in cache.runs] == [(0, len(EDITED))]


async def test_the_state_and_the_status_are_told_alike(engine: EngineClient) -> None:
    await engine.sync("a.py", PROMPT, 0)
    status = await engine.status()
    assert status.state == engine.state
    assert status.state.model is not None
    assert status.state.model.name == "double"
    assert (status.num_clients, status.documents, status.cache_bytes) == (1, ("a.py",), 100)


async def test_refusals_are_alike(engine: EngineClient) -> None:
    with pytest.raises(PromptTooLongError, match="201 tokens"):
        await engine.sync("a.py", [1] * 201, 0)
    with pytest.raises(EngineError, match="no tokens"):
        await engine.sync("a.py", [], 0)
    with pytest.raises(EngineError, match="token ids"):
        await engine.sync("a.py", [2**31], 0)
    with pytest.raises(EngineError, match="0 candidates"):
        await events_of(engine, request_for(PROMPT, num_candidates=0))
    assert (await engine.sync("a.py", PROMPT, 0)).prompt == len(PROMPT)


async def test_work_before_the_model_is_loaded_is_refused(
    held_loading: Gate, twins: Session
) -> None:
    engine = twins()
    states: list[EngineState] = []
    engine.on_state(states.append)
    await engine.connect()
    await asyncio.to_thread(held_loading.wait_for_arrival)
    assert (await engine.wait_ready(0.01)).phase is not Phase.READY
    with pytest.raises(NotReadyError):
        await engine.sync("a.py", PROMPT, 0)
    with pytest.raises(NotReadyError):
        await events_of(engine, request_for(PROMPT))
    with pytest.raises(NotReadyError):
        await engine.encode(EncodingRequest("double", ("a",)))
    held_loading.open()
    assert (await engine.wait_ready(WAIT_S)).phase is Phase.READY
    assert states[-1].phase is Phase.READY  # LOADING may have been told before we listened
    await engine.aclose()


async def test_newest_wins_alike(engine: EngineClient, model: ModelDouble) -> None:
    gate = model.hold("decode")
    old = asyncio.create_task(events_of(engine, request_for(PROMPT)))
    await asyncio.to_thread(gate.wait_for_arrival)
    new = asyncio.create_task(events_of(engine, request_for(EDITED)))
    await asyncio.sleep(0)
    await engine.status()  # the newer request has arrived once this later one is answered
    gate.open()
    with pytest.raises(SupersededError):
        await old
    assert b"".join(e.text for e in await new if isinstance(e, Piece)) == expected_text(EDITED)


async def test_closing_a_stream_cancels_within_one_step(
    engine: EngineClient, model: ModelDouble
) -> None:
    gate = model.hold("decode")
    events = engine.generate(request_for(PROMPT, max_tokens=50))
    async with aclosing(events):  # type: ignore[type-var]
        assert isinstance(await anext(events), Synced)
        await asyncio.to_thread(gate.wait_for_arrival)
    await engine.status()  # the cancellation has arrived once this later request is answered
    gate.open()
    await engine.sync("b.py", PROMPT, 0)
    assert "decode" not in model.passes


async def test_a_cancelled_sync_is_cancelled_in_the_engine(
    engine: EngineClient, model: ModelDouble
) -> None:
    gate = model.hold("sync")
    sync = asyncio.create_task(engine.sync("a.py", PROMPT, 0))
    await asyncio.to_thread(gate.wait_for_arrival)
    sync.cancel()
    await asyncio.wait([sync])
    await engine.status()
    gate.open()
    assert await engine.inspect("b.py") is None
    assert model.passes == []


async def test_two_windows_with_other_text_of_one_file(twins: Session) -> None:
    windows = [twins("one"), twins("two")]
    for window in windows:
        await window.wait_ready(WAIT_S)
    one, two = await asyncio.gather(
        events_of(windows[0], request_for(PROMPT)), events_of(windows[1], request_for(EDITED))
    )
    assert b"".join(e.text for e in one if isinstance(e, Piece)) == expected_text(PROMPT)
    assert b"".join(e.text for e in two if isinstance(e, Piece)) == expected_text(EDITED)
    for window, tokens in zip(windows, (PROMPT, EDITED), strict=True):
        cache = await window.inspect("a.py")
        assert cache is not None
        assert list(cache.tokens) == tokens
        await window.aclose()


async def test_a_closed_document_lends_its_cache_to_another_session(twins: Session) -> None:
    first, second = twins("one"), twins("two")
    await first.wait_ready(WAIT_S)
    await first.sync("a.py", PROMPT, 0)
    await first.close_document("a.py")
    assert (await second.sync("a.py", EDITED, 0)).kept == 5
    await first.aclose()
    await second.aclose()


async def test_tokens_are_sent_whole_where_a_difference_is_not_understood(
    engine: EngineClient, model: ModelDouble
) -> None:
    """A frame that was declared and never arrived leaves the two ends apart."""
    del model
    await engine.sync("a.py", PROMPT, 0)
    if not isinstance(engine, LocalEngine):
        engine._connection.declarer.declare("a.py", [1, 2, 3])  # type: ignore[attr-defined]
    assert (await engine.sync("a.py", EDITED, 0)).kept == 5
    if not isinstance(engine, LocalEngine):
        engine._connection.declarer.declare("a.py", [1, 2, 3])  # type: ignore[attr-defined]
    events = await events_of(engine, request_for(PROMPT))
    assert b"".join(e.text for e in events if isinstance(e, Piece)) == expected_text(PROMPT)


async def test_who_leaves_is_not_told_that_the_engine_stopped(engine: EngineClient) -> None:
    states: list[EngineState] = []
    engine.on_state(states.append)
    await engine.aclose()
    assert states == []


async def test_a_session_that_has_ended_reaches_out_for_no_engine(tmp_path: Path) -> None:
    """Work left in flight would otherwise start an engine again after its user has gone."""
    endpoint = endpoint_for("double", tmp_path)
    model = ModelDouble()
    gate = model.hold("sync")
    async with serving(endpoint, model):
        engine = client_of(endpoint)
        await engine.wait_ready(WAIT_S)
        left_behind = asyncio.create_task(engine.sync("a.py", PROMPT, 0))
        await asyncio.to_thread(gate.wait_for_arrival)
        await engine.aclose()
        with pytest.raises(EngineUnavailableError, match="has ended"):
            await left_behind
        gate.open()
