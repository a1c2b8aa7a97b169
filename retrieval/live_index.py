"""The index of a workspace while somebody works in it.

One thread keeps it: it reads what was kept of the last run, looks at all files, and then at
those that the file system says have changed. It works in slices of a few milliseconds and rests
as long as it works. Text that is not saved yet is taken in by the next question, so that a
keystroke costs nothing here.
"""

import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from retrieval.files import FileLimits
from retrieval.folders import Folders
from retrieval.ignoring import IGNORE_FILES
from retrieval.lexical import LexicalIndex
from retrieval.pacing import Pacer, StoppedError
from retrieval.path_rules import PathRules
from retrieval.postings import Statistics
from retrieval.repository import RepositoryIndex, ScanReport
from retrieval.store import IndexStore
from retrieval.types import Chunk
from retrieval.watching import Watcher

_log = logging.getLogger(__name__)

_STOP_TIMEOUT_S = 5.0
_PATIENCE_S = 0.5
_LOOK_AGAIN_S = 600.0  # in case the file system did not tell of something
_LOOK_AGAIN_UNWATCHED_S = 15.0  # where it tells of nothing
_KEEP_EVERY_S = 120.0
_MOST_LOOKS = 3  # at directories in which others appear all the time


class IndexPhase(Enum):
    """What an index is doing."""

    STOPPED = "stopped"
    READING = "reading"  # answers from what it has read so far, or in the last run
    FOLLOWING = "following"


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What an index holds at this moment."""

    phase: IndexPhase
    num_files: int
    num_chunks: int
    num_left_out: int
    is_watching: bool  # else changes on disk are found by looking every 15 s


class LiveIndex:
    """A `ChunkIndex` of everything worth reading in some folders, open texts included.

    Thread-safe. `search` takes milliseconds and belongs in a worker thread; everything else
    returns at once, `stop` and `wait_until_ready` within their bounds.

    Paths are those of `path_of`: relative to the folder, behind its name where there are several
    folders. Other folders need another index; it finds on disk what it kept of them before.

    Args:
        folders: Of the workspace; they need not exist.
        store_directory: Where indexes are kept between runs; None keeps nothing.
        limits: What is too large.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        store_directory: Path | None = None,
        limits: FileLimits | None = None,
    ) -> None:
        self._folders = Folders(folders)
        self._lexical = LexicalIndex()
        self._open_texts: dict[str, str] = {}
        self._unseen: set[str] = set()  # open or closed since the last question
        self._unseen_lock = threading.Lock()
        self._path_rules = PathRules(self._folders, limits or FileLimits())
        self._repository = RepositoryIndex(self._folders, self._lexical, limits, self._open_texts)
        self._repository_lock = threading.Lock()  # never held longer than a file takes
        self._directories: set[Path] = set()
        self._changes: queue.SimpleQueue[set[Path]] = queue.SimpleQueue()
        self._watcher = Watcher(self._changes.put)
        self._store = IndexStore(store_directory, self._folders) if store_directory else None
        self._is_kept, self._kept_at_s, self._looked_at_s = True, 0.0, 0.0
        self._phase = IndexPhase.STOPPED
        self._changed = threading.Condition()  # waited for with no other lock in hand
        self._is_ready = False
        self._is_stopped = threading.Event()
        self._pacer = Pacer(self._is_stopped)
        self._thread = threading.Thread(target=self._run, name="warmline-index", daemon=True)

    def start(self) -> None:
        """Begin to read and to follow, in the background; once in a life."""
        self._phase = IndexPhase.READING
        self._thread.start()

    def stop(self) -> None:
        """Stop following, and keep what is known for the next run. Waits at most some seconds."""
        self._is_stopped.set()
        self._changes.put(set())
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Wait until all files have been looked at once; tell whether they have."""
        return self.wait_until(lambda: self._is_ready, timeout_s)

    def wait_until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until something holds that depends on what is here; tell whether it does.

        `holds` is asked at once and after every change.
        """
        with self._changed:
            return self._changed.wait_for(holds, timeout_s)

    def path_of(self, file: Path) -> str | None:
        """Return the path here of an absolute path, None if it is in none of the folders."""
        return self._folders.path_of(file)

    def file_of(self, path: str) -> Path:
        """Return the absolute path of a path here.

        Raises:
            KeyError: If the path is in none of the folders.
        """
        return self._folders.file_of(path)

    def set_open_text(self, path: str, text: str) -> None:
        """Let `text` stand for what is on disk, from the next question on.

        What the ignore files leave out stays out, and so does what is in none of the folders.
        Costs nothing: call it at every keystroke.
        """
        if not self._folders.hold(path):
            return
        with self._unseen_lock:
            self._open_texts[path] = text
            self._unseen.add(path)

    def close_text(self, path: str) -> None:
        """Let what is on disk count again; nothing if no text stands for it."""
        with self._unseen_lock:
            if self._open_texts.pop(path, None) is not None:
                self._unseen.add(path)

    def statistics(self, query: str, *, without_path: str = "") -> Statistics:
        """Return what the scores of a query depend on, to be added to those of other indexes.

        Sees what `search` sees.
        """
        self._take_in_unseen(without_path)
        return self._lexical.statistics(query)

    def search(
        self,
        query: str,
        limit: int,
        *,
        without_path: str = "",
        among: Statistics | None = None,
    ) -> tuple[Chunk, ...]:
        """Return at most `limit` chunks that share words with a text, best first.

        Sees every open text as it was told last, save that of `without_path`, which is not
        looked at. With the statistics of several indexes their scores can be compared.
        """
        self._take_in_unseen(without_path)
        return self._lexical.search(query, limit, without_path=without_path, among=among)

    def defining(self, name: str, limit: int, *, near: str) -> tuple[Chunk, ...]:
        """Return at most `limit` chunks that define a name, the nearest to `near` first.

        Sees every open text as it was told last, save that of `near`, which is not looked at.
        """
        self._take_in_unseen(near)
        return self._lexical.defining(name, limit, near=near)

    def replace(self, path: str, text: str) -> None:
        """Take in a file that the file system does not tell of."""
        self._lexical.replace(path, text)

    def remove(self, path: str) -> None:
        """Forget a file until the file system tells of it; nothing if it is not known."""
        self._lexical.remove(path)

    def document_frequency(self, term: str) -> int:
        """Return how many chunks hold a term, which is one of those that `terms_of` gives."""
        return self._lexical.document_frequency(term)

    @property
    def num_chunks(self) -> int:
        """How many chunks there are."""
        return self._lexical.num_chunks

    def status(self) -> IndexStatus:
        """Tell what is there now."""
        return IndexStatus(
            self._phase,
            len(self._lexical.paths),
            self._lexical.num_chunks,
            len(self._repository.left_out),
            self._watcher.works,
        )

    def reason_for(self, path: str) -> str:
        """Return why nothing of a file may be shown to anybody; empty if it may.

        By its name and the ignore files, whether it exists or not; it need not have been looked
        at yet.
        """
        return self._path_rules.reason_for(path)

    def left_out(self) -> dict[str, str]:
        """Return the reason for each file left out so far; directories end with a slash.

        For people: of very many only some are listed. `reason_for` answers for one path.
        """
        return dict(self._repository.left_out)

    def _take_in_unseen(self, without_path: str) -> None:
        """Take in the open texts that were told since the last question.

        Whoever asks at the same time waits here until that is done.
        """
        with self._unseen_lock:
            has_unseen = bool(self._unseen - {without_path})
        # A disk that does not answer delays what it holds, not every question.
        if not has_unseen or not self._repository_lock.acquire(timeout=_PATIENCE_S):
            return
        try:
            with self._unseen_lock:
                unseen = self._unseen - {without_path}
                self._unseen -= unseen
            for path in unseen:
                self._repository.update(path)
            self._is_kept = False
        finally:
            self._repository_lock.release()
        self._tell()

    def _update(self, path: str) -> None:
        with self._repository_lock:
            self._repository.update(path)
            self._is_kept = False
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            self._restore()
            self._look_at_everything()
            self._is_ready, self._phase = True, IndexPhase.FOLLOWING
            self._tell()
            self._keep(self._pacer.rest)
            while not self._is_stopped.is_set():
                self._follow()
        except StoppedError:
            pass
        finally:
            self._phase = IndexPhase.STOPPED
            self._tell()
            self._watcher.stop()
        self._keep(rest=lambda: None)

    def _follow(self) -> None:
        """Wait for changes and take them in, or do what is due without any."""
        changed = self._next_changes()
        self._pacer.begin()
        if any(file.name in IGNORE_FILES for file in changed) or self._time_to_look_s() <= 0:
            self._look_at_everything()
        else:
            self._take_in(changed)
        if self._time_to_keep_s() <= 0:
            self._keep(self._pacer.rest)

    def _next_changes(self) -> set[Path]:
        """Wait for changes, at most until something else is due."""
        changed: set[Path] = set()
        wait_s = min(self._time_to_look_s(), self._time_to_keep_s())
        with suppress(queue.Empty):
            changed |= self._changes.get(timeout=max(0.0, wait_s))
            while True:
                changed |= self._changes.get_nowait()
        return changed

    def _time_to_look_s(self) -> float:
        every_s = _LOOK_AGAIN_S if self._watcher.works else _LOOK_AGAIN_UNWATCHED_S
        return self._looked_at_s + every_s - time.monotonic()

    def _time_to_keep_s(self) -> float:
        return math.inf if self._is_kept else self._kept_at_s + _KEEP_EVERY_S - time.monotonic()

    def _take_in(self, changed: Iterable[Path]) -> None:
        for path in sorted(filter(None, map(self._folders.path_of, changed))):
            with self._repository_lock:
                is_directory = self._repository.is_directory(path)
            if is_directory:
                self._look_at(path)
            else:
                self._update(path)
            self._pacer.rest()

    def _look_at_everything(self) -> None:
        self._path_rules.read_anew()
        self._look_at("")
        self._looked_at_s = time.monotonic()

    def _look_at(self, path: str) -> None:
        """Bring everything below a directory up to date, and have its directories watched."""
        for _ in range(_MOST_LOOKS):
            directories = self._scan(path)
            if path:
                top = self._folders.file_of(path)
                directories |= {each for each in self._directories if not each.is_relative_to(top)}
            self._directories = directories
            roots = [folder.root for folder in self._folders]
            if not self._watcher.cover(roots, self._directories):
                return

    def _scan(self, path: str) -> set[Path]:
        steps, report = self._repository.scan(path), ScanReport()
        while True:
            with self._repository_lock:
                next_report = next(steps, None)
            if next_report is None:
                break
            report = next_report
            self._tell()
            self._pacer.rest()
        if report.num_read or report.num_gone:
            self._is_kept = False
        return set(report.directories)

    def _restore(self) -> None:
        state = self._store.read(self._pacer.rest) if self._store else None
        if state is None:
            return
        with self._repository_lock:
            self._repository.restore(state)
        with self._unseen_lock:  # what was taken in before is overwritten
            self._unseen |= self._open_texts.keys()

    def _keep(self, rest: Callable[[], None]) -> None:
        """Write to disk what is known, unless that is there already."""
        self._kept_at_s = time.monotonic()
        if self._store is None or self._is_kept:
            return
        with self._repository_lock:
            state = self._repository.state()
            self._is_kept = True
        try:
            self._store.write(state, rest)
        except OSError as error:
            _log.warning("The index is not kept for the next run: %s.", error)
        except StoppedError:
            self._is_kept = False
            raise
