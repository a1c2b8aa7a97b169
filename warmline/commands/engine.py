"""`warmline engine`: see, start, stop or run the engine that all windows share."""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, fields

from engine.client.launch import ServiceLauncher, launcher_for
from engine.client.remote import RemoteEngine
from engine.errors import EngineError, EngineUnavailableError
from engine.protocol.endpoint import Endpoint
from engine.protocol.lifecycle import LOADING_TIMEOUT_S
from engine.protocol.messages import EngineState, EngineStatus, Phase
from engine.service.snapshot_folder import SnapshotFolder
from engine.settings import EngineSettings
from engine.weights.location import snapshot_folder
from warmline.options import add_json_option, print_json

_CLIENT_NAME = "warmline engine"
_STOP_TIMEOUT_S = 10.0
_POLL_S = 0.05


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Describe the command's arguments."""
    parser = subparsers.add_parser(
        "engine",
        description="See, start or stop the engine: one per machine and model, for all windows.",
    )
    actions = {
        "status": "say whether it runs and what it holds (the default)",
        "start": "start it if need be, and wait until the model is loaded",
        "stop": "stop it, for all windows; the next request starts it again",
        "run": "be the engine, in the foreground",
    }
    summary = "; ".join(f"{action}: {text}" for action, text in actions.items())
    parser.add_argument("action", nargs="?", choices=actions, default="status", help=summary)
    parser.add_argument(
        "--forget",
        action="store_true",
        help="with stop: delete the caches that engines have kept on disk, of all documents",
    )
    add_json_option(parser)
    for field in fields(EngineSettings):
        option = "--" + field.name.replace("_", "-")
        text = str(field.metadata["description"])
        if isinstance(field.default, bool):
            parser.add_argument(
                option, action=argparse.BooleanOptionalAction, default=field.default, help=text
            )
        else:
            parser.add_argument(
                option,
                type=type(field.default),
                default=field.default,
                choices=field.metadata.get("enum"),
                help=f"{text} Default: {field.default}.",
            )


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked and return the exit code.

    Raises:
        EngineError: If it cannot be done, in a sentence for whoever asked.
    """
    if arguments.forget and arguments.action != "stop":
        raise EngineError("--forget goes with `warmline engine stop`; nothing was done.")
    settings = EngineSettings(
        **{field.name: getattr(arguments, field.name) for field in fields(EngineSettings)}
    )
    if arguments.action == "run":
        from engine.service.run import run_engine  # noqa: PLC0415  # the others need no server

        return run_engine(settings)
    action = {"start": _start, "stop": _stop, "status": _status}[arguments.action]
    exit_code = asyncio.run(action(settings, as_json=arguments.json))
    if arguments.forget:
        _forget(settings)
    return exit_code


async def _start(settings: EngineSettings, *, as_json: bool) -> int:
    engine = RemoteEngine(settings, client_name=_CLIENT_NAME)
    engine.on_state(_narrator())
    try:
        await engine.connect()
        state = await engine.wait_ready(LOADING_TIMEOUT_S)
        _report(await engine.status(), as_json=as_json)
    finally:
        await engine.aclose()
    return 0 if state.phase is Phase.READY else 1


async def running_status(settings: EngineSettings) -> EngineStatus | None:
    """Ask the engine how it is, without starting one; None where none runs.

    Raises:
        EngineError: If it runs and does not answer.
    """
    launcher = launcher_for(settings, may_start=False)
    if not launcher.endpoint.has_service():
        return None
    engine = RemoteEngine(settings, client_name=_CLIENT_NAME, launcher=launcher)
    try:
        return await engine.status()
    finally:
        await engine.aclose()


def describe_status(status: EngineStatus) -> str:
    """Return a few lines for people."""
    held_mib, budget_mib = status.cache_bytes / 2**20, status.cache_budget_bytes / 2**20
    lines = [
        f"{status.state.message}  ({status.state.phase})",
        f"process {status.pid}, up {status.uptime_s:.0f} s, clients: {status.num_clients}",
        f"caches: {len(status.documents)}, {held_mib:.0f} of {budget_mib:.0f} MiB",
        f"chunks of other files: {status.chunk_bytes / 2**20:.0f} MiB",
        *status.documents,
        *(f"text encoder: {name}" for name in status.encoders),
        *status.notes,
    ]
    return "\n".join(lines)


def describe_absence(settings: EngineSettings) -> str:
    """Return a sentence for people."""
    return f"No engine runs for {settings.model}."


async def _status(settings: EngineSettings, *, as_json: bool) -> int:
    status = await running_status(settings)
    if status is None:
        _say({"running": False}, describe_absence(settings), as_json=as_json)
    else:
        _report(status, as_json=as_json)
    return 0


async def _stop(settings: EngineSettings, *, as_json: bool) -> int:
    launcher = launcher_for(settings, may_start=False)
    was_running = launcher.endpoint.has_service()
    if was_running:
        await _ask_to_stop(settings, launcher)
        await _end(launcher.endpoint)
    sentence = "stopped" if was_running else "was not running"
    _say({"stopped": was_running}, f"The engine {sentence}.", as_json=as_json)
    return 0


def _forget(settings: EngineSettings) -> None:
    """Delete what engines have kept on disk.

    Raises:
        EngineUnavailableError: If it cannot be deleted.
    """
    folder = SnapshotFolder(snapshot_folder(), settings.snapshot_bytes)
    try:
        num_deleted = folder.clear()
    except OSError as error:
        raise EngineUnavailableError(
            f"The caches in {folder.path} cannot be deleted ({error}); delete the folder yourself."
        ) from error
    print(f"{num_deleted} caches of documents were deleted.", file=sys.stderr)


async def _ask_to_stop(settings: EngineSettings, launcher: ServiceLauncher) -> None:
    engine = RemoteEngine(settings, client_name=_CLIENT_NAME, launcher=launcher)
    try:
        await engine.stop_service()
    except EngineUnavailableError:  # it lives but does not answer, so the system must ask
        _signal(launcher.endpoint, signal.SIGTERM)
    finally:
        await engine.aclose()


async def _end(endpoint: Endpoint) -> None:
    """Wait until the service is gone; kill it if it takes too long."""
    if await _is_gone(endpoint):
        return
    _signal(endpoint, getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has the latter only
    if not await _is_gone(endpoint):
        raise EngineUnavailableError(
            f"The engine was killed and is still there {_STOP_TIMEOUT_S:g} s later; restart the "
            "machine if that goes on."
        )


async def _is_gone(endpoint: Endpoint) -> bool:
    deadline_s = time.monotonic() + _STOP_TIMEOUT_S
    while endpoint.has_service():
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(_POLL_S)
    return True


def _signal(endpoint: Endpoint, number: int) -> None:
    card = endpoint.read_card()
    if card is not None and endpoint.has_service():
        with suppress(ProcessLookupError):
            os.kill(card.pid, number)


def _narrator() -> Callable[[EngineState], None]:
    """Return a listener that writes each new message once."""
    told = ""

    def tell(state: EngineState) -> None:
        nonlocal told
        if state.message != told:
            told = state.message
            print(told, file=sys.stderr)

    return tell


def _report(status: EngineStatus, *, as_json: bool) -> None:
    _say({"running": True, **asdict(status)}, describe_status(status), as_json=as_json)


def _say(value: dict[str, object], text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        print(text)
