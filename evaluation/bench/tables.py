"""A report as tables, for a terminal and as Markdown: a line for each arm, a column a metric."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evaluation.report import Parameter, Report, Row

_TOLD = (
    "weights",
    "decode_weights",
    "flash_attention",
    "settings",
    "drafts",
)  # params that tell arms apart
_FEW_DIGITS_ABOVE = 100
_SOME_DIGITS_ABOVE = 10


@dataclass(frozen=True, slots=True)
class _Line:
    """What one arm brought at one kind of work, by metric."""

    kind: str
    tokens: Parameter
    arm: str
    rows: Mapping[str, Row]

    @property
    def num_repeats(self) -> int:
        return max(row.n for row in self.rows.values())


def draw_tables(report: Report, *, is_wide: bool) -> RenderableType:
    """Return the report as it is shown on a terminal; quartiles only where it is wide."""
    tables: list[RenderableType] = []
    for metrics, lines in _sections(report.rows):
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("kind", no_wrap=True, min_width=max(len(line.kind) for line in lines))
        table.add_column("tokens", no_wrap=True, justify="right")
        table.add_column("arm", ratio=1)
        for column in (*metrics, "n"):
            table.add_column(column, justify="right", no_wrap=True)
        for line in lines:
            style = "bold" if line.arm.split(" ")[0] == "warmline" else ""
            table.add_row(*_cells(line, metrics, has_quartiles=is_wide), style=style)
        tables += [table, Text()]
    return Group(*tables, *(Text(note, "dim") for note in report.notes))


def markdown_page(report: Report) -> str:
    """Return the report as a page in Markdown."""
    return "\n".join([*head(report), *_setup(report), *_markdown_lines(report.rows)])


def head(report: Report) -> Iterator[str]:
    """Yield the lines that begin a page in Markdown: what was measured, and where."""
    machine = report.machine
    yield f"# warmline {report.command}"
    yield ""
    yield f"- model: {report.model}; seed {report.seed}; Warmline {report.version}"
    yield f"- machine: {machine.processor}, {machine.cores} cores, {machine.memory_gb} GB,"
    yield f"  {machine.system}, Python {machine.python}"
    yield f"- of the processor: {', '.join(machine.features) or 'nothing known'}"
    yield from (f"- {name}={value}" for name, value in machine.environment.items())
    yield from (f"- {note}" for note in report.notes)
    yield ""


def figure(value: float) -> str:
    """Write a number with three digits that count."""
    if abs(value) >= _FEW_DIGITS_ABOVE:
        return f"{value:,.0f}"
    if abs(value) >= _SOME_DIGITS_ABOVE:
        return f"{value:.1f}"
    return f"{value:.3g}"


def setup_name(row: Row) -> str:
    """Return the arm of a row with what tells its ways apart."""
    details = [_detail(name, row.params[name]) for name in _TOLD if row.params.get(name)]
    return f"{row.arm} ({', '.join(details)})" if details else row.arm


def _detail(name: str, value: Parameter) -> str:
    words = name.replace("_", " ")
    if value is True:
        return words
    return f"{value} {words}" if name == "settings" else str(value)


def _sections(rows: Sequence[Row]) -> Iterator[tuple[list[str], list[_Line]]]:
    """Put lines with the same metrics into one table; ratios follow what they compare."""
    sections: dict[tuple[str, ...], list[_Line]] = {}
    for line in _lines(rows):
        fitting = next((key for key in sections if set(line.rows) <= set(key)), tuple(line.rows))
        sections.setdefault(fitting, []).append(line)
    for metrics, lines in sections.items():
        order = {line.kind: index for index, line in reversed(list(enumerate(lines)))}
        lines.sort(key=lambda line: (order[line.kind], _as_number(line.tokens)))
        yield list(metrics), lines


def _lines(rows: Sequence[Row]) -> Iterator[_Line]:
    together: dict[tuple[str, Parameter, str], dict[str, Row]] = {}
    for row in rows:
        kind = f"{row.kind} {row.params['state']}" if "state" in row.params else row.kind
        key = (kind, row.params.get("prompt_tokens"), setup_name(row))
        together.setdefault(key, {})[row.metric] = row
    return (_Line(*key, rows=metrics) for key, metrics in together.items())


def _as_number(tokens: Parameter) -> float:
    return float(tokens) if isinstance(tokens, int | float) else 0.0


def _cells(line: _Line, metrics: Sequence[str], *, has_quartiles: bool = True) -> list[str]:
    write = _spread if has_quartiles else _median
    figures = [write(line.rows[name]) if name in line.rows else "" for name in metrics]
    return [line.kind, str(line.tokens), line.arm, *figures, str(line.num_repeats)]


def _median(row: Row) -> str:
    return figure(row.value)


def _spread(row: Row) -> str:
    if row.n == 1:
        return figure(row.value)
    return f"{figure(row.value)} ({figure(row.low)}-{figure(row.high)})"


def _setup(report: Report) -> Iterator[str]:
    if report.rows:
        params = report.rows[0].params
        yield f"{params.get('threads')} threads; warm-up: {params.get('warm_up')}."
    yield "Medians, in brackets quartiles (of fewer than four repeats, the extremes)."
    yield ""


def _markdown_lines(rows: Sequence[Row]) -> Iterator[str]:
    for metrics, lines in _sections(rows):
        yield f"| kind | tokens | arm | {' | '.join(metrics)} | n |"
        yield f"|---|---:|---|{'---:|' * (len(metrics) + 1)}"
        yield from (f"| {' | '.join(_cells(line, metrics))} |" for line in lines)
        yield ""
