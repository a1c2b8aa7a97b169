"""What a suggestion says again: lines around the cursor, or itself."""

import re
from collections.abc import Sequence

from completion.languages import traits_of
from completion.syntax import Place

_LONG_LINE_CHARACTERS = 8  # a repeated line of this length is no coincidence
_LONGEST_CYCLE_LINES = 4
_CYCLE_CHARACTERS = range(4, 61)
_LOOP_ROUNDS = 3  # so often somebody says something again only by not finding an end


def repeats_line_before(text: str, place: Place) -> bool:
    """Tell whether `text` begins with the line before the cursor, or with its own line."""
    if place.is_in_literal or not traits_of(place.language).pairs_brackets:
        return False
    first_line = text.partition("\n")[0]
    begun = place.line_before.strip()
    if begun:
        return _begins_again(first_line, begun)
    above = place.before[: len(place.before) - len(place.line_before)].rstrip()
    line_above = above[above.rfind("\n") + 1 :]
    return is_telling(line_above) and place.line_before + first_line.rstrip() == line_above


def _begins_again(line: str, begun: str) -> bool:
    """Tell whether a line starts with all that is there of it up to the cursor."""
    if len(begun) < len("let x") or not re.search(r"[A-Za-z].*[\w=]\Z", begun):
        return False
    return line.lstrip().startswith(begun) and not re.match(r"\w", line.lstrip()[len(begun) :])


def is_telling(line: str) -> bool:
    """Tell whether a line says so much that saying it twice is no coincidence."""
    line = line.strip()
    return len(line) >= _LONG_LINE_CHARACTERS and re.search(r"[^\W\d_]{2}", line) is not None


def without_loop(text: str, place: Place) -> str:
    """Keep one round of lines that come again and again."""
    lines = text.split("\n")
    shown = [place.line_before + lines[0], *lines[1:]]
    for index in range(len(lines)):
        for period in range(1, _LONGEST_CYCLE_LINES + 1):
            cycle = shown[index : index + period]
            rounds = shown[index : index + period * _LOOP_ROUNDS]
            if rounds == cycle * _LOOP_ROUNDS and any(map(is_telling, cycle)):
                return "\n".join(lines[: index + period])
    return text


def without_loop_in_line(line: str) -> str:
    """Keep one round of what comes again and again up to the end of a line."""
    for period in _CYCLE_CHARACTERS:
        start = len(line) - period
        while start > 0 and line[start - 1] == line[start - 1 + period]:
            start -= 1
        is_loop = len(line) - start >= period * _LOOP_ROUNDS
        if start >= 0 and is_loop and re.search(r"[^\W\d_]", line[start : start + period]):
            return line[: start + period]
    return line


def without_following_lines(text: str, place: Place) -> str:
    """Cut before lines that follow the cursor already."""
    following = [line.rstrip() for line in place.after.split("\n")[1:] if line.strip()]
    if not following:
        return text
    lines = text.split("\n")
    shown = [place.line_before + lines[0], *lines[1:]]
    for index, line in enumerate(shown):
        if line.strip() != following[0].strip():
            continue
        written = [each.rstrip() for each in shown[index:] if each.strip()]
        if _repeats(written, following):
            return "\n".join(lines[:index])
    return text


def _repeats(written: Sequence[str], following: Sequence[str]) -> bool:
    """Tell whether `written` begins to repeat the lines of `following`.

    One line must be telling, or be all there is and more than brackets; in several, the last
    may be cut short. At another indentation it takes two lines.
    """
    if written[0] != following[0]:
        return _repeats_elsewhere(written[:2], following[:2])
    if len(following[0].strip()) >= _LONG_LINE_CHARACTERS:
        return True
    if not re.search(r"\w", written[0]):
        return False
    *whole, last = written
    expected = following[: len(written)]
    return (
        whole == expected[:-1] and len(expected) == len(written) and expected[-1].startswith(last)
    )


def _repeats_elsewhere(written: Sequence[str], following: Sequence[str]) -> bool:
    if len(written) < 2 or not is_telling(following[0]):  # noqa: PLR2004 -- two, as named
        return False
    return [line.strip() for line in written] == [line.strip() for line in following]
