"""How long the processes take to be there."""

import time
from collections.abc import Sequence

from engine.client.remote import RemoteEngine
from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.protocol.messages import Phase
from engine.settings import EngineSettings
from evaluation.bench.serving.private_engine import CLIENT_NAME, stop_engine
from evaluation.errors import UnexpectedResultError
from evaluation.framing import Json
from evaluation.lsp_client import language_server
from evaluation.report import Row, summarise


async def start_server_rows(command: Sequence[str], repeats: int) -> list[Row]:
    """Start the language server again and again, as an editor that opens."""
    initialize_ms, first_request_ms = [], []
    for _ in range(repeats):
        answered_ms, served_ms = await _start_server(command)
        initialize_ms.append(answered_ms)
        first_request_ms.append(served_ms)
    return [
        summarise("start-server", "warmline", "initialize_ms", initialize_ms, "ms"),
        summarise("start-server", "warmline", "first_request_ms", first_request_ms, "ms"),
    ]


async def start_engine_rows(settings: EngineSettings, repeats: int) -> list[Row]:
    """Start the engine again and again; its files are in memory from the first time on."""
    await _start_engine(settings)
    ready_ms = [await _start_engine(settings) for _ in range(repeats)]
    return [summarise("start-engine", "warmline", "ready_ms", ready_ms, "ms")]


async def _start_server(command: Sequence[str]) -> tuple[float, float]:
    """Return the time until `initialize` is answered, and until a request behind it is."""
    began_s = time.monotonic()
    async with language_server(command) as client:
        params: dict[str, Json] = {"processId": None, "rootUri": None, "capabilities": {}}
        await client.request("initialize", params)
        answered_s = time.monotonic()
        await client.request("warmline/status", {})
        served_s = time.monotonic()
    return 1000 * (answered_s - began_s), 1000 * (served_s - began_s)


async def _start_engine(settings: EngineSettings) -> float:
    """Return the time from the process's start until the model is loaded; then end it."""
    engine = RemoteEngine(settings, client_name=CLIENT_NAME)
    began_s = time.monotonic()
    try:
        await engine.connect()
        state = await engine.wait_ready(LOADING_TIMEOUT_S)
        ready_ms = 1000 * (time.monotonic() - began_s)
        if state.phase is not Phase.READY:
            raise UnexpectedResultError(f"the engine has no model to measure: {state.message}")
    finally:
        await engine.aclose()
        await stop_engine(settings)
    return ready_ms
