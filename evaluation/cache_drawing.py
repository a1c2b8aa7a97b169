"""A live cache as a picture: one cell for a few tokens, by what became of them."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import groupby
from math import ceil
from typing import Protocol

from rich.text import Text

MAX_ROWS = 12


class Run(Protocol):
    """What is drawn: tokens in the same state, [start, stop), as `CacheRun` describes them."""

    @property
    def start(self) -> int:
        """The first token."""
        ...

    @property
    def stop(self) -> int:
        """The first token after it."""
        ...

    @property
    def origin(self) -> str:
        """`kept`, `moved` or `encoded`."""
        ...

    @property
    def is_exact(self) -> bool:
        """Whether it equals a full recompute."""
        ...


class TextRun(Run, Protocol):
    """The same with the text it stands for."""

    @property
    def text(self) -> str:
        """Decoded from the tokens."""
        ...


class TokenState(IntEnum):
    """What became of a token at the last sync. A larger number cost more work."""

    EXACT = 0
    KEPT = 1
    MOVED = 2
    ENCODED = 3


LABELS = {
    TokenState.EXACT: "exact, equal to a full recompute",
    TokenState.KEPT: "kept in place, read before the last edits",
    TokenState.MOVED: "moved, keys rotated to their new position",
    TokenState.ENCODED: "newly encoded",
}

STYLES = {
    TokenState.EXACT: "green",
    TokenState.KEPT: "blue",
    TokenState.MOVED: "yellow",
    TokenState.ENCODED: "bold bright_red",
}

# Taller for more work, so that the picture can be read without colours.
GLYPHS = {
    TokenState.EXACT: "▁",
    TokenState.KEPT: "▂",
    TokenState.MOVED: "▅",
    TokenState.ENCODED: "█",
}


def state_of(run: Run) -> TokenState:
    """Return what a run of tokens is drawn as."""
    if run.origin == "encoded":
        return TokenState.ENCODED
    if run.is_exact:
        return TokenState.EXACT
    return TokenState.MOVED if run.origin == "moved" else TokenState.KEPT


def draw_map(runs: Sequence[Run], width: int, max_rows: int = MAX_ROWS) -> Text:
    """Draw all tokens in rows of `width` cells, each in the state that cost most in it."""
    num_tokens = max((run.stop for run in runs), default=0)
    tokens_per_cell = max(1, ceil(num_tokens / (width * max_rows)))
    cells = _cells(runs, ceil(num_tokens / tokens_per_cell), tokens_per_cell)
    rows = [cells[start : start + width] for start in range(0, len(cells), width)]
    return Text("\n").join(_draw_row(row) for row in rows)


def draw_text(runs: Iterable[TextRun]) -> Text:
    """Write the text itself in the colours of its states."""
    return Text.assemble(*((run.text, STYLES[state_of(run)]) for run in runs))


def draw_legend(states: Iterable[TokenState] = TokenState) -> Text:
    """Name the states, one a line."""
    return Text("\n").join(
        Text.assemble((GLYPHS[state] * 2, STYLES[state]), " ", LABELS[state]) for state in states
    )


def count_states(runs: Iterable[Run]) -> dict[TokenState, int]:
    """Return how many tokens are in each state."""
    counts = dict.fromkeys(TokenState, 0)
    for run in runs:
        counts[state_of(run)] += run.stop - run.start
    return counts


def _cells(runs: Sequence[Run], num_cells: int, tokens_per_cell: int) -> list[TokenState]:
    cells = [TokenState.EXACT] * num_cells
    for run in runs:
        for cell in range(run.start // tokens_per_cell, ceil(run.stop / tokens_per_cell)):
            cells[cell] = max(cells[cell], state_of(run))
    return cells


def _draw_row(cells: Sequence[TokenState]) -> Text:
    return Text().join(
        Text(GLYPHS[state] * len(list(group)), STYLES[state]) for state, group in groupby(cells)
    )
