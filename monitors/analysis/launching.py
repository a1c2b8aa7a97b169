"""How the host is started: with its own environment, which is installed when it is missing."""

import asyncio
import threading
from collections.abc import Callable, Sequence

from monitors.analysis.environment import AnalysisEnvironment, Progress


class InstalledHost:
    """Says how to start the host; installs it first, in a thread, when it is not there.

    Args:
        environment: Where it is installed.
        progress: Told, from a thread, what is being installed.
    """

    def __init__(self, environment: AnalysisEnvironment, progress: Progress) -> None:
        self._environment = environment
        self._progress = progress

    def is_ready(self) -> bool:
        """Tell whether it is installed."""
        return self._environment.is_ready()

    async def command(self) -> Sequence[str]:
        """Return what starts the host.

        Raises:
            SetUpError: If it cannot be installed.
        """
        if not self.is_ready():
            await _in_thread(lambda: self._environment.install(self._progress))
        self._environment.touch()
        return (str(self._environment.python), "-I", str(self._environment.host))


async def _in_thread(work: Callable[[], None]) -> None:
    """Wait for work in a thread of its own, which keeps no process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        error: Exception | None = None
        try:
            work()
        except Exception as raised:  # noqa: BLE001  # it is raised again where it is awaited
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="warmline-analysers-install", daemon=True).start()
    await done
