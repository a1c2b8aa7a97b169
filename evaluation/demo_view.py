"""The demo on a terminal."""

from typing import Self

from rich.console import Console, Group
from rich.padding import Padding
from rich.status import Status
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from evaluation.cache_drawing import draw_legend, draw_map
from evaluation.demo import DemoResult, SourceFile, Step
from evaluation.loading_bar import loading_bar

_MAP_ROWS = 4


class TerminalAudience:
    """Shows each step as it happens. Animations appear only on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = loading_bar(console)
        self._task = self._progress.add_task("starting the server", total=1.0)
        self._spinner: Status | None = None

    def __enter__(self) -> Self:
        """Begin with the loading of the model."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was, whatever happened."""
        self._progress.stop()
        self._wait_for(None)

    def loading(self, fraction: float, message: str) -> None:
        """Show how far the model is loaded."""
        self._progress.update(self._task, completed=fraction, description=message or "loading")

    def opening(self, source: SourceFile) -> None:
        """Name the file and explain the colours."""
        self._progress.stop()
        num_lines = source.text.count("\n") + 1
        self._console.print(f"{source.title}, {num_lines} lines, in a live cache\n", style="bold")
        self._console.print(draw_legend(), "")

    def begin(self, description: str) -> None:
        """Say what happens."""
        self._console.print(description, style="bold")
        self._wait_for("working")

    def recomputing(self) -> None:
        """Say what the wait is for."""
        self._wait_for("reading the same text from scratch, to compare")

    def finish(self, step: Step) -> None:
        """Draw the cache, the figures and the suggestion."""
        self._wait_for(None)
        self._console.print(Padding(_describe(step, self._console.width - 4), (0, 2, 1, 2)))

    def _wait_for(self, what: str | None) -> None:
        if self._spinner is not None:
            self._spinner.stop()
        self._spinner = None
        if what is not None and self._console.is_terminal:
            self._spinner = self._console.status(what)
            self._spinner.start()


class SilentAudience:
    """Watches without a word, for output that a machine reads."""

    def loading(self, fraction: float, message: str) -> None:
        """Ignore it."""

    def opening(self, source: SourceFile) -> None:
        """Ignore it."""

    def begin(self, description: str) -> None:
        """Ignore it."""

    def recomputing(self) -> None:
        """Ignore it."""

    def finish(self, step: Step) -> None:
        """Ignore it."""


def draw_summary(result: DemoResult) -> Group:
    """Put all steps into one table."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("step", no_wrap=True, min_width=max(len(step.name) for step in result.steps))
    for heading in ("prompt", "kept", "moved", "encoded", "sync ms", "full ms", "ratio"):
        table.add_column(heading, justify="right", no_wrap=True, min_width=len(heading))
    table.add_column("suggestion", no_wrap=True, overflow="ellipsis")
    for step in result.steps:
        suggested = step.suggestion.text if step.suggestion else ""
        table.add_row(step.name, *_figures(step), Text(suggested.strip().partition("\n")[0]))
    return Group(table, _agreement(result))


def _describe(step: Step, width: int) -> Group:
    live = step.live
    figures = Text.assemble(
        f"{live.prompt} tokens: {live.kept} kept, {live.moved} moved, ",
        (f"{live.encoded} encoded", "bold"),
        f" in {live.sync_ms:.0f} ms",
    )
    if step.recomputed is not None and step.ratio is not None:
        figures.append(f"; a full recompute takes {step.recomputed.sync.sync_ms:.0f} ms, ")
        figures.append(f"{step.ratio:.0f} times as long", "bold")
        figures.append(" as all since the text changed")
    return Group(draw_map(step.runs, width, _MAP_ROWS), figures, *_suggestion(step))


def _suggestion(step: Step) -> list[Syntax]:
    if step.suggestion is None:
        return []
    text = step.suggestion.text or f"# nothing: {step.suggestion.reason}"
    return [Syntax(text, "python", theme="ansi_dark", background_color="default")]


def _figures(step: Step) -> tuple[str, ...]:
    live, full = step.live, step.recomputed
    counts = (live.prompt, live.kept, live.moved, live.encoded)
    return (
        *(str(count) for count in counts),
        f"{live.sync_ms:.0f}",
        "" if full is None else f"{full.sync.sync_ms:.0f}",
        "" if step.ratio is None else f"{step.ratio:.0f}",
    )


def _agreement(result: DemoResult) -> Text:
    compared = [step for step in result.steps if step.ratio is not None]
    num_same = sum(_is_confirmed(step) for step in compared)
    return Text(
        "\nfull ms: a full recompute of the same text. ratio: that, to all that the live cache"
        f" took since the text changed. {num_same} of {len(compared)} suggestions are word for"
        " word the same after a full recompute."
    )


def _is_confirmed(step: Step) -> bool:
    live, full = step.suggestion, step.recomputed
    return live is not None and full is not None and live.text == full.text
