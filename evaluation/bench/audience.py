"""Whoever watches a benchmark: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


class Audience(Protocol):
    """Hears what is measured right now."""

    def expect(self, num_measurements: int) -> None:
        """Hear how many measurements are still to come."""
        ...

    def begin(self, description: str) -> None:
        """Hear what happens now."""
        ...

    def finish(self) -> None:
        """Hear that one measurement is done."""
        ...

    def tell(self, sentence: str) -> None:
        """Hear something that is to stay on the screen."""
        ...


class SilentAudience:
    """Hears nothing."""

    def expect(self, num_measurements: int) -> None:
        """See `Audience.expect`."""

    def begin(self, description: str) -> None:
        """See `Audience.begin`."""

    def finish(self) -> None:
        """See `Audience.finish`."""

    def tell(self, sentence: str) -> None:
        """See `Audience.tell`."""


class _TerminalAudience:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def expect(self, num_measurements: int) -> None:
        done = self._progress.tasks[0].completed
        self._progress.update(self._task, total=done + num_measurements)

    def begin(self, description: str) -> None:
        self._progress.update(self._task, description=description)

    def finish(self) -> None:
        self._progress.advance(self._task)

    def tell(self, sentence: str) -> None:
        self._progress.console.print(sentence, highlight=False, markup=False)


class _LineAudience(SilentAudience):
    def __init__(self, console: Console) -> None:
        self._console = console
        self._description = ""

    def begin(self, description: str) -> None:
        if description != self._description:
            self._description = description
            self.tell(description)

    def tell(self, sentence: str) -> None:
        self._console.print(sentence, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def watching(console: Console) -> Iterator[Audience]:
    """Show progress on `console` for as long as the context lasts."""
    if not console.is_terminal:
        yield _LineAudience(console)
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _TerminalAudience(progress, progress.add_task("", total=None))
