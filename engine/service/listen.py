"""The door of the service: a private Unix socket, or a loopback port with a token."""

import asyncio
import hmac
import http
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
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
_SOCKET_CHECK_S = 2.0
"""How long a socket may be gone that something tidied away; a client that finds the service
but no socket waits longer."""

_LOG = logging.getLogger(__name__)

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
        async with _on_socket(endpoint, handler, options):
            endpoint.write_card(ServiceCard(os.getpid()))
            yield
        return
    sock = socket.create_server(("127.0.0.1", 0))
    card = ServiceCard(os.getpid(), sock.getsockname()[1], secrets.token_urlsafe(32))
    check = _token_check(card.token)
    async with serve(handler, sock=sock, process_request=check, **options):
        endpoint.write_card(card)
        yield


@asynccontextmanager
async def _on_socket(
    endpoint: Endpoint, handler: Handler, options: dict[str, Any]
) -> AsyncIterator[None]:
    """Listen at the endpoint's socket, and at a new one where something removes it."""
    async with AsyncExitStack() as servers:
        await servers.enter_async_context(
            unix_serve(handler, sock=_private_socket(endpoint), **options)
        )

        async def watch() -> None:
            while True:
                await asyncio.sleep(_SOCKET_CHECK_S)
                if endpoint.folder.exists() and not endpoint.socket_path.exists():
                    _LOG.warning("The socket was removed; the engine listens at a new one.")
                    server = unix_serve(handler, sock=_private_socket(endpoint), **options)
                    await servers.enter_async_context(server)
                    endpoint.write_card(ServiceCard(os.getpid()))

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError, OSError):  # a full disk ends the watch, no more
                await watching


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
