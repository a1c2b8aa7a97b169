"""The monitors of a session: what they ask, where that is installed, and who hears of trouble."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine.weights.location import cache_directory
from monitors.analysis.environment import AnalysisEnvironment
from monitors.analysis.errors import SetUpError
from monitors.analysis.host_analyser import HostAnalyser
from monitors.analysis.launching import InstalledHost
from monitors.guard import Guard
from monitors.types import Monitors

logger = logging.getLogger(__name__)

_INSTALLING = (
    "The analysers that keep suggestions to names that exist are being installed, which happens"
    " once; until then names are not checked."
)
_MISSING = (
    "The analysers are not installed, so names are not checked; `warmline analysers install` gets"
    " them."
)


def analysis_environment() -> AnalysisEnvironment:
    """Return the environment of the analysers in the user's cache, which may not be made yet."""
    return AnalysisEnvironment(cache_directory() / "analysers")


class Analysis:
    """Guards what is written in one session, through an analysis host of its own.

    The host is started when the first document is opened. Where it is not installed, that is
    done meanwhile, and nothing is forbidden until then.

    Args:
        folders: That are open.
        interpreter: The user's Python; empty looks for one.
        may_install: Whether there is time to install what is missing.
    """

    def __init__(self, folders: Sequence[Path], interpreter: str, *, may_install: bool) -> None:
        self._listeners: list[Callable[[str], None]] = []
        self._analyser = HostAnalyser(
            _Launch(self._notify, may_install=may_install),
            folders,
            interpreter=Path(interpreter).expanduser() if interpreter else None,
            on_notice=self._notify,
        )
        self.monitors: Monitors = Guard(self._analyser)

    def on_notice(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with each sentence that a user should see once."""
        self._listeners.append(listener)

    async def status(self) -> dict[str, Any]:
        """Say how the analysers are, as plain data."""
        return await self._analyser.status()

    def _notify(self, sentence: str) -> None:
        for listener in self._listeners:
            listener(sentence)


class _Launch:
    """Starts the host, and tells the user where it must be installed first."""

    def __init__(self, notify: Callable[[str], None], *, may_install: bool) -> None:
        self._host = InstalledHost(analysis_environment(), logger.info)
        self._notify = notify
        self._may_install = may_install
        self._has_told = False

    def is_ready(self) -> bool:
        """Tell whether nothing must be installed first."""
        return self._host.is_ready()

    async def command(self) -> Sequence[str]:
        """Return what starts the host.

        Raises:
            SetUpError: If it is not installed and cannot be, or may not be.
        """
        if not self.is_ready():
            if not self._may_install:
                raise SetUpError(_MISSING)
            self._tell_once()
        return await self._host.command()

    def _tell_once(self) -> None:
        """Say that it is installed, but not again where that failed and is tried anew."""
        if not self._has_told:
            self._has_told = True
            self._notify(_INSTALLING)
