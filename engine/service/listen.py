"""The door of the service: a private Unix socket, or a loopback port with a token."""

import hmac
import http
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from filelock import Timeout
from websockets.asyncio.server import ServerConnection, serve, unix_serve
from websockets.http11 import Request, Response

from engine.errors import EngineUnavailableError
from engine.protocol.endpoint import Endpoint, ServiceCard, Transport, file_lock
from engine.protocol.frames import MAX_FRAME_BYTES

HANDSHAKE_TIMEOUT_S = 10.0
_CLOSE_TIMEOUT_S = 2.0
_PREDECESSOR_TIMEOUT_S = 10.0

Handler = Callable[[ServerConnection], Awaitable[None]]


@contextmanager
def owning(endpoint: Endpoint) -> Iterator[None]:
    """Be the one service at `endpoint`; leave none of its files behind.

    Raises:
        EngineUnavailableError: If another service stays there.
    """
    lock = file_lock(endpoint.service_lock_path)
    try:
        lock.acquire(timeout=_PREDECESSOR_TIMEOUT_S)  # one that is just leaving needs a moment
    except Timeout:
        card = endpoint.read_card()
        raise EngineUnavailableError(
            f"An engine for {endpoint.model} runs already"
            f"{f' as process {card.pid}' if card else ''}; stop it with `warmline engine stop`."
        ) from None
    endpoint.card_path.unlink(missing_ok=True)  # of a service that was killed
    try:
        yield
    finally:
        if _is_ours(endpoint):
            for path in (endpoint.socket_path, endpoint.card_path, endpoint.service_lock_path):
                path.unlink(missing_ok=True)
        lock.release()


def _is_ours(endpoint: Endpoint) -> bool:
    """Whether no other service has taken the place, as it may where the folder was removed."""
    card = endpoint.read_card()
    return card is None or card.pid == os.getpid()


@asynccontextmanager
async def listening(endpoint: Endpoint, handler: Handler) -> AsyncIterator[None]:
    """Answer clients with `handler`; at the end, close their connections.

    The endpoint must be owned. Keepalive pings are off: on one machine a peer that dies
    closes its socket, and loading a model may hold up the event loop for longer than a ping
    waits.
    """
    options: dict[str, Any] = {
        "compression": None,
        "origins": [None],  # no web page has business here
        "max_size": MAX_FRAME_BYTES,
        "open_timeout": HANDSHAKE_TIMEOUT_S,
        "close_timeout": _CLOSE_TIMEOUT_S,
        "ping_interval": None,
    }
    if endpoint.transport is Transport.UNIX:
        server = unix_serve(handler, sock=_private_socket(endpoint), **options)
        card = ServiceCard(os.getpid())
    else:
        sock = socket.create_server(("127.0.0.1", 0))
        card = ServiceCard(os.getpid(), sock.getsockname()[1], secrets.token_urlsafe(32))
        server = serve(handler, sock=sock, process_request=_token_check(card.token), **options)
    async with server:
        endpoint.write_card(card)
        yield


def _private_socket(endpoint: Endpoint) -> socket.socket:
    """Return a bound socket that shows under its name only once it listens, mode 0600."""
    draft = endpoint.socket_path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.bind(str(draft))
    draft.chmod(0o600)
    sock.listen()
    draft.replace(endpoint.socket_path)
    return sock


def _token_check(token: str) -> Callable[[ServerConnection, Request], Response | None]:
    expected = f"Bearer {token}".encode()

    def check(connection: ServerConnection, request: Request) -> Response | None:
        shown = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if hmac.compare_digest(shown, expected):
            return None
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "The token is wrong.\n")

    return check
