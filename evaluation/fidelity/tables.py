"""A report on edits as tables: for each kind one of the arms, and one of what they differ in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isnan

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evaluation.bench.tables import figure, head
from evaluation.fidelity.summary import is_pair, is_pooled, split_pair
from evaluation.report import Report, Row

ARM_METRICS = ("recovered", "agree", "kl", "nll", "em", "es", "encoded_tokens", "ms")
PAIR_METRICS = (
    "agree-floor",
    "kl/floor",
    "ms/full",
    "nll-full",
    "em-full",
    "es-full",
    "nll-floor",
    "agree-default",
    "nll-default",
)
"""The metric, then what the arm is compared with."""
READING = (
    "In brackets 95 % intervals, bootstrapped over packages. `kl` and `ms` are medians, the others"
    " means; of pairs, means of differences, and of `a/b` the ratio of medians."
)


@dataclass(frozen=True, slots=True)
class _Block:
    """A table of one kind."""

    kind: str
    metrics: Sequence[str]
    lines: Mapping[str, Sequence[Row | None]]  # for each arm, by metric

    def columns(self) -> list[str]:
        return [self.kind, *self.metrics, "n"]

    def cells(self, *, is_wide: bool) -> Iterator[list[str]]:
        for arm, line in self.lines.items():
            figures = [_cell(row, is_wide=is_wide) for row in line]
            yield [arm, *figures, str(max(row.n for row in line if row is not None))]


def draw_tables(report: Report, *, is_wide: bool) -> RenderableType:
    """Return the report as it is shown on a terminal; intervals only where it is wide."""
    tables: list[RenderableType] = []
    for block in _blocks(report.rows):
        table = Table(box=None, pad_edge=False, header_style="bold")
        name, *figures = block.columns()
        table.add_column(name, no_wrap=True, min_width=20)
        for column in figures:
            table.add_column(column, justify="right", no_wrap=True)
        for cells in block.cells(is_wide=is_wide):
            table.add_row(*cells, style="bold" if cells[0] == "default" else "")
        tables += [table, Text()]
    return Group(*tables, *(Text(note, "dim") for note in report.notes))


def markdown_page(report: Report) -> str:
    """Return the report as a page in Markdown."""
    return "\n".join([*head(report), READING, "", *_markdown_lines(report.rows)])


def _markdown_lines(rows: Sequence[Row]) -> Iterator[str]:
    for block in _blocks(rows):
        columns = block.columns()
        yield f"| {' | '.join(columns)} |"
        yield f"|---|{'---:|' * (len(columns) - 1)}"
        yield from (f"| {' | '.join(cells)} |" for cells in block.cells(is_wide=True))
        yield ""


def _blocks(rows: Sequence[Row]) -> Iterator[_Block]:
    """Take each kind's arms, then its pairs; what is told by length is left to the JSON."""
    pooled = [row for row in rows if is_pooled(row)]
    for kind in dict.fromkeys(row.kind for row in pooled):
        own = [row for row in pooled if row.kind == kind]
        for metrics, part in (
            (ARM_METRICS, [row for row in own if not is_pair(row)]),
            (PAIR_METRICS, [row for row in own if is_pair(row)]),
        ):
            if part:
                yield _block(kind, metrics, part)


def _block(kind: str, metrics: Sequence[str], rows: Sequence[Row]) -> _Block:
    by_arm: dict[str, dict[str, Row]] = {}
    for row in rows:
        arm, against = split_pair(row)
        by_arm.setdefault(arm, {})[row.metric + against] = row
    present = set(chain.from_iterable(by_arm.values()))
    shown = [metric for metric in metrics if metric in present]
    lines = {arm: [own.get(metric) for metric in shown] for arm, own in by_arm.items()}
    return _Block(kind, shown, lines)


def _cell(row: Row | None, *, is_wide: bool) -> str:
    if row is None or isnan(row.value):
        return ""
    if not is_wide or isnan(row.low):
        return figure(row.value)
    return f"{figure(row.value)} ({figure(row.low)} to {figure(row.high)})"
