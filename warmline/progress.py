"""Progress of long work on standard error: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    SpinnerColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

from engine.weights.progress import Progress, ProgressReport

_LINE_SHARE = 0.1


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Give a function that shows reports as fits where standard error goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines().show
        return
    columns = (
        SpinnerColumn(),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console, transient=True) as bars:
        yield _Bar(bars).show


class _Bar:
    """One line of text for each message, and a bar below the last."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._message = ""
        self._task = bars.add_task("", total=None)

    def show(self, report: ProgressReport) -> None:
        if report.message != self._message:
            self._message = report.message
            self._bars.console.print(report.message, highlight=False, markup=False)
            # A new task, because a running one cannot go back to an unknown total.
            self._bars.remove_task(self._task)
            self._task = self._bars.add_task("", total=report.total)
        self._bars.update(self._task, completed=report.done, total=report.total)


class _Lines:
    """A line for each new message, and one for each further tenth of its work."""

    def __init__(self) -> None:
        self._message = ""
        self._shown_share = 0.0

    def show(self, report: ProgressReport) -> None:
        share = report.done / report.total if report.total else 0.0
        if report.message != self._message:
            self._message, self._shown_share = report.message, share
            print(report.message, file=sys.stderr, flush=True)
        elif share >= self._shown_share + _LINE_SHARE:
            self._shown_share = share
            print(f"{report.message}: {share:.0%}", file=sys.stderr, flush=True)
