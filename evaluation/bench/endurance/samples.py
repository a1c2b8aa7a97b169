"""What the processes hold, looked at again and again while somebody types."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.bench.serving.processes import descendants, num_open_files, resident_memory
from evaluation.editor import Editor
from evaluation.errors import UnexpectedResultError
from evaluation.framing import Json

_MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Sample:
    """One look.

    Attributes:
        at_s: When it was, since typing began.
        server_mb, analysers_mb: In RAM: all servers together, and all that these have started,
            but for the engine.
        engine_mb: In RAM, mapped files included.
        engine_anonymous_mb: Of that, what no file has: what the engine has written itself.
        caches_mb: What the engine says that live caches, chunks and encoders take.
        num_caches: Documents that have a live cache.
        num_jobs: Pieces of work of the engine that have not ended.
        num_asking: Requests of the editors that have no answer yet.
        server_files, engine_files: Open files, sockets and pipes.
    """

    at_s: float
    server_mb: float
    analysers_mb: float
    engine_mb: float
    engine_anonymous_mb: float
    caches_mb: float
    num_caches: int
    num_jobs: int
    num_asking: int
    server_files: int
    engine_files: int

    @property
    def over_caches_mb(self) -> float:
        """What the engine has written itself, without its caches: what must not grow."""
        return self.engine_anonymous_mb - self.caches_mb


class Sampler:
    """Looks at one engine and the servers of all windows that use it.

    Args:
        editor: Of any of the windows; asks about the engine.
        server_pids: Of all windows.
        num_asking: Counts requests without an answer.
    """

    def __init__(
        self, editor: Editor, server_pids: Sequence[int], num_asking: Callable[[], int]
    ) -> None:
        self._editor = editor
        self._server_pids = server_pids
        self._num_asking = num_asking

    async def look(self, at_s: float) -> Sample:
        """Take a sample.

        Raises:
            EvaluationError: If a process is gone.
        """
        num_asking = self._num_asking()
        engine = await engine_status(self._editor)
        pid = engine["pid"]
        resident_bytes, anonymous_bytes = resident_memory(pid)
        caches_bytes = engine["cache_bytes"] + engine["chunk_bytes"] + engine["encoder_bytes"]
        return Sample(
            at_s,
            server_mb=_resident_mb(self._server_pids),
            analysers_mb=_resident_mb(self._analysers(pid)),
            engine_mb=resident_bytes / _MEGABYTE,
            engine_anonymous_mb=anonymous_bytes / _MEGABYTE,
            caches_mb=caches_bytes / _MEGABYTE,
            num_caches=len(engine["documents"]),
            num_jobs=engine["num_jobs"],
            num_asking=num_asking,
            server_files=sum(map(num_open_files, self._server_pids)),
            engine_files=num_open_files(pid),
        )

    def _analysers(self, engine_pid: int) -> Sequence[int]:
        """Return what the servers have started, but for the engine and what that has."""
        started = frozenset[int]().union(*map(descendants, self._server_pids))
        return sorted(started - {engine_pid} - descendants(engine_pid))


async def engine_status(editor: Editor) -> Json:
    """Return what the engine says of itself.

    Raises:
        UnexpectedResultError: If it does not answer.
    """
    status = await editor.status()
    if status["engine"] is None:
        raise UnexpectedResultError(f"the engine does not answer: {status['engine_error']}")
    return status["engine"]


def _resident_mb(pids: Sequence[int]) -> float:
    return sum(resident_memory(pid)[0] for pid in pids) / _MEGABYTE
