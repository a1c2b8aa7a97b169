"""Typing in the middle of a file, and moving about in it."""

import random

from evaluation.fidelity.case import State
from evaluation.fidelity.cases.code_file import indentation_of
from evaluation.fidelity.cases.drafts import Draft, Spot, fill_in_draft

_TYPED_LINES = 3
_NEAREST_LINES, _FARTHEST_LINES = 10, 60
_FEWEST_BEFORE, _FEWEST_AFTER = 10, 10  # lines; fewer are no middle


def type_lines(spot: Spot, _generator: random.Random) -> Draft | None:
    """Type the three lines before the target, one state after each.

    The cursor stands behind the indentation of the line to come, as editors put it.
    """
    window, lines = _middle(spot), spot.file.lines
    first = spot.line - _TYPED_LINES
    if window is None or any(not line.strip() for line in lines[first : spot.line]):
        return None
    after = "\n" + "".join(lines[spot.line + 1 : window.stop])
    befores = [
        "".join(lines[window.start : line]) + indentation_of(lines[line])
        for line in range(first, spot.line + 1)
    ]
    states = [State(before + after, len(before)) for before in befores]
    return fill_in_draft(states, lines[spot.line])


def move_cursor(spot: Spot, generator: random.Random) -> Draft | None:
    """Move the cursor 10 to 60 lines up or down, from the end of a line to one yet unwritten."""
    window, lines = _middle(spot), spot.file.lines
    if window is None:
        return None
    before = "".join(lines[window.start : spot.line]) + indentation_of(lines[spot.line])
    text = before + "\n" + "".join(lines[spot.line + 1 : window.stop])
    origins = [line for line in window if _is_a_move(line - spot.line)]
    if not origins:
        return None
    origin = generator.choice(origins) - window.start
    line_ends = [index for index, character in enumerate(text) if character == "\n"]
    return fill_in_draft(
        [State(text, line_ends[origin]), State(text, len(before))], lines[spot.line]
    )


def _middle(spot: Spot) -> range | None:
    """Return the window around a spot that has enough text on both sides."""
    window = spot.window()
    if window is None or spot.line - window.start < _FEWEST_BEFORE:
        return None
    return window if window.stop - spot.line > _FEWEST_AFTER else None


def _is_a_move(num_lines: int) -> bool:
    return _NEAREST_LINES <= abs(num_lines) <= _FARTHEST_LINES
