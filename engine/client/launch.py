"""Reaching the service: the one that runs, or else a new one."""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import platformdirs
from filelock import Timeout
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import InvalidHandshake, InvalidMessage

from engine.errors import EngineUnavailableError
from engine.protocol.endpoint import Endpoint, Transport, canonical_model, endpoint_for, file_lock
from engine.protocol.frames import MAX_FRAME_BYTES
from engine.settings import EngineSettings

START_TIMEOUT_S = 60.0
_CONNECTION: dict[str, Any] = {
    "compression": None,
    "max_size": MAX_FRAME_BYTES,
    "open_timeout": 10.0,
    "close_timeout": 2.0,
    "ping_interval": None,  # for the reason given in `engine.service.listen`
}
_POLL_S = 0.03
_MAX_LOG_BYTES = 2**20
_LOG_STAMP = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ [A-Z]+ ")  # time and level, not for people
_LOG_TAIL_BYTES = 4096


class ServiceLauncher:
    """Connects to the service at an endpoint and starts it where there is none.

    Args:
        endpoint: Where the service is to be found.
        command: Starts it in the foreground; None forbids starting.
        log_path: Takes its output.
        start_timeout_s: Bound on the wait until a started service answers.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        command: Sequence[str] | None,
        log_path: Path,
        start_timeout_s: float = START_TIMEOUT_S,
    ) -> None:
        self.endpoint = endpoint
        self._command = command
        self._log_path = log_path
        self._start_timeout_s = start_timeout_s
        self._launch: _Launch | None = None  # by a caller who was cancelled before it answered

    async def reach(self) -> ClientConnection:
        """Return an open connection.

        Of several who start at once, one starts the service and the others find it.

        Raises:
            EngineUnavailableError: If none answers and none can be started in time.
        """
        socket = await self.find()
        if socket is not None:
            return socket
        if self._command is None:
            raise EngineUnavailableError(
                f"No engine runs for {self.endpoint.model}; start one with `warmline engine start`."
            )
        async with self._starting():
            return await self.find() or await self._start(self._command)

    async def find(self) -> ClientConnection | None:
        """Return an open connection to a service that runs, or None.

        Raises:
            EngineUnavailableError: If there is one and it does not answer.
        """
        if not self.endpoint.has_service():
            return None  # what answers at a dead service's port would be someone else
        try:
            return await self._open()
        except (OSError, InvalidHandshake, InvalidMessage) as error:
            if isinstance(error, TimeoutError):
                raise EngineUnavailableError(
                    f"The engine for {self.endpoint.model} does not answer; stop it with "
                    "`warmline engine stop`."
                ) from error
            return None  # it is just coming or going

    async def _open(self) -> ClientConnection:
        if self.endpoint.transport is Transport.UNIX:
            path = str(self.endpoint.socket_path)
            return await unix_connect(path, uri="ws://localhost/", **_CONNECTION)
        card = self.endpoint.read_card()
        if card is None:
            raise FileNotFoundError(self.endpoint.card_path)
        return await connect(
            f"ws://127.0.0.1:{card.port}/",
            additional_headers={"Authorization": f"Bearer {card.token}"},
            proxy=None,
            **_CONNECTION,
        )

    @asynccontextmanager
    async def _starting(self) -> AsyncIterator[None]:
        lock = file_lock(self.endpoint.start_lock_path)
        deadline_s = time.monotonic() + self._start_timeout_s
        while True:
            try:
                lock.acquire(blocking=False)
                break
            except Timeout:
                if time.monotonic() > deadline_s:
                    raise EngineUnavailableError(
                        f"Someone else has been starting the engine for {self.endpoint.model} for "
                        f"{self._start_timeout_s:g} s; look into {self._log_path}."
                    ) from None
                await asyncio.sleep(_POLL_S)
        try:
            yield
        finally:
            lock.release()

    async def _start(self, command: Sequence[str]) -> ClientConnection:
        launch = self._launch = self._launch or _launch(command, self._log_path)
        deadline_s = time.monotonic() + self._start_timeout_s
        while time.monotonic() < deadline_s:
            has_died = launch.child.poll() is not None
            socket = await self.find()
            if socket is not None or has_died:
                self._launch = None
            if socket is not None:
                return socket
            if has_died:
                raise EngineUnavailableError(
                    f"The engine for {self.endpoint.model} ended at once with code "
                    f"{launch.child.returncode}: {_last_line(self._log_path, launch.log_start)}"
                )
            await asyncio.sleep(_POLL_S)
        self._launch = None
        launch.child.kill()
        raise EngineUnavailableError(
            f"The engine for {self.endpoint.model} did not answer within "
            f"{self._start_timeout_s:g} s; look into {self._log_path}."
        )


class _Launch(NamedTuple):
    """A service that was started and has not answered yet."""

    child: subprocess.Popen[bytes]
    log_start: int  # bytes; where its output begins


def launcher_for(settings: EngineSettings, *, may_start: bool = True) -> ServiceLauncher:
    """Return the launcher of the service that `settings` name.

    Raises:
        EngineUnavailableError: If there can be no folder for the service's socket.
    """
    endpoint = endpoint_for(settings.model)
    command = engine_command(settings) if may_start else None
    return ServiceLauncher(endpoint, command, log_path_for(endpoint))


def engine_command(settings: EngineSettings) -> list[str]:
    """Return the command that runs the service with `settings` in the foreground.

    Isolated (-I), so that no folder named `engine` where a user works is ever imported.
    """
    command = [sys.executable, "-I", "-m", "warmline", "engine", "run"]
    for field in fields(settings):
        value = getattr(settings, field.name)
        option = "--" + field.name.replace("_", "-")
        if field.name == "model":
            command += [option, canonical_model(value)]
        elif isinstance(value, bool):
            command.append(option if value else option.replace("--", "--no-", 1))
        else:
            command += [option, str(value)]
    return command


def log_path_for(endpoint: Endpoint) -> Path:
    """Return where the service's output goes, in the user's state folder."""
    model = re.sub(r"[^\w.-]+", "_", Path(endpoint.model).name)
    folder = platformdirs.user_state_path("warmline", appauthor=False)
    return folder / f"engine-{model}-{endpoint.name[:8]}.log"


def _make_room_for_log(log_path: Path) -> int:
    """Put a log that has grown long aside; returns where the new output begins."""
    log_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size_bytes = log_path.stat().st_size if log_path.exists() else 0
    if size_bytes <= _MAX_LOG_BYTES:
        return size_bytes
    log_path.replace(log_path.with_suffix(".old.log"))
    return 0


def _launch(command: Sequence[str], log_path: Path) -> _Launch:
    """Start a process that outlives this one and keeps nothing of it."""
    log_start = _make_room_for_log(log_path)
    log_path.touch(mode=0o600)
    log_path.chmod(0o600)  # one that is there may be from a time when everybody could read it
    with log_path.open("ab") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=log_path.parent,
            start_new_session=True,
            creationflags=getattr(subprocess, "DETACHED_PROCESS", 0),  # the same, on Windows
        )
    # Someone must wait for it, or it would stay as a zombie as long as we live.
    threading.Thread(target=child.wait, name="warmline-engine-waiter", daemon=True).start()
    return _Launch(child, log_start)


def _last_line(log_path: Path, start: int) -> str:
    with log_path.open("rb") as log:
        log.seek(max(start, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
        lines = log.read().decode(errors="replace").split("\n")
    written = [_LOG_STAMP.sub("", line.strip()) for line in lines if line.strip()]
    return written[-1] if written else f"it wrote nothing to {log_path}."
