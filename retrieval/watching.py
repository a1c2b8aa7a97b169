"""What changes on disk, told as it happens."""

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from watchfiles import watch
from watchfiles.main import FileChange

_log = logging.getLogger(__name__)
logging.getLogger("watchfiles").setLevel(logging.WARNING)  # else a line for every change

_STEP_MS = 20  # changes are told when nothing more has come for so long
_MOST_DELAY_MS = 60  # and at the latest after this
_READY_MS = 100  # after which a watch without changes says that it has begun
_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 2.0

_WATCHES_BELOW = sys.platform != "linux"
"""Elsewhere one watch covers a directory with all below it. On Linux each directory needs its
own, and only those that are indexed get one: what a build writes into ignored directories then
wakes nobody up, and the many directories of installed packages are not looked at."""


class Watcher:
    """Tells of changes in directories, from a thread of its own.

    Args:
        on_changes: Called with the paths that were changed, made or deleted.
    """

    def __init__(self, on_changes: Callable[[set[Path]], None]) -> None:
        self._on_changes = on_changes
        self._covered: frozenset[Path] = frozenset()
        self._watch: _Watch | None = None
        self._has_warned = False

    def cover(self, roots: Iterable[Path], directories: Iterable[Path]) -> bool:
        """Watch these directories from now on.

        Args:
            roots: The folders.
            directories: Those of their directories that are to be watched.

        Returns:
            Whether something is watched that was not before: it is to be looked at once more,
            since it may have changed before.
        """
        wanted = frozenset(roots if _WATCHES_BELOW else directories)
        if wanted == self._covered and self.works:
            return False
        has_more = not wanted <= self._covered
        before, self._watch = self._watch, _Watch(wanted, self._on_changes)
        self._watch.start()
        # Afterwards, so that nothing that happens in between is missed.
        if before is not None:
            before.stop()
        self._covered = wanted
        self._warn_once()
        return has_more and self.works

    def stop(self) -> None:
        """Watch nothing any more."""
        if self._watch is not None:
            self._watch.stop()
        self._watch, self._covered = None, frozenset()

    @property
    def works(self) -> bool:
        """Tell whether changes are noticed; where not, the log says why."""
        return self._watch is not None and self._watch.works

    def _warn_once(self) -> None:
        if self._watch is not None and self._watch.problem and not self._has_warned:
            self._has_warned = True
            _log.warning("Changes on disk are not noticed at once: %s.", self._watch.problem)


class _Watch:
    """One set of directories."""

    def __init__(
        self, directories: frozenset[Path], on_changes: Callable[[set[Path]], None]
    ) -> None:
        self._directories = directories
        self._on_changes = on_changes
        self._is_stopped = threading.Event()
        self._has_begun = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warmline-watch", daemon=True)
        self.works = False
        self.problem = ""

    def start(self) -> None:
        """Begin, and return when changes are noticed or cannot be."""
        self._thread.start()
        self._has_begun.wait(_START_TIMEOUT_S)

    def stop(self) -> None:
        self._is_stopped.set()
        self._thread.join(_STOP_TIMEOUT_S)

    def _changes(self) -> Iterator[set[FileChange]]:
        return watch(
            *(folder for folder in self._directories if folder.is_dir()),
            watch_filter=None,
            debounce=_MOST_DELAY_MS,
            step=_STEP_MS,
            rust_timeout=_READY_MS,
            yield_on_timeout=True,
            stop_event=self._is_stopped,
            recursive=_WATCHES_BELOW,
            ignore_permission_denied=True,
            raise_interrupt=False,
        )

    def _run(self) -> None:
        try:
            for changed in self._changes():
                self.works = True
                self._has_begun.set()
                if changed:
                    self._on_changes({Path(path) for _, path in changed})
        except (OSError, RuntimeError) as error:
            self.problem = str(error)
        finally:
            self.works = False
            self._has_begun.set()
