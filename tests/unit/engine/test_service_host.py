"""The host: newest wins, joining, cancelling, idle work, life cycle, refused requests."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from engine.errors import (
    EngineError,
    ModelNotFoundError,
    NotReadyError,
    PromptTooLongError,
    SupersededError,
)
from engine.protocol.messages import Finished, Phase, Piece, Synced, TokenRange
from engine.service.host import EngineHost, LoadProgress
from engine.service.local import LocalEngine
from engine.service.steps import LoadedModel
from tests.unit.engine.doubles import (
    WAIT_S,
    Gate,
    ModelDouble,
    expected_text,
    loaded,
    loader,
    request_for,
)

PROMPT = list(range(10, 20))
OTHER_PROMPT = list(range(30, 40))


@pytest.fixture
def model() -> ModelDouble:
    return ModelDouble()


@pytest.fixture
async def host(model: ModelDouble) -> AsyncIterator[EngineHost]:
    host = EngineHost(loader(model), cache_budget_bytes=1000)
    host.start()
    assert (await host.life.wait_settled(WAIT_S)).phase is Phase.READY
    yield host
    assert await host.stop(WAIT_S)


@pytest.fixture
def engine(host: EngineHost) -> LocalEngine:
    return LocalEngine(host, session="window")


async def arrival(gate: Gate) -> None:
    await asyncio.to_thread(gate.wait_for_arrival)


async def text_of(engine: LocalEngine, tokens: list[int], **more: int) -> bytes:
    events = [event async for event in engine.generate(request_for(tokens, **more))]
    return b"".join(e.text for e in events if isinstance(e, Piece) and e.candidate == 0)


async def refreshed(engine: LocalEngine, document: str = "a.py") -> None:
    """Wait until the idle engine has made the document's cache exact."""
    async with asyncio.timeout(WAIT_S):
        while True:
            cache = await engine.inspect(document)
            if cache is not None and cache.exact_prefix == len(cache.tokens):
                return


async def test_a_generation_syncs_first_and_ends_every_candidate(engine: LocalEngine) -> None:
    events = [event async for event in engine.generate(request_for(PROMPT, num_candidates=2))]
    assert isinstance(events[0], Synced)
    assert events[0].report.prompt == len(PROMPT)
    assert {e.candidate for e in events[-2:] if isinstance(e, Finished)} == {0, 1}
    assert await text_of(engine, PROMPT) == expected_text(PROMPT)


async def test_closing_a_generation_ends_it_within_one_step(
    engine: LocalEngine, model: ModelDouble
) -> None:
    gate = model.hold("decode")
    async with aclosing(engine.generate(request_for(PROMPT, max_tokens=50))) as events:
        assert isinstance(await anext(events), Synced)
        await arrival(gate)
    gate.open()
    await engine.sync("b.py", PROMPT, 0)
    assert "decode" not in model.passes, "the pass was left between layers, and no other began"


async def test_newer_work_with_other_tokens_ends_a_generation(
    engine: LocalEngine, model: ModelDouble
) -> None:
    gate = model.hold("decode")
    old = asyncio.create_task(text_of(engine, PROMPT))
    await arrival(gate)
    new = asyncio.create_task(engine.sync("a.py", OTHER_PROMPT, 0))
    await asyncio.sleep(0)
    gate.open()
    with pytest.raises(SupersededError):
        await old
    assert (await new).prompt == len(OTHER_PROMPT)


async def test_a_sync_to_the_same_tokens_lets_a_generation_run_on(
    engine: LocalEngine, model: ModelDouble
) -> None:
    gate = model.hold("decode")
    running = asyncio.create_task(text_of(engine, PROMPT))
    await arrival(gate)
    report = await engine.sync("a.py", PROMPT, 0)
    assert report.prompt == len(PROMPT)
    gate.open()
    assert await running == expected_text(PROMPT)


async def test_a_joined_sync_outlives_the_generation_it_joined(
    engine: LocalEngine, model: ModelDouble
) -> None:
    gate = model.hold("sync")
    running = asyncio.create_task(text_of(engine, PROMPT))
    await arrival(gate)
    joined = asyncio.create_task(engine.sync("a.py", PROMPT, 0))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    gate.open()
    assert (await joined).prompt == len(PROMPT)


