"""Text encoders beside the model: what comes before them, what they leave alone, what they take."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from engine.errors import UnsupportedModelError
from engine.protocol.messages import EncodingRequest, Finished, Phase
from engine.service.encoders import EncoderLimits
from engine.service.host import EngineHost
from tests.unit.engine.doubles import (
    WAIT_S,
    EncoderDouble,
    Gate,
    ModelDouble,
    encoder_loader,
    loader,
    request_for,
)
from tests.unit.engine.serving import until

PROMPT = list(range(10, 20))
TEXTS = ("a", "bb", "ccc", "dddd", "eeeee")
ALL_BATCHES = [(0, 1), (2, 3), (4,)]


@asynccontextmanager
async def host_with(
    model: ModelDouble, limits: EncoderLimits, pause_s: float = 60.0
) -> AsyncIterator[EngineHost]:
    host = EngineHost(loader(model), 1000, pause_s=pause_s, encoders=limits)
    host.open_session("one")
    host.start()
    assert (await host.life.wait_settled(WAIT_S)).phase is Phase.READY
    yield host
    assert await host.stop(WAIT_S)


async def test_a_sync_breaks_into_a_batch_and_no_finished_batch_is_lost() -> None:
    model, encoder = ModelDouble(), EncoderDouble()
    order: list[str] = []
    async with host_with(model, EncoderLimits(encoder_loader(double=encoder))) as host:
        gate = encoder.hold()
        work = asyncio.create_task(host.encode(EncodingRequest("double", TEXTS)))
        work.add_done_callback(lambda _: order.append("texts"))
        await asyncio.to_thread(gate.wait_for_arrival)
        sync = asyncio.create_task(host.sync("one", "a.py", PROMPT, 0))
        sync.add_done_callback(lambda _: order.append("sync"))
        await asyncio.sleep(0)  # it has been submitted once this task goes on
        gate.open()
        assert (await work).size == 2
    assert order == ["sync", "texts"]
    assert encoder.done == ALL_BATCHES


def hold_second_decoding(model: ModelDouble) -> Gate:
    gate = Gate()

    def on_layer(kind: str, layer: int) -> None:
        if (kind, layer) == ("decode", 1) and model.passes.count("decode") == 1:
            gate.pass_through()

    model.on_layer = on_layer
    return gate


async def test_work_done_ahead_goes_on_after_texts_were_encoded_between_its_steps() -> None:
    """It would have to give up if it were made to begin anew."""
    model, encoder = ModelDouble(), EncoderDouble()
    async with host_with(model, EncoderLimits(encoder_loader(double=encoder))) as host:
        await host.sync("one", "a.py", PROMPT, 0)
        request = request_for(PROMPT, is_ahead=True)
        gate = hold_second_decoding(model)  # when the first step has been told
        async with aclosing(host.generate("one", request)) as events:
            await anext(events)
            await asyncio.to_thread(gate.wait_for_arrival)
            work = asyncio.create_task(host.encode(EncodingRequest("double", TEXTS)))
            await asyncio.sleep(0)
            gate.open()
            assert [e async for e in events if isinstance(e, Finished)]
        await work
    assert encoder.done == ALL_BATCHES


async def test_texts_come_before_refreshing() -> None:
    model, encoder = ModelDouble(), EncoderDouble()
    order: list[str] = []
    limits = EncoderLimits(encoder_loader(double=encoder))
    async with host_with(model, limits, pause_s=0.0) as host:
        gate = Gate()

        def on_layer(kind: str, layer: int) -> None:
            if (kind, layer) == ("refresh", 1):
                order.append(kind)
                gate.pass_through()

        model.on_layer = on_layer
        encoder.on_layer = lambda layer: order.append("texts") if layer == 1 else None
        await host.sync("one", "a.py", PROMPT, 0)
        await asyncio.to_thread(gate.wait_for_arrival)
        work = asyncio.create_task(host.encode(EncodingRequest("double", TEXTS)))
        await asyncio.sleep(0)
        gate.open()
        await work
        await until(lambda: model.passes.count("refresh") == 3)
    assert order == ["refresh", "texts", "texts", "texts", "refresh", "refresh"]


async def test_what_was_used_least_recently_makes_room() -> None:
    doubles = {name: EncoderDouble(num_bytes=40) for name in ("one", "two", "three")}
    limits = EncoderLimits(encoder_loader(**doubles), budget_bytes=100)
    async with host_with(ModelDouble(), limits) as host:
        for name in ("one", "two", "one", "three"):
            await host.encode(EncodingRequest(name, TEXTS))
        status = host.status()
    assert (status.encoders, status.encoder_bytes) == (("one", "three"), 80)


async def test_an_encoder_larger_than_all_may_be_is_refused() -> None:
    limits = EncoderLimits(encoder_loader(double=EncoderDouble(101)), budget_bytes=100)
    async with host_with(ModelDouble(), limits) as host:
        with pytest.raises(UnsupportedModelError, match="takes 101 bytes and all together may"):
            await host.encode(EncodingRequest("double", TEXTS))
        assert host.status().encoders == ()


async def test_an_encoder_that_nobody_asks_leaves_and_comes_back() -> None:
    limits = EncoderLimits(encoder_loader(double=EncoderDouble()), idle_s=0.0)
    async with host_with(ModelDouble(), limits) as host:
        for _ in range(2):
            assert (await host.encode(EncodingRequest("double", TEXTS))).size == 2
            await until(lambda: host.status().encoders == ())


async def test_an_engine_without_encoders_says_so() -> None:
    async with host_with(ModelDouble(), EncoderLimits()) as host:
        with pytest.raises(UnsupportedModelError, match="no text encoders; 'double' was asked"):
            await host.encode(EncodingRequest("double", TEXTS))
