"""The engine service: whether one runs, answers, and has its model."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

from engine.client.launch import ServiceLauncher, launcher_for, log_path_for
from engine.client.remote import RemoteEngine
from engine.errors import EngineError, EngineUnavailableError
from engine.protocol.endpoint import Endpoint, Transport
from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.protocol.messages import EngineStatus, Phase
from engine.settings import EngineSettings
from warmline.checks.environment import is_transport_known
from warmline.checks.finding import Finding, works
from warmline.checks.folders import is_writable
from warmline.checks.paths import typed
from warmline.checks.problems import Problem
from warmline.checks.runtime_files import check_other_engines, strangers

COMING_OR_GOING_S = 3.0
"""How long an engine may hold its place and not answer yet, or not any more."""

_POLL_S = 0.05


async def check_engine(settings: EngineSettings, *, may_start: bool) -> list[Finding]:
    """Ask the engine how it is; start one only if allowed."""
    if not is_transport_known():
        return []  # which is a finding of its own
    try:
        launcher = launcher_for(settings, may_start=may_start)
    except EngineUnavailableError as error:
        return [Problem.RUNTIME_FOLDER.finding(str(error))]
    if problems := list(_check_files(launcher.endpoint)):
        return problems
    finding = await _check_service(settings, launcher, may_start=may_start)
    return [*check_other_engines(settings.model), finding]


def runs_engine(settings: EngineSettings) -> bool:
    """Tell whether an engine has the model in memory, or is about to."""
    try:
        return launcher_for(settings, may_start=False).endpoint.has_service()
    except (EngineUnavailableError, OSError):
        return False


def _check_files(endpoint: Endpoint) -> Iterator[Finding]:
    """See whether the engine can put its files where they belong."""
    if not is_writable(endpoint.folder):
        yield Problem.RUNTIME_FOLDER.finding(f"{endpoint.folder} cannot be written")
    for path in strangers(endpoint):
        owner = "a folder" if path.is_dir() else "another user's file"
        found = f"{path.name} in {path.parent} is {owner}"
        yield Problem.PLACE_TAKEN.finding(found, path=typed(path))


async def _check_service(
    settings: EngineSettings, launcher: ServiceLauncher, *, may_start: bool
) -> Finding:
    endpoint = launcher.endpoint
    if endpoint.has_service():
        try:
            if not await _answers(launcher):
                return _unreachable(endpoint)
        except EngineUnavailableError as error:
            return Problem.ENGINE_SILENT.finding(str(error), model=_typed_model(endpoint))
    elif not may_start:
        left = ", a former one left its socket behind" if endpoint.socket_path.exists() else ""
        return works("engine", f"none runs{left}; it starts when needed")
    return await _ask_and_judge(settings, launcher, may_start=may_start)


async def _answers(launcher: ServiceLauncher) -> bool:
    """Tell whether the service can be reached, soon at least.

    Raises:
        EngineUnavailableError: If what is there keeps silent.
    """
    deadline_s = time.monotonic() + COMING_OR_GOING_S
    while launcher.endpoint.has_service():
        socket = await launcher.find()
        if socket is not None:
            await socket.close()
            return True
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(_POLL_S)
    return True  # it has left, and another can be started


def _unreachable(endpoint: Endpoint) -> Finding:
    card = endpoint.read_card()
    process = f"process {card.pid}" if card else "a process without a card"
    if endpoint.transport is Transport.TCP and card:
        place = f"somebody else answers, or nobody, at its port {card.port}"
    else:
        place = "nobody answers at its socket"
    found = f"{process} is the engine, but {place}"
    return Problem.ENGINE_UNREACHABLE.finding(found, model=_typed_model(endpoint))


def _typed_model(endpoint: Endpoint) -> str:
    return typed(Path(endpoint.model))


async def _ask_and_judge(
    settings: EngineSettings, launcher: ServiceLauncher, *, may_start: bool
) -> Finding:
    log_folder = typed(log_path_for(launcher.endpoint).parent)
    model = _typed_model(launcher.endpoint)
    try:
        return _judge(await _ask(settings, launcher, wait=may_start), model)
    except EngineUnavailableError as error:
        return Problem.ENGINE_ENDED.finding(str(error), folder=log_folder)
    except EngineError as error:
        return Problem.ENGINE_SILENT.finding(str(error), model=model)


async def _ask(settings: EngineSettings, launcher: ServiceLauncher, *, wait: bool) -> EngineStatus:
    engine = RemoteEngine(settings, client_name="warmline doctor", launcher=launcher)
    async with aclosing(engine):
        await engine.connect()
        if wait:
            await engine.wait_ready(LOADING_TIMEOUT_S)
        return await engine.status()


def _judge(status: EngineStatus, typed_model: str) -> Finding:
    state = status.state
    if state.phase is Phase.FAILED:
        return Problem.ENGINE_FAILED.finding(state.message, model=typed_model)
    if state.phase is not Phase.READY or state.model is None:
        return works("engine", f"process {status.pid} is {state.phase.value}")
    model = state.model
    found = (
        f"process {status.pid} runs {Path(model.name).name} as {model.storage_type} on"
        f" {model.device}; other clients: {status.num_clients - 1}"
    )
    if not model.can_rotate:
        return Problem.MODEL_PREFIX_ONLY.finding(f"{found}: {model.rotation_note}")
    return works("engine", found)