async def test_the_same_document_of_two_sessions_has_two_caches(
    host: EngineHost, engine: LocalEngine
) -> None:
    other = LocalEngine(host, session="shell")
    texts = await asyncio.gather(text_of(engine, PROMPT), text_of(other, OTHER_PROMPT))
    assert texts == [expected_text(PROMPT), expected_text(OTHER_PROMPT)]
    first, second = await engine.inspect("a.py"), await other.inspect("a.py")
    assert first is not None
    assert second is not None
    assert list(first.tokens) == PROMPT
    assert list(second.tokens) == OTHER_PROMPT


async def test_generations_of_two_sessions_take_turns(
    host: EngineHost, engine: LocalEngine, model: ModelDouble
) -> None:
    other = LocalEngine(host, session="shell")
    gate = model.hold("sync")
    first = asyncio.create_task(text_of(engine, PROMPT, max_tokens=6))
    await arrival(gate)
    second = asyncio.create_task(text_of(other, OTHER_PROMPT, max_tokens=6))
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(first, second)
    overlap = model.written[2:-2]
    is_first = [token < OTHER_PROMPT[0] for token in overlap]
    assert is_first[:-1] == [not was_first for was_first in is_first[1:]]


async def test_an_idle_engine_makes_the_latest_cache_exact(engine: LocalEngine) -> None:
    report = await engine.sync("a.py", PROMPT, 0)
    assert report.exact_prefix == 0
    await refreshed(engine)


async def test_a_refresh_yields_to_a_generation_between_layers(
    engine: LocalEngine, model: ModelDouble
) -> None:
    gate = model.hold("refresh")
    await engine.sync("a.py", PROMPT, 0)
    await arrival(gate)
    generation = asyncio.create_task(text_of(engine, OTHER_PROMPT, document="b.py"))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    gate.open()
    assert await generation == expected_text(OTHER_PROMPT)
    done = model.passes.index("decode")
    assert "refresh" not in model.passes[:done], "the held refresh was left in the middle"
    await refreshed(engine, "b.py")


async def test_every_open_document_is_refreshed_in_the_end(
    engine: LocalEngine, model: ModelDouble
) -> None:
    gate = model.hold("refresh")
    await engine.sync("a.py", PROMPT, 0)
    await arrival(gate)
    latest = asyncio.create_task(engine.sync("b.py", OTHER_PROMPT, 0))
    await asyncio.sleep(0)
    gate.open()
    await latest
    await refreshed(engine, "a.py")
    await refreshed(engine, "b.py")
    assert model.passes.count("refresh") == 6, "the first pass was left in the middle"


async def test_a_closed_session_leaves_idle_time_to_others(
    host: EngineHost, engine: LocalEngine, model: ModelDouble
) -> None:
    other = LocalEngine(host, session="shell")
    await engine.sync("a.py", PROMPT, 0)
    gate = model.hold("refresh")
    await other.sync("b.py", OTHER_PROMPT, 0)
    await arrival(gate)
    await other.aclose()
    gate.open()
    await refreshed(engine, "a.py")
    assert model.passes.count("refresh") == 3


async def test_a_closed_document_is_not_refreshed(engine: LocalEngine, model: ModelDouble) -> None:
    gate = model.hold("refresh")
    await engine.sync("a.py", PROMPT, 0)
    await arrival(gate)
    closing = asyncio.create_task(engine.close_document("a.py"))
    await asyncio.sleep(0)
    gate.open()
    await closing
    cache = await engine.inspect("a.py")
    assert cache is not None
    assert cache.exact_prefix < len(PROMPT)


async def test_closing_a_document_ends_its_work(engine: LocalEngine, model: ModelDouble) -> None:
    gate = model.hold("sync")
    sync = asyncio.create_task(engine.sync("a.py", PROMPT, 0))
    await arrival(gate)
    closing = asyncio.create_task(engine.close_document("a.py"))
    await asyncio.sleep(0)
    gate.open()
    await closing
    with pytest.raises(SupersededError, match=r"a\.py was closed"):
        await sync


