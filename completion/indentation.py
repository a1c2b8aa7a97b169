"""Lines that a model indented in its own way, indented as the file is.

A reading says what the white space of a line means in levels. The file's own reading comes
first; only where the code makes no sense by that, and does by another, anything is changed.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from completion.indentation_rows import Row, lexemes_around, rows_of
from completion.indentation_style import unit_near
from completion.languages import opens_block, traits_of
from completion.syntax import Place
from completion.wholeness import goes_on

_OWN_RULES = frozenset(["makefile", "markdown", "plaintext", "restructuredtext", "latex"])
_WRITTEN_UNITS = (4, 2, 8, 3)  # spaces, likeliest first
_CONTINUED_LEVELS = 2  # at most, of a statement that goes on
_LABEL = re.compile(r"(?:case\b.*|default|public|private|protected|\w+)\s*:\Z")


@dataclass(frozen=True, slots=True)
class _Indent:
    """White space as levels, and spaces beyond them."""

    level: int
    rest: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """What white space means."""

    indent_of: Callable[[Row], _Indent]
    is_own: bool = False  # the file's, in which spaces beyond a level are no mistake
    is_by_tabs: bool = False


def with_indentation_of(place: Place, text: str, num_forced: int = 0) -> str:
    """Return `text` with its lines indented by the style of the file at `place`.

    Only white space at the beginning of lines changes. What is in strings, aligned behind an
    open bracket, or in a file whose style is not clear stays as it is.

    Args:
        place: The code around the cursor.
        text: To be inserted there. Newlines are LF.
        num_forced: Characters at its beginning that stay in any case.
    """
    if place.is_in_literal or place.language in _OWN_RULES:
        return text
    if "\n" not in text and place.line_before:
        return text
    unit = unit_near(place.before, place.after)
    if unit is None:
        return text
    return _fitted(place, text, num_forced, unit)


def _fitted(place: Place, text: str, num_forced: int, unit: str) -> str:
    rows = rows_of(place, text, num_forced, ())
    readings = list(_readings(unit, rows[0]))
    if not readings or _is_well_written(text, rows, readings[0], unit, place.language):
        return text  # as nearly all texts are, which spares looking closer
    rows = rows_of(place, text, num_forced, lexemes_around(place, text))
    for reading in readings:
        if _makes_sense(rows, reading, place.language):
            return _rewritten(text, rows, reading, unit)
    return text


def _is_well_written(text: str, rows: list[Row], own: _Reading, unit: str, language: str) -> bool:
    return _makes_sense(rows, own, language) and _rewritten(text, rows, own, unit) == text


def _rewritten(text: str, rows: list[Row], reading: _Reading, unit: str) -> str:
    lines = text.split("\n")
    for row in rows:
        indent = reading.indent_of(row)
        if row.number is not None:
            line = lines[row.number].lstrip()
            lines[row.number] = unit * indent.level + " " * indent.rest + line
    return "\n".join(lines)


def _readings(unit: str, fixed: Row) -> Iterator[_Reading]:
    """Give what white space may mean; nothing if the line that is there is indented oddly."""
    if unit == "\t":
        if not fixed.spaces:
            yield _Reading(_by_tabs, is_own=True, is_by_tabs=True)
            yield from (_absolute(written, 1) for written in _WRITTEN_UNITS)
        return
    own = len(unit)
    if fixed.tabs or fixed.spaces % own:
        return
    yield _Reading(_relative(own, own, fixed.spaces).indent_of, is_own=True)
    for written in _WRITTEN_UNITS:
        yield _relative(written, own, fixed.spaces)
        yield _absolute(written, own)


def _by_tabs(row: Row) -> _Indent:
    return _Indent(row.tabs, row.spaces)


def _absolute(written: int, own: int) -> _Reading:
    """Each `written` spaces are a level, from the beginning of the line."""

    def indent_of(row: Row) -> _Indent:
        step = own if row.number is None else written
        return _Indent(row.tabs + row.spaces // step, row.spaces % step)

    return _Reading(indent_of)


def _relative(written: int, own: int, base: int) -> _Reading:
    """Each `written` spaces beyond `base` are a level; up to there it is as in the file."""

    def indent_of(row: Row) -> _Indent:
        step, start = (written, base) if row.spaces >= base else (own, 0)
        beyond = row.spaces - start
        return _Indent(start // own + row.tabs + beyond // step, beyond % step)

    return _Reading(indent_of)


def _makes_sense(rows: list[Row], reading: _Reading, language: str) -> bool:
    return all(_is_readable(row, reading) for row in rows[1:]) and all(
        _follows(above, row, reading, language)
        for above, row in pairwise([rows[0], *(row for row in rows[1:] if row.code)])
    )


def _is_readable(row: Row, reading: _Reading) -> bool:
    """Tell whether white space may mean that: another reading leaves nothing over."""
    if reading.is_by_tabs and not row.tabs:
        return row.spaces <= 1
    rest = reading.indent_of(row).rest
    return reading.is_own or rest == 0 or (rest == 1 and row.is_starred)


def _follows(above: Row, row: Row, reading: _Reading, language: str) -> bool:
    """Tell whether a line may stand that deep below another."""
    indent = reading.indent_of(row)
    steps = indent.level - reading.indent_of(above).level
    if _opens(above.code, language):
        least, most = _steps_in_block(above, row, language)
        return indent.rest == 0 and least <= steps <= most
    if _is_statement(above, row, language):
        return indent.rest == 0 and steps <= 0
    return steps <= _CONTINUED_LEVELS


def _opens(code: str, language: str) -> bool:
    if code.endswith(("{", "(", "[")):
        return True
    if language == "yaml" or traits_of(language).indents_blocks:
        return code.endswith(":")
    return opens_block(code, language)


def _steps_in_block(above: Row, row: Row, language: str) -> tuple[int, int]:
    """Return how many levels a line may stand deeper than the one that opens its block."""
    if row.code.startswith((")", "]", "}", "end")):
        return 0, 0
    if row.code.startswith("#") or _LABEL.match(row.code):
        return -_CONTINUED_LEVELS, 1
    if language == "yaml":
        return 0, 1  # a list may begin at the level of its key
    return 1, _CONTINUED_LEVELS if above.code.endswith(("(", "[")) else 1


def _is_statement(above: Row, row: Row, language: str) -> bool:
    """Tell whether a line is whole, so that the next one goes no deeper."""
    if above.is_in_brackets or row.is_in_brackets or row.code.startswith("."):
        return False
    if traits_of(language).indents_blocks:
        return bool(above.code) and not goes_on(above.code, language)
    return above.code.endswith((";", "}"))
