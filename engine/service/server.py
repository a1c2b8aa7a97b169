"""The service: one host, one door, and as many clients as come."""

import asyncio
import logging

from websockets.asyncio.server import ServerConnection

from engine.protocol.endpoint import Endpoint
from engine.protocol.messages import EngineState, Phase
from engine.service.connection import ClientConnection
from engine.service.encoders import NO_ENCODERS, EncoderLimits
from engine.service.host import EngineHost, Load
from engine.service.limits import UNLIMITED, RefreshLimits
from engine.service.listen import listening, owning

_LOG = logging.getLogger(__name__)
_STOP_TIMEOUT_S = 5.0
_FAILED_LINGER_S = 10.0
"""How long an engine without a model waits for someone to tell; then the next may try."""


class EngineServer:
    """Serves an engine at an endpoint until told to stop or long without clients.

    Args:
        endpoint: Where clients look for it.
        load: Gets the model; called once clients can connect.
        cache_budget_bytes: Memory for all live caches together.
        idle_exit_s: How long to stay without clients.
        limits: Of what refreshing caches may take.
        encoders: Text encoders, and what they may take.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        load: Load,
        cache_budget_bytes: int,
        idle_exit_s: float,
        *,
        limits: RefreshLimits = UNLIMITED,
        encoders: EncoderLimits = NO_ENCODERS,
    ) -> None:
        self._endpoint = endpoint
        self._load = load
        self._cache_budget_bytes = cache_budget_bytes
        self._idle_exit_s = idle_exit_s
        self._limits = limits
        self._encoders = encoders
        self._num_clients = 0
        self._stopping = asyncio.Event()
        self._leave_timer: asyncio.TimerHandle | None = None

    async def serve(self) -> bool:
        """Serve; returns whether all work ended when it should.

        Raises:
            EngineUnavailableError: If another service has the endpoint.
        """
        with owning(self._endpoint):
            self._host = EngineHost(
                self._load,
                self._cache_budget_bytes,
                limits=self._limits,
                encoders=self._encoders,
            )
            self._host.life.states.listen(self._heed_state)
            try:
                async with listening(self._endpoint, self._handle):
                    _LOG.info("The engine for %s listens.", self._endpoint.model)
                    self._host.start()
                    self._set_leave_timer()
                    await self._stopping.wait()
            finally:
                has_ended = await self._host.stop(_STOP_TIMEOUT_S)
        return has_ended

    def stop(self, reason: str) -> None:
        """Begin to leave."""
        _LOG.info("The engine stops: %s", reason)
        self._stopping.set()

    async def _handle(self, socket: ServerConnection) -> None:
        self._num_clients += 1
        self._set_leave_timer()
        try:
            await ClientConnection(socket, self._host, self._stop_as_asked).serve()
        finally:
            self._num_clients -= 1
            self._set_leave_timer()

    def _stop_as_asked(self) -> None:
        self.stop("a client asked for it.")

    def _heed_state(self, state: EngineState) -> None:
        if state.phase is Phase.FAILED:
            _LOG.error("The model could not be loaded: %s", state.message)
            self._set_leave_timer()

    def _set_leave_timer(self) -> None:
        if self._leave_timer is not None:
            self._leave_timer.cancel()
            self._leave_timer = None
        if self._num_clients:
            return
        has_failed = self._host.life.state.phase is Phase.FAILED
        wait_s = min(_FAILED_LINGER_S, self._idle_exit_s) if has_failed else self._idle_exit_s
        loop = asyncio.get_running_loop()
        self._leave_timer = loop.call_later(wait_s, self.stop, "nobody needs it.")