@pytest.mark.parametrize(
    ("tokens", "cursor", "error", "words"),
    [
        ([], 0, EngineError, "no tokens"),
        ([1, 1000], 0, EngineError, "the token 1000"),
        ([1, -1], 0, EngineError, "token ids"),
        ([1, 2**40], 0, EngineError, "token ids"),
        ([1, 2], 3, EngineError, "cursor is at 3"),
        ([1] * 201, 0, PromptTooLongError, "201 tokens"),
        ([1] * 150, 0, PromptTooLongError, "budget"),
    ],
)
async def test_impossible_prompts_are_refused_in_words(
    engine: LocalEngine, tokens: list[int], cursor: int, error: type[EngineError], words: str
) -> None:
    with pytest.raises(error, match=words):
        await engine.sync("a.py", tokens, cursor)


@pytest.mark.parametrize("places", [[(3, 3)], [(0, 3), (2, 5)], [(4, 6), (0, 2)], [(8, 11)]])
async def test_impossible_chunks_are_refused_in_words(
    engine: LocalEngine, places: list[tuple[int, int]]
) -> None:
    with pytest.raises(EngineError, match="A chunk at"):
        await engine.sync("a.py", PROMPT, 0, [TokenRange(*place) for place in places])


async def test_impossible_generations_are_refused_in_words(engine: LocalEngine) -> None:
    with pytest.raises(PromptTooLongError, match="191 more"):
        await text_of(engine, PROMPT, max_tokens=191)
    with pytest.raises(EngineError, match="0 candidates"):
        await text_of(engine, PROMPT, num_candidates=0)
    with pytest.raises(EngineError, match="at most 16"):
        await text_of(engine, PROMPT, num_candidates=10_000_000)


async def test_loading_tells_its_progress_and_refuses_requests_meanwhile() -> None:
    gate = Gate()

    def load(progress: LoadProgress) -> LoadedModel:
        progress(0.25, "Reading.")
        gate.pass_through()
        progress(0.251, "Reading.")
        progress(0.75, "Reading.")
        return loaded(ModelDouble(), notes=("It cannot rotate.",))

    host = EngineHost(load, cache_budget_bytes=1000)
    engine = LocalEngine(host)
    phases: list[tuple[Phase, float]] = []
    notices: list[str] = []
    engine.on_state(lambda state: phases.append((state.phase, state.fraction)))
    engine.on_notice(notices.append)
    host.start()
    await arrival(gate)
    with pytest.raises(NotReadyError):
        await engine.sync("a.py", PROMPT, 0)
    assert await engine.inspect("a.py") is None
    gate.open()
    state = await engine.wait_ready(WAIT_S)
    assert state.model is not None
    loading = Phase.LOADING
    assert phases == [(loading, 0.0), (loading, 0.25), (loading, 0.75), (Phase.READY, 1.0)]
    assert notices == ["It cannot rotate."]
    assert (await engine.status()).notes == ("It cannot rotate.",)
    assert await host.stop(WAIT_S)


async def test_a_model_that_cannot_be_loaded_is_one_clear_sentence() -> None:
    def load(_: LoadProgress) -> LoadedModel:
        raise ModelNotFoundError("There is no model named x.")

    host = EngineHost(load, cache_budget_bytes=1000)
    host.start()
    engine = LocalEngine(host)
    assert (await engine.wait_ready(WAIT_S)).phase is Phase.FAILED
    with pytest.raises(NotReadyError, match="There is no model named x"):
        await engine.sync("a.py", PROMPT, 0)
    assert await host.stop(WAIT_S)


async def test_stopping_ends_loading_at_its_next_progress() -> None:
    gate = Gate()
    went_on = threading.Event()

    def load(progress: LoadProgress) -> LoadedModel:
        gate.pass_through()
        progress(0.5, "Half.")
        went_on.set()
        return loaded(ModelDouble())

    host = EngineHost(load, cache_budget_bytes=1000)
    host.start()
    await arrival(gate)
    assert not await host.stop(timeout_s=0)
    gate.open()
    assert await host.stop(WAIT_S)
    assert not went_on.is_set()


async def test_the_status_counts_clients_and_bytes(host: EngineHost, engine: LocalEngine) -> None:
    await engine.sync("a.py", PROMPT, 0)
    other = LocalEngine(host, session="shell")
    await other.connect()
    status = await engine.status()
    assert (status.num_clients, status.documents, status.cache_bytes) == (2, ("a.py",), 100)
    await other.aclose()
    assert (await engine.status()).num_clients == 1
    assert (status.cache_budget_bytes, status.chunk_bytes) == (1000, 33)
