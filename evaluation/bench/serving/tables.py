"""What being served costs, as a table: a line for each figure."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from evaluation.report import Report, Row

_COLUMNS = ("", "figure", "median", "spread", "n", "unit")
_FEW_DIGITS_ABOVE = 100


def draw_table(report: Report) -> Table:
    """Return the report as it is shown on a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in _COLUMNS:
        is_number = column in ("median", "spread", "n")
        table.add_column(column, justify="right" if is_number else "left", no_wrap=True)
    for cells in _lines(report.rows):
        table.add_row(*map(Text, cells))
    return table


def markdown_table(report: Report) -> str:
    """Return the report as a page in Markdown."""
    machine = report.machine
    lines = [
        f"# warmline {report.command}",
        "",
        f"- model: {report.model}; seed {report.seed}; Warmline {report.version}",
        f"- machine: {machine.processor}, {machine.cores} cores, {machine.memory_gb} GB",
        f"- system: {machine.system}, Python {machine.python}",
        *(f"- {note}" for note in report.notes),
        "",
        f"| {' | '.join(_COLUMNS)} |",
        "|---|---|---:|---:|---:|---|",
        *(f"| {' | '.join(cells)} |" for cells in _lines(report.rows)),
    ]
    return "\n".join(lines) + "\n"


def _lines(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each row; what was done is named once, with whose figure it is."""
    shown = ""
    for row in rows:
        spread = "" if row.n == 1 else f"{_figure(row.low)} to {_figure(row.high)}"
        name = row.kind if row.arm == "warmline" else f"{row.kind}, {row.arm}"
        first = name if name != shown else ""
        yield first, row.metric, _figure(row.value), spread, str(row.n), row.unit
        shown = name


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _FEW_DIGITS_ABOVE else f"{value:.3g}"
