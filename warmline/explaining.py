"""An explanation drawn for a terminal: the chunks, what was left out, the prompt."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from completion.context.explanation import ExplainedChunk, Explanation, PromptPart
from completion.guidance.explaining import ExplainedName

MOST_LEFT_OUT = 12
MOST_NAMES = 40
_PART_STYLES = {"marker": "dim", "chunk": "cyan", "before": "green", "after": "magenta"}


def draw_explanation(
    explanation: Explanation, console: Console, *, with_text: bool, is_whole: bool
) -> None:
    """Draw what a suggestion is made from.

    Args:
        explanation: What to draw.
        console: Where to draw it.
        with_text: Show the prompt itself, not only how long its parts are.
        is_whole: Show everything that was left out.
    """
    _draw_chunks(explanation, console)
    _draw_left_out(explanation.left_out, console, is_whole=is_whole)
    _draw_prompt(explanation, console, with_text=with_text)
    if explanation.name:
        console.print(_what_may_stand(explanation.name, is_whole=is_whole), markup=False)
    if explanation.note:
        console.print(explanation.note, markup=False)
    console.print(_cost(explanation), markup=False, style="dim")


def _draw_chunks(explanation: Explanation, console: Console) -> None:
    if not explanation.chunks:
        return
    table = _table_of_chunks("In the prompt, the best last")
    table.add_column("tokens", justify="right")
    for chunk in explanation.chunks:
        table.add_row(*_cells(chunk), f"{chunk.tokens}{' cut' if chunk.is_cut else ''}")
    console.print(table)


def _draw_left_out(left_out: Sequence[ExplainedChunk], console: Console, *, is_whole: bool) -> None:
    if not left_out:
        return
    shown = left_out if is_whole else left_out[:MOST_LEFT_OUT]
    table = _table_of_chunks("Left out, the best first")
    table.add_column("because")
    for chunk in shown:
        table.add_row(*_cells(chunk), Text(chunk.left_out))
    console.print(table)
    if len(shown) < len(left_out):
        console.print(f"and {len(left_out) - len(shown)} more: --all lists them", style="dim")


def _draw_prompt(explanation: Explanation, console: Console, *, with_text: bool) -> None:
    table = Table(title="The prompt, from front to back", title_justify="left", box=None)
    table.add_column("part")
    table.add_column("tokens", justify="right")
    table.add_column("")
    for part in explanation.prompt:
        style = _PART_STYLES.get(part.kind, "")
        shown = Text(part.text if with_text else _summary(part), style=style)
        table.add_row(Text(part.kind, style=style), str(part.tokens), shown)
    console.print(table)


def _table_of_chunks(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("where", overflow="fold")
    table.add_column("found by")
    for heading in ("score", "1st stage", "2nd stage"):
        table.add_column(heading, justify="right")
    return table


def _cells(chunk: ExplainedChunk) -> tuple[Text, str, str, str, str]:
    where = f"{chunk.path}:{chunk.line}-{chunk.line + max(1, chunk.num_lines) - 1}"
    stages = (_number(chunk.lexical_score), _number(chunk.encoder_score))
    return Text(where), chunk.origin, _number(chunk.score), *stages


def _number(score: float | None) -> str:
    return "" if score is None else f"{score:.2f}"


def _summary(part: PromptPart) -> str:
    """Say what a part is in a few words: its label, or how many lines it has."""
    num_lines = len(part.text.splitlines())
    return part.label or f"{num_lines} line{'' if num_lines == 1 else 's'}"


def _what_may_stand(name: ExplainedName, *, is_whole: bool) -> str:
    """Say which names analysis allows at the cursor, or why it allows all."""
    what = f"{name.kind.value} of {name.receiver}" if name.receiver else name.kind.value
    if not name.names:
        return f"At the cursor, {what}: anything may stand, because {name.reason}"
    shown = name.names if is_whole else name.names[:MOST_NAMES]
    more = len(name.names) - len(shown)
    return (
        f"At the cursor, {what}: {', '.join(shown)}"
        f"{f' and {more} more' if more else ''} ({name.analyser}, {name.took_ms:.0f} ms)"
    )


def _cost(explanation: Explanation) -> str:
    timings = explanation.timings
    stop = ""
    if explanation.stop_rank is not None:
        stop = f"; {explanation.stop_rank} better than nothing, which scores"
        stop += f" {_number(explanation.stop_score)}"
    return (
        f"{explanation.model}: {explanation.prompt_tokens} tokens, of which"
        f" {explanation.context_tokens} of at most {explanation.budget_tokens} from other files;"
        f" searched in {timings.search_ms:.0f} ms ({timings.lexical_ms:.0f} ms first stage,"
        f" {timings.encoder_ms:.0f} ms second), laid out in {timings.prompt_ms:.0f} ms{stop}"
    )
