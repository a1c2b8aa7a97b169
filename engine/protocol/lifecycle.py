"""How far the engine is, and who wants to know. Used on both sides of the wire."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from engine.errors import NotReadyError
from engine.protocol.messages import EngineState, Phase

LOADING_TIMEOUT_S = 1800.0
"""Longest wait for a model: before it is loaded the first time, it may have to be converted."""

_LOG = logging.getLogger(__name__)
_Value = TypeVar("_Value")
_SMALLEST_PROGRESS = 0.01


class Broadcast(Generic[_Value]):
    """Tells each value to all who listen at that moment."""

    def __init__(self) -> None:
        self._listeners: dict[object, Callable[[_Value], None]] = {}

    def listen(self, listener: Callable[[_Value], None]) -> Callable[[], None]:
        """Call `listener` with each value from now on; returns how to stop that."""
        handle = object()
        self._listeners[handle] = listener
        return lambda: self._forget(handle)

    def tell(self, value: _Value) -> None:
        """Call every listener; a bug in one is no trouble of the others or of the engine."""
        for listener in list(self._listeners.values()):
            try:
                listener(value)
            except Exception:  # noqa: BLE001
                _LOG.exception("A listener failed on %s.", value)

    def _forget(self, handle: object) -> None:
        self._listeners.pop(handle, None)


class LifeCycle:
    """The state of an engine. Belongs to one event loop."""

    def __init__(self) -> None:
        self.state = EngineState(Phase.STARTING, message="The engine is starting.")
        self.states: Broadcast[EngineState] = Broadcast()

    @property
    def is_settled(self) -> bool:
        """Whether the model is loaded or failed to load."""
        return self.state.phase in (Phase.READY, Phase.FAILED)

    def enter(self, state: EngineState) -> None:
        """Go over to `state` and, if it is another, tell everyone."""
        if state != self.state:
            self.state = state
            self.states.tell(state)

    def show_progress(self, fraction: float, message: str) -> None:
        """Enter LOADING, or move on in it by steps that one can see."""
        now = self.state
        is_visible = (
            now.phase is not Phase.LOADING
            or message != now.message
            or abs(fraction - now.fraction) >= _SMALLEST_PROGRESS
        )
        if is_visible:
            self.enter(EngineState(Phase.LOADING, fraction, message))

    def not_ready_error(self) -> NotReadyError:
        """Return what to raise for a request that comes too early, or too late."""
        if self.state.phase is Phase.FAILED:
            return NotReadyError(f"The model could not be loaded: {self.state.message}")
        percent = f"{self.state.fraction:.0%}"
        return NotReadyError(f"The model is not loaded yet ({percent}); ask again when it is.")

    async def wait_settled(self, timeout_s: float) -> EngineState:
        """Wait until the model is loaded or failed to load, at most `timeout_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self.wait_until(lambda: self.is_settled)
        return self.state

    async def wait_until(self, is_enough: Callable[[], bool]) -> None:
        """Wait until `is_enough`, which is asked again at every change of state."""
        changed = asyncio.Event()
        stop_listening = self.states.listen(lambda _: changed.set())
        try:
            while not is_enough():
                await changed.wait()
                changed.clear()
        finally:
            stop_listening()
