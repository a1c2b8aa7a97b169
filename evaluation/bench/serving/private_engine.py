"""An engine of the measurement's own, which no window of the user shares."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from engine.client.launch import launcher_for
from engine.client.remote import RemoteEngine
from engine.settings import EngineSettings
from evaluation.errors import NoAnswerError

CLIENT_NAME = "warmline bench serve"
_LEAVE_TIMEOUT_S = 20.0
_POLL_S = 0.02


@asynccontextmanager
async def private_engines(settings: EngineSettings) -> AsyncIterator[None]:
    """Let engines that are started within the context live in a folder of their own.

    The environment of this process says where, because the processes it starts inherit that.
    An engine still there at the end is ended.
    """
    # Not below the user's own temporary folders: a socket's path may have 103 bytes at most.
    with tempfile.TemporaryDirectory(prefix="wl-") as folder, _environment(folder):
        try:
            yield
        finally:
            await stop_engine(settings)


async def stop_engine(settings: EngineSettings) -> None:
    """End the engine of `settings`, if there is one, and wait until it is gone.

    Raises:
        NoAnswerError: If it stays.
    """
    launcher = launcher_for(settings, may_start=False)
    if not launcher.endpoint.has_service():
        return
    engine = RemoteEngine(settings, client_name=CLIENT_NAME, launcher=launcher)
    try:
        await engine.stop_service()
    finally:
        await engine.aclose()
    deadline_s = time.monotonic() + _LEAVE_TIMEOUT_S
    while launcher.endpoint.has_service():
        if time.monotonic() > deadline_s:
            raise NoAnswerError(
                f"the engine was asked to stop and is still there {_LEAVE_TIMEOUT_S:g} s later;"
                " its log says why"
            )
        await asyncio.sleep(_POLL_S)


@contextmanager
def _environment(folder: str) -> Iterator[None]:
    names = ("WARMLINE_RUNTIME_DIR", "WARMLINE_SNAPSHOT_DIR", "XDG_STATE_HOME")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, folder))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
