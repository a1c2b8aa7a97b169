"""A report on arms as tables: for each kind one of the arms, and one of what they differ in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isnan

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evaluation.bench.tables import figure, head
from evaluation.comparison.cases import is_pair, split_pair
from evaluation.report import Report, Row


@dataclass(frozen=True, slots=True)
class Style:
    """What is shown of a report.

    Attributes:
        arm_metrics: Columns of the arms.
        pair_metrics: Columns of what they differ in: the metric, then what the arm is compared
            with.
        bold_arm: The one that matters.
        reading: A paragraph on how to read the page.
        title: Names the table that a row belongs to; None leaves the row to the JSON.
    """

    arm_metrics: Sequence[str]
    pair_metrics: Sequence[str]
    bold_arm: str
    reading: str
    title: Callable[[Row], str | None]


@dataclass(frozen=True, slots=True)
class _Block:
    """A table of one kind."""

    title: str
    metrics: Sequence[str]
    lines: Mapping[str, Sequence[Row | None]]  # for each arm, by metric

    def columns(self) -> list[str]:
        return [self.title, *self.metrics, "n"]

    def cells(self, *, is_wide: bool) -> Iterator[list[str]]:
        for arm, line in self.lines.items():
            figures = [_cell(row, is_wide=is_wide) for row in line]
            yield [arm, *figures, str(max(row.n for row in line if row is not None))]


def draw_tables(report: Report, style: Style, *, is_wide: bool) -> RenderableType:
    """Return the report as it is shown on a terminal; intervals only where it is wide."""
    tables: list[RenderableType] = []
    for block in _blocks(report.rows, style):
        table = Table(box=None, pad_edge=False, header_style="bold")
        name, *figures = block.columns()
        table.add_column(name, no_wrap=True, min_width=20)
        for column in figures:
            table.add_column(column, justify="right", no_wrap=True)
        for cells in block.cells(is_wide=is_wide):
            table.add_row(*cells, style="bold" if cells[0] == style.bold_arm else "")
        tables += [table, Text()]
    return Group(*tables, *(Text(note, "dim") for note in report.notes))


def markdown_page(report: Report, style: Style) -> str:
    """Return the report as a page in Markdown."""
    return "\n".join([*head(report), style.reading, "", *_markdown_lines(report.rows, style)])


def _markdown_lines(rows: Sequence[Row], style: Style) -> Iterator[str]:
    for block in _blocks(rows, style):
        columns = block.columns()
        yield f"| {' | '.join(columns)} |"
        yield f"|---|{'---:|' * (len(columns) - 1)}"
        yield from (f"| {' | '.join(cells)} |" for cells in block.cells(is_wide=True))
        yield ""


def _blocks(rows: Sequence[Row], style: Style) -> Iterator[_Block]:
    """Take each table's arms, then its pairs."""
    titles = [style.title(row) for row in rows]
    for title in dict.fromkeys(each for each in titles if each is not None):
        own = [row for row, each in zip(rows, titles, strict=True) if each == title]
        for metrics, part in (
            (style.arm_metrics, [row for row in own if not is_pair(row)]),
            (style.pair_metrics, [row for row in own if is_pair(row)]),
        ):
            if part:
                yield _block(title, metrics, part)


def _block(title: str, metrics: Sequence[str], rows: Sequence[Row]) -> _Block:
    by_arm: dict[str, dict[str, Row]] = {}
    for row in rows:
        arm, against = split_pair(row)
        by_arm.setdefault(arm, {})[row.metric + against] = row
    present = set(chain.from_iterable(by_arm.values()))
    shown = [metric for metric in metrics if metric in present]
    lines = {arm: [own.get(metric) for metric in shown] for arm, own in by_arm.items()}
    return _Block(title, shown, lines)


def _cell(row: Row | None, *, is_wide: bool) -> str:
    if row is None or isnan(row.value):
        return ""
    if not is_wide or isnan(row.low):
        return figure(row.value)
    return f"{figure(row.value)} ({figure(row.low)} to {figure(row.high)})"
