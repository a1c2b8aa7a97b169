"""Requests that carry a prompt: sent as a change, and whole when that is not understood."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from engine.client.connection import EngineConnection
from engine.errors import UnknownBaseError
from engine.protocol.calls import GenerateCall, Method, SyncCall
from engine.protocol.codec import from_wire, union_from_wire
from engine.protocol.messages import GenerationEvent, GenerationRequest, SyncReport, TokenRange


async def send_sync(
    connection: EngineConnection,
    document: str,
    tokens: Sequence[int],
    cursor: int,
    *,
    chunks: Sequence[TokenRange],
    timeout_s: float,
) -> SyncReport:
    """Send a sync and return its report. Raises what `EngineConnection.call` raises."""

    async def send() -> SyncReport:
        change = connection.declarer.declare(document, tokens)
        call = SyncCall(document, change, cursor, tuple(chunks))
        return from_wire(SyncReport, await connection.call(Method.SYNC, call, timeout_s), "report")

    try:
        return await send()
    except UnknownBaseError:
        connection.declarer.forget(document)
        return await send()


async def stream_events(
    connection: EngineConnection, request: GenerationRequest, timeout_s: float
) -> AsyncGenerator[GenerationEvent, None]:
    """Send a generation and yield its events. Raises what `EngineConnection.stream` raises."""

    async def send() -> AsyncGenerator[GenerationEvent, None]:
        change = connection.declarer.declare(request.document, request.tokens)
        call = GenerateCall.of(request, change)
        async with aclosing(connection.stream(Method.GENERATE, call, timeout_s)) as stream:
            async for data in stream:
                yield union_from_wire(GenerationEvent, data, "event")

    try:
        async with aclosing(send()) as events:
            async for event in events:
                yield event
    except UnknownBaseError:  # comes before any event
        connection.declarer.forget(request.document)
        async with aclosing(send()) as events:
            async for event in events:
                yield event
