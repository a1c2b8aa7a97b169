"""The engine service: whether one runs, answers, and has its model."""

from contextlib import aclosing

from engine.client.launch import ServiceLauncher, launcher_for
from engine.client.remote import RemoteEngine
from engine.errors import EngineError, EngineUnavailableError
from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.protocol.messages import EngineStatus, Phase
from engine.settings import EngineSettings
from warmline.checks.finding import Finding, Verdict

_SUBJECT = "engine"


async def check_engine(settings: EngineSettings, *, may_start: bool) -> Finding:
    """Ask the engine how it is; start one only if allowed."""
    try:
        launcher = launcher_for(settings, may_start=may_start)
        endpoint = launcher.endpoint
        if not may_start and not endpoint.has_service():
            left = ", a former one left its socket behind" if endpoint.socket_path.exists() else ""
            return Finding(_SUBJECT, Verdict.WORKS, f"none runs{left}; it starts when needed")
        status = await _ask(settings, launcher, wait=may_start)
    except EngineUnavailableError as error:
        return Finding(_SUBJECT, Verdict.BROKEN, str(error), "see its log, named there")
    except EngineError as error:
        return Finding(_SUBJECT, Verdict.BROKEN, str(error), "warmline engine stop, then try again")
    return _judge(status)


async def _ask(settings: EngineSettings, launcher: ServiceLauncher, *, wait: bool) -> EngineStatus:
    engine = RemoteEngine(settings, client_name="warmline doctor", launcher=launcher)
    async with aclosing(engine):
        await engine.connect()
        if wait:
            await engine.wait_ready(LOADING_TIMEOUT_S)
        return await engine.status()


def _judge(status: EngineStatus) -> Finding:
    state = status.state
    if state.phase is Phase.FAILED:
        return Finding(_SUBJECT, Verdict.BROKEN, state.message, "mend that; it then starts anew")
    if state.phase is not Phase.READY or state.model is None:
        return Finding(_SUBJECT, Verdict.WORKS, f"process {status.pid} is {state.phase.value}")
    model = state.model
    found = (
        f"process {status.pid} runs {model.name} as {model.storage_type} on {model.device}"
        f" for {status.num_clients - 1} other clients"
    )
    if not model.can_rotate:
        return Finding(_SUBJECT, Verdict.WARNING, found, model.rotation_note)
    return Finding(_SUBJECT, Verdict.WORKS, found)
