"""Work that nobody waits for yet: after everything else, and without a trace."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.errors import SupersededError
from engine.protocol.messages import (
    GenerationEvent,
    GenerationRequest,
    Phase,
    Piece,
    Synced,
    TokenRange,
)
from engine.service.host import EngineHost
from engine.service.local import LocalEngine
from tests.unit.engine.doubles import WAIT_S, Gate, ModelDouble, expected_text, loader

PROMPT = list(range(10, 20))
OTHER_PROMPT = list(range(30, 40))


@pytest.fixture
def model() -> ModelDouble:
    return ModelDouble()


@pytest.fixture
async def host(model: ModelDouble) -> AsyncIterator[EngineHost]:
    host = EngineHost(loader(model), cache_budget_bytes=1000, pause_s=0.0)
    host.start()
    assert (await host.life.wait_settled(WAIT_S)).phase is Phase.READY
    yield host
    assert await host.stop(WAIT_S)


@pytest.fixture
def engine(host: EngineHost) -> LocalEngine:
    return LocalEngine(host, session="window")


def request(tokens: list[int], document: str = "a.py", *, is_ahead: bool) -> GenerationRequest:
    return GenerationRequest(document, tokens, len(tokens), 3, is_ahead=is_ahead)


def begin(
    engine: LocalEngine, tokens: list[int], document: str = "a.py", *, is_ahead: bool = False
) -> asyncio.Task[list[GenerationEvent]]:
    async def events() -> list[GenerationEvent]:
        asked = request(tokens, document, is_ahead=is_ahead)
        return [event async for event in engine.generate(asked)]

    return asyncio.create_task(events())


def text_of(events: list[GenerationEvent]) -> bytes:
    return b"".join(event.text for event in events if isinstance(event, Piece))


async def arrival(gate: Gate) -> None:
    await asyncio.to_thread(gate.wait_for_arrival)


async def refreshed(engine: LocalEngine) -> None:
    async with asyncio.timeout(WAIT_S):
        while True:
            cache = await engine.inspect("a.py")
            if cache is not None and cache.exact_prefix == len(cache.tokens):
                return


async def test_it_writes_after_a_cache_that_it_leaves_as_it_is(engine: LocalEngine) -> None:
    await engine.sync("a.py", PROMPT, 0)
    before = await engine.inspect("a.py")
    events = await begin(engine, PROMPT, is_ahead=True)
    after = await engine.inspect("a.py")
    assert text_of(events) == expected_text(PROMPT)
    assert isinstance(events[0], Synced)
    assert (events[0].report.kept, events[0].report.prompt) == (len(PROMPT), len(PROMPT))
    assert before is not None
    assert after is not None
    assert after.last_sync == before.last_sync


@pytest.mark.parametrize("tokens", [OTHER_PROMPT, PROMPT[:-1], [*PROMPT, 5]])
async def test_it_never_takes_a_cache_back_to_an_older_text(
    engine: LocalEngine, model: ModelDouble, tokens: list[int]
) -> None:
    await engine.sync("a.py", PROMPT, 0)
    with pytest.raises(SupersededError, match="another text"):
        await begin(engine, tokens, is_ahead=True)
    cache = await engine.inspect("a.py")
    assert cache is not None
    assert list(cache.tokens) == PROMPT
    assert "decode" not in model.passes


async def test_it_never_reads_a_document_by_itself(engine: LocalEngine, model: ModelDouble) -> None:
    with pytest.raises(SupersededError):
        await begin(engine, PROMPT, is_ahead=True)
    assert model.passes == []


async def test_it_does_not_take_the_place_of_work_in_flight(
    engine: LocalEngine, model: ModelDouble
) -> None:
    gate = model.hold("decode")
    real = begin(engine, PROMPT)
    await arrival(gate)
    with pytest.raises(SupersededError, match="in flight"):
        await begin(engine, PROMPT, is_ahead=True)
    gate.open()
    assert text_of(await real) == expected_text(PROMPT)


@pytest.mark.parametrize("tokens", [PROMPT, OTHER_PROMPT], ids=["same text", "other text"])
@pytest.mark.parametrize("kind", ["sync", "generate"])
async def test_any_work_on_the_document_ends_it_between_layers(
    engine: LocalEngine, model: ModelDouble, kind: str, tokens: list[int]
) -> None:
    """Even a sync to the same text, which would otherwise wait as something not urgent."""
    await engine.sync("a.py", PROMPT, 0)
    gate = model.hold("decode")
    ahead = begin(engine, PROMPT, is_ahead=True)
    await arrival(gate)
    real = (
        asyncio.create_task(engine.sync("a.py", tokens, 0))
        if kind == "sync"
        else begin(engine, tokens)
    )
    await asyncio.sleep(0)
    gate.open()
    await real
    with pytest.raises(SupersededError):
        await ahead
    assert model.written[:1] in ([], [tokens[-1] + 1]), "the held pass wrote nothing"


async def test_work_on_other_documents_does_not_wait_for_it(
    engine: LocalEngine, model: ModelDouble
) -> None:
    """It is left between layers, and begins anew when there is nothing else to do."""
    await engine.sync("a.py", PROMPT, 0)
    gate = model.hold("decode")
    ahead = begin(engine, PROMPT, is_ahead=True)
    await arrival(gate)
    real = begin(engine, OTHER_PROMPT, "b.py")
    await asyncio.sleep(0)
    gate.open()
    assert text_of(await real) == expected_text(OTHER_PROMPT)
    assert text_of(await ahead) == expected_text(PROMPT)
    assert model.written == [40, 41, 42, 20, 21, 22]


async def test_what_it_has_told_is_not_told_twice(engine: LocalEngine, model: ModelDouble) -> None:
    await engine.sync("a.py", PROMPT, 0)
    gates = [Gate(), Gate()]
    decodes = iter(range(10))

    def on_layer(kind: str, layer: int) -> None:
        if kind == "decode" and layer == 1 and next(decodes) == 1:
            gates[0].pass_through()

    model.on_layer = on_layer
    ahead = begin(engine, PROMPT, is_ahead=True)
    await arrival(gates[0])
    real = begin(engine, OTHER_PROMPT, "b.py")
    await asyncio.sleep(0)
    gates[0].open()
    assert text_of(await real) == expected_text(OTHER_PROMPT)
    with pytest.raises(SupersededError, match="More urgent work"):
        await ahead


async def test_closing_it_ends_it_within_one_step(engine: LocalEngine, model: ModelDouble) -> None:
    await engine.sync("a.py", PROMPT, 0)
    gate = model.hold("decode")
    ahead = begin(engine, PROMPT, is_ahead=True)
    await arrival(gate)
    ahead.cancel()
    await asyncio.wait([ahead])
    gate.open()
    await engine.sync("b.py", OTHER_PROMPT, 0)
    assert "decode" not in model.passes


async def test_the_idle_refresh_comes_after_it(engine: LocalEngine, model: ModelDouble) -> None:
    gate = model.hold("refresh")
    await engine.sync("a.py", PROMPT, 0)
    await arrival(gate)
    ahead = begin(engine, PROMPT, is_ahead=True)
    await asyncio.sleep(0)
    gate.open()
    assert text_of(await ahead) == expected_text(PROMPT)
    await refreshed(engine)
    first_refresh = model.passes.index("refresh")
    assert model.passes[:first_refresh].count("decode") == 3


async def test_it_does_not_count_as_a_use_of_the_document(engine: LocalEngine) -> None:
    """Preparing something in a document does not mean that somebody is in it."""
    await engine.sync("b.py", OTHER_PROMPT, 0)
    await engine.sync("a.py", PROMPT, 0)
    await begin(engine, OTHER_PROMPT, "b.py", is_ahead=True)
    assert (await engine.status()).documents == ("a.py", "b.py")


async def test_chunks_are_read_behind_everything_else_and_once(
    model: ModelDouble, engine: LocalEngine
) -> None:
    """A sync that comes meanwhile goes first; what was read before it is not read again."""
    gate = model.hold("ahead")
    reading = asyncio.create_task(engine.read_chunks(PROMPT, [TokenRange(0, 2), TokenRange(2, 5)]))
    await arrival(gate)
    syncing = asyncio.create_task(engine.sync("a.py", OTHER_PROMPT, 0))
    await asyncio.sleep(0)
    gate.open()
    await syncing
    await reading
    passes = [kind for kind in model.passes if kind != "refresh"]
    assert passes == ["sync"] * 3 + ["ahead"] * 2
    await engine.read_chunks(PROMPT, [TokenRange(0, 2)])
    assert model.read_ahead == [(10, 11), (12, 13, 14)]


async def test_newer_chunks_take_the_place_of_older_ones(
    model: ModelDouble, engine: LocalEngine
) -> None:
    gate = model.hold("ahead")
    older = asyncio.create_task(engine.read_chunks(PROMPT, [TokenRange(0, 2)]))
    await arrival(gate)
    newer = asyncio.create_task(engine.read_chunks(OTHER_PROMPT, [TokenRange(0, 2)]))
    await asyncio.sleep(0)
    gate.open()
    await newer
    with pytest.raises(SupersededError):
        await older
    assert model.read_ahead == [(30, 31)]
