"""Where the service of one user, model, transport and protocol version is to be found.

Both sides derive the same names from the same facts, so that they meet without asking
anyone, and an upgrade runs beside the old service. Only its owner may write to the folder.
"""

import getpass
import hashlib
import json
import os
import re
import stat
import tempfile
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from engine.errors import EngineUnavailableError
from engine.protocol.messages import PROTOCOL_VERSION

MAX_SOCKET_PATH_BYTES = 103  # macOS; Linux has 107
_OWNER_ONLY = 0o700
_HAS_UNIX_SOCKETS = os.name == "posix"


class Transport(StrEnum):
    """How clients and service talk."""

    UNIX = "unix"
    TCP = "tcp"  # loopback only, with a token


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """What a running service leaves in its folder, readable by its user only."""

    pid: int
    port: int = 0  # with Transport.TCP
    token: str = ""  # with Transport.TCP; clients show it in the handshake


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The files of one service. `folder` exists and only this user may write to it."""

    folder: Path
    name: str
    transport: Transport
    model: str

    @property
    def socket_path(self) -> Path:
        """The Unix socket."""
        return self.folder / f"{self.name}.sock"

    @property
    def card_path(self) -> Path:
        """The service's card."""
        return self.folder / f"{self.name}.card"

    @property
    def service_lock_path(self) -> Path:
        """Held by the service as long as it lives."""
        return self.folder / f"{self.name}.lock"

    @property
    def start_lock_path(self) -> Path:
        """Held by a client while it starts the service."""
        return self.folder / f"{self.name}.start"

    def read_card(self) -> ServiceCard | None:
        """Return the card of the last service; None when there is none or it is damaged."""
        try:
            return ServiceCard(**json.loads(self.card_path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write_card(self, card: ServiceCard) -> None:
        """Put `card` in place, whole or not at all."""
        write_own_json(self.card_path, asdict(card))

    def has_service(self) -> bool:
        """Whether a service lives here, answering or not."""
        return is_held(self.service_lock_path)


def file_lock(path: Path) -> FileLock:
    """Return a lock that the system frees when its holder dies."""
    return FileLock(path, mode=0o600, thread_local=False)


def is_held(lock: Path) -> bool:
    """Tell whether whoever holds a lock lives.

    Asking leaves no file: one that leaves meanwhile takes its lock along, which asking for it
    would make again.
    """
    if not lock.exists():
        return False
    probe = file_lock(lock)
    try:
        probe.acquire(blocking=False)
    except Timeout:
        return True
    with suppress(PermissionError):  # Windows keeps a file that is open
        lock.unlink(missing_ok=True)
    probe.release()
    return False


def write_own_json(path: Path, value: object) -> None:
    """Put a file in place that only this user may read, whole or not at all."""
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(value, file)
    Path(draft).replace(path)


def runtime_folder() -> Path:
    """Return the folder for what runs now: the user's own, or WARMLINE_RUNTIME_DIR.

    Raises:
        EngineUnavailableError: If the folder cannot be the user's own.
    """
    folder = _runtime_folder()
    _make_own(folder)
    return folder


def endpoint_for(
    model: str,
    folder: Path | None = None,
    transport: Transport | None = None,
    *,
    protocol: int = PROTOCOL_VERSION,
) -> Endpoint:
    """Name the service for `model`.

    Args:
        model: As in the settings; a path counts by where it leads.
        folder: For the service's files; the user's runtime folder by default, or
            WARMLINE_RUNTIME_DIR.
        transport: By default what WARMLINE_TRANSPORT says, else Unix sockets where the
            system has them.
        protocol: The version that the service speaks; another one than ours to look for it.

    Raises:
        EngineUnavailableError: If the folder cannot be the user's own, or WARMLINE_TRANSPORT
            is neither unix nor tcp.
    """
    transport = transport or _default_transport()
    model = canonical_model(model)
    facts = "\0".join([_user(), model, transport, str(protocol)])
    name = hashlib.sha256(facts.encode()).hexdigest()[:16]
    folder = folder or _runtime_folder()
    if transport is Transport.UNIX:
        folder = _short_enough(folder, f"{name}.sock")
    _make_own(folder)
    return Endpoint(folder, name, transport, model)


def canonical_model(model: str) -> str:
    """Make a path absolute and leave a catalogue name alone.

    A bare word is never a path, so that a folder in a workspace cannot pose as a model.
    """
    looks_like_path = model.endswith(".gguf") or re.search(r"[/\\~]", model)
    return str(Path(model).expanduser().resolve()) if looks_like_path else model


def _default_transport() -> Transport:
    asked = os.environ.get("WARMLINE_TRANSPORT", "")
    if not asked:
        return Transport.UNIX if _HAS_UNIX_SOCKETS else Transport.TCP
    try:
        return Transport(asked)
    except ValueError:
        raise EngineUnavailableError(
            f"WARMLINE_TRANSPORT is {asked!r}, expected unix or tcp; correct or unset it."
        ) from None


def _user() -> str:
    return str(os.getuid()) if _HAS_UNIX_SOCKETS else getpass.getuser()


def _runtime_folder() -> Path:
    asked = os.environ.get("WARMLINE_RUNTIME_DIR", "")
    if asked:
        return Path(asked).expanduser().absolute()
    with warnings.catch_warnings():
        # It warns wherever there is no login session, as in containers, and copes.
        warnings.simplefilter("ignore")
        return platformdirs.user_runtime_path("warmline", appauthor=False, ensure_exists=True)


def _short_enough(folder: Path, file_name: str) -> Path:
    if len(os.fsencode(folder / file_name)) <= MAX_SOCKET_PATH_BYTES:
        return folder
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path("/tmp") / f"warmline-{_user()}-{digest}"  # noqa: S108  # made private before use


def _make_own(folder: Path) -> None:
    try:
        folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        if _HAS_UNIX_SOCKETS:
            _require_own(folder)
    except OSError as error:
        raise EngineUnavailableError(
            f"The folder {folder} for the engine's socket cannot be used: {error}; set "
            "WARMLINE_RUNTIME_DIR to a folder of your own."
        ) from error


def _require_own(folder: Path) -> None:
    """Refuse a folder in which others could put a socket of theirs; change none that was there.

    Others may see into it: socket, card and locks are readable by their owner alone.
    """
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise PermissionError("it is not a folder that belongs to you")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError("others may write to it")
