"""An `Analyser` whose knowledge is in another process, which may fail without harm."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from monitors.analysis.connection import HANG_TIMEOUT_S, HostConnection, HostGoneError
from monitors.analysis.errors import AnalysisError
from monitors.analysis.process import HostProcess
from monitors.host.frames import FrameError
from monitors.types import Names, Signature, Source

T = TypeVar("T")

logger = logging.getLogger(__name__)

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
_LASTING = 3
"""So many failures in a row are told to the user."""


class Launch(Protocol):
    """Knows how the host is started."""

    def is_ready(self) -> bool:
        """Tell whether nothing must be installed first."""
        ...

    async def command(self) -> Sequence[str]:
        """Return what starts the host; may take minutes if that must be installed first.

        Raises:
            AnalysisError: If it cannot be had.
        """
        ...


class HostPhase(StrEnum):
    """How the host is."""

    IDLE = "idle"  # nothing was opened or asked yet
    INSTALLING = "installing"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"  # it is tried again after a pause
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Timing:
    """Waits of a `HostAnalyser`, in seconds."""

    hang_timeout_s: float = HANG_TIMEOUT_S
    first_pause_s: float = FIRST_PAUSE_S
    longest_pause_s: float = LONGEST_PAUSE_S


class HostAnalyser:
    """Asks the analysis host, which it starts when the first document is opened.

    A host that ends or hangs is started again, after a pause that grows; it is told of every
    open document again. Used from one event loop.

    Args:
        launch: Says how the host is started.
        folders: The editor's workspace folders.
        interpreter: The user's interpreter or environment, if a setting names one.
        on_notice: Told a sentence for people when a failure lasts, once until it is over.
        timing: Waits.
    """

    def __init__(
        self,
        launch: Launch,
        folders: Sequence[Path] = (),
        *,
        interpreter: Path | None = None,
        on_notice: Callable[[str], None] = lambda _sentence: None,
        timing: Timing | None = None,
    ) -> None:
        self.phase = HostPhase.IDLE
        self.message = ""
        self._launch = launch
        self._folders = tuple(folders)
        self._interpreter = interpreter
        self._on_notice = on_notice
        self._timing = timing or Timing()
        self._documents: dict[Path, Source] = {}
        self._languages: dict[str, tuple[str, str]] = {}
        self._failures: dict[str, int] = {}
        self._connection: HostConnection | None = None
        self._is_decided = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def use_folders(self, folders: Sequence[Path]) -> None:
        """Say which folders are open now. Never waits."""
        self._folders = tuple(folders)
        self._tell("folders", folders=[str(folder) for folder in folders])

    def open(self, source: Source) -> None:
        """Say that a document is being edited, so that it is read ahead. Never waits."""
        self._documents[source.path] = source
        self._start()
        self._tell("open", path=str(source.path), language=source.language, text=source.text)

    def change(self, source: Source) -> None:
        """Say what it looks like now. Never waits."""
        before = self._documents.get(source.path)
        if before is None or before.language != source.language:
            self.open(source)
            return
        self._documents[source.path] = source
        self._tell("change", path=str(source.path), text=source.text)

    def close(self, path: Path) -> None:
        """Say that it is edited no more. Never waits."""
        if self._documents.pop(path, None) is not None:
            self._tell("close", path=str(path))

    async def members(self, source: Source, offset: int) -> Names:
        """Return the names that may follow the receiver whose dot stands just before `offset`."""
        return await self._names("members", source, offset)

    async def importable(self, source: Source, offset: int) -> Names:
        """Return modules or names that may be imported at `offset`."""
        return await self._names("importable", source, offset)

    async def types(self, source: Source, offset: int) -> Names:
        """Return the types that are in sight at `offset`."""
        return await self._names("types", source, offset)

    async def cases(self, source: Source, offset: int) -> Names:
        """Return the cases of the enumeration that is matched at `offset`."""
        return await self._names("cases", source, offset)

    async def signature(self, source: Source, offset: int) -> Signature | None:
        """Return what the call whose argument begins at `offset` takes; None if unknown."""
        start_s = time.monotonic()
        try:
            answer = await self._ask("signature", source, offset)
        except HostGoneError:
            return None
        if answer is None:
            return None
        return Signature(
            frozenset(answer["keywords"]),
            answer["takes_any_keyword"],
            answer["most_positional"],
            answer["analyser"],
            1000 * (time.monotonic() - start_s),
        )

    async def _names(self, method: str, source: Source, offset: int) -> Names:
        start_s = time.monotonic()
        try:
            answer = await self._ask(method, source, offset)
        except HostGoneError as error:
            answer = {"names": (), "analyser": "", "reason": str(error)}
        took_ms = 1000 * (time.monotonic() - start_s)
        return Names(frozenset(answer["names"]), answer["analyser"], took_ms, answer["reason"])

    async def _ask(self, method: str, source: Source, offset: int) -> Any:
        """Ask the host, once it runs.

        Raises:
            HostGoneError: If it does not run, or ended; the message is a reason for people.
        """
        self._start()
        await self._is_decided.wait()
        if self._connection is None:
            raise HostGoneError(f"analysis is {self.phase}")
        return await self._connection.ask(
            method,
            path=str(source.path),
            language=source.language,
            text=source.text,
            offset=offset,
        )

    async def status(self) -> dict[str, Any]:
        """Return how analysis is, as plain data, with what the host says of itself if it runs."""
        languages = [
            {"name": name, "phase": phase, "message": message}
            for name, (phase, message) in self._languages.items()
        ]
        plain = {"phase": str(self.phase), "message": self.message, "languages": languages}
        if self._connection is not None:
            with suppress(HostGoneError, TimeoutError):
                async with asyncio.timeout(self._timing.hang_timeout_s):
                    plain["host"] = await self._connection.ask("status")
        return plain

    def _tell(self, method: str, **params: Any) -> None:
        if self._connection is not None:
            self._connection.tell(method, **params)

    def _start(self) -> None:
        if self._keeper is None and self.phase is not HostPhase.CLOSED:
            self._keeper = asyncio.ensure_future(self._keep_running())

    async def _keep_running(self) -> None:
        while True:
            sentence = await self._run_once()
            self._enter(HostPhase.FAILED, sentence)
            pause_s = self._timing.first_pause_s * 2 ** (self._failures["host"] - 1)
            await asyncio.sleep(min(pause_s, self._timing.longest_pause_s))

    async def _run_once(self) -> str:
        """Run a host until it ends, and return a sentence about why it did."""
        try:
            is_ready = self._launch.is_ready()
            self._enter(HostPhase.STARTING if is_ready else HostPhase.INSTALLING)
            command = await self._launch.command()
            self._enter(HostPhase.STARTING)
            process = await HostProcess.start(command)
        except AnalysisError as error:
            self._count_failure("host", str(error), lasting=1)
            return str(error)
        except OSError as error:
            sentence = f"The analysis host cannot be started ({error}); {_ADVICE}"
            self._count_failure("host", sentence)
            return sentence
        connection = HostConnection(process, self._note_state, self._timing.hang_timeout_s)
        try:
            self._connect(connection)
            await connection.serve()
            reason = "it ended"
        except FrameError as error:
            reason = str(error)
        finally:
            self._connection = None
            process.kill()
            code = await _to_the_end(process.end())
        sentence = f"The analysis host failed (code {code}: {reason}); {_ADVICE}"
        if connection.num_answers:
            self._failures["host"] = 0
        self._count_failure("host", sentence)
        return sentence

    def _connect(self, connection: HostConnection) -> None:
        """Tell a new host all that it must know."""
        interpreter = str(self._interpreter) if self._interpreter else None
        folders = [str(folder) for folder in self._folders]
        connection.tell("initialize", folders=folders, interpreter=interpreter)
        self._connection = connection
        for source in self._documents.values():
            self._tell("open", path=str(source.path), language=source.language, text=source.text)
        self._enter(HostPhase.RUNNING)

    def _enter(self, phase: HostPhase, message: str = "") -> None:
        """Take note of a phase. Questions wait only where it takes no more than a moment."""
        self.phase, self.message = phase, message
        logger.info("analysis is %s %s", phase, message)
        if phase in (HostPhase.STARTING, HostPhase.IDLE):
            self._is_decided.clear()
        else:
            self._is_decided.set()

    def _note_state(self, name: str, phase: str, message: str) -> None:
        self._languages[name] = phase, message
        if phase == "failed":
            self._count_failure(name, message)
        elif phase == "ready":
            self._failures.pop(name, None)

    def _count_failure(self, name: str, sentence: str, lasting: int = _LASTING) -> None:
        """Tell the user once of a failure that lasts."""
        self._failures[name] = self._failures.get(name, 0) + 1
        logger.warning("%s", sentence)
        if self._failures[name] == lasting:
            self._on_notice(sentence)

    async def aclose(self) -> None:
        """End the host."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        self._enter(HostPhase.CLOSED)


_ADVICE = "names are not checked meanwhile; `warmline analysers` says more."


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Wait for bounded work that must be done even if we are cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
