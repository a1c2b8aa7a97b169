"""How the lines of a file are indented around a place."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

_LINES_BEFORE = 200
_LINES_AFTER = 100
_CHARACTERS = 16_000  # on either side, whatever the length of lines
_UNITS = (2, 3, 4, 8)  # spaces
_ANY_CODE = "x"
_CLEAR_SHARE = 2 / 3  # of the steps are of one length
_STRAY_SHARE = 0.1  # lines of the other sort that a file may have and still be of one
_FEWEST_STEPS = 2  # where nothing says that a block begins
_BLOCK_BEGINS = re.compile(r"(?:[{:\[>]|\b(?:then|do|else|begin))\Z")


def unit_near(before: str, after: str) -> str | None:
    """Return what indents by one level near a cursor: a tab or some spaces.

    Args:
        before: The text before the cursor, which ends with the beginning of a line.
        after: The text after it.

    Returns:
        None where that is not clear: no indented lines, or lines of both sorts.
    """
    *above, line = before[-_CHARACTERS:].split("\n")[-_LINES_BEFORE:]
    at_cursor = [line + _ANY_CODE if line.isspace() else line]  # white space is meant for code
    lines = above + at_cursor + after[:_CHARACTERS].split("\n")[1 : 1 + _LINES_AFTER]
    num_tabs = sum(line.startswith("\t") for line in lines)
    num_spaces = sum(re.match(r" {2,}(?!\*)", line) is not None for line in lines)
    if min(num_tabs, num_spaces) > _STRAY_SHARE * (num_tabs + num_spaces):
        return None
    if num_tabs > num_spaces:
        return "\t"
    spaces = _step(lines)
    return None if spaces is None else " " * spaces


def _step(lines: list[str]) -> int | None:
    """Return by how many spaces lines go in, if that is clear."""
    steps = list(_steps(lines))
    at_blocks = [spaces for spaces, is_block in steps if is_block]
    counted = at_blocks or [spaces for spaces, _ in steps]
    if not counted or (not at_blocks and len(counted) < _FEWEST_STEPS):
        return None
    spaces, num_equal = Counter(counted).most_common(1)[0]
    return spaces if num_equal >= _CLEAR_SHARE * len(counted) and spaces in _UNITS else None


def _steps(lines: list[str]) -> Iterator[tuple[int, bool]]:
    """Give the length of each step inwards, and whether a block begins there."""
    for line, following in pairwise([line for line in lines if line.strip()]):
        spaces = _num_spaces(following) - _num_spaces(line)
        if spaces > 0 and not following.lstrip().startswith("*"):
            yield spaces, _BLOCK_BEGINS.search(line.rstrip()) is not None


def _num_spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
