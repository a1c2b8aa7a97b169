"""The lines of a suggestion that stand at a level of their own."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from completion.lexemes import Lexeme, LexemeKind, bracket_lexemes_of, lexemes_of
from completion.scope import generated_lexemes
from completion.syntax import TAB_COLUMNS, Place, columns_of


@dataclass(frozen=True, slots=True)
class Row:
    """A line with code or a comment in it."""

    number: int | None  # of the line in the suggestion; None if it stands in the file already
    tabs: int
    spaces: int
    code: str  # without comment
    is_in_brackets: bool = False
    is_starred: bool = False  # in a comment whose stars are aligned


def rows_of(place: Place, text: str, num_forced: int, lexemes: Iterable[Lexeme]) -> list[Row]:
    """Return the lines of `text` that count, after the line of the file that they follow.

    Args:
        place: The code around the cursor.
        text: The suggestion.
        num_forced: Characters at its beginning, with whose lines it is as with the file's.
        lexemes: Of the cursor's line and the suggestion. Lines that begin in a string, or
            under what stands behind an open bracket, do not count. Without any, all lines do.
    """
    fixed, first = _last_fixed(place, text, num_forced)
    kept = _Kept(place.line_before + text, lexemes)
    rows = [fixed]
    for number, line in enumerate(text.split("\n")):
        if number >= first and line.strip() and not kept.is_aligned(number):
            row = _row(number, line, place.language, is_in_brackets=kept.is_in_brackets(number))
            if not kept.is_in_literal(number):
                rows.append(row)
            elif line.lstrip().startswith("*"):
                rows.append(Row(number, row.tabs, row.spaces, "", is_starred=True))
    return rows


def _last_fixed(place: Place, text: str, num_forced: int) -> tuple[Row, int]:
    """Return the last line that is not to be changed, and the number of the one after it."""
    lines = (place.line_before + text).split("\n")
    first = 0 if not place.line_before else 1
    if num_forced:
        first = 1 + text.count("\n", 0, num_forced)
    if first:
        return _row(None, lines[first - 1], place.language), first
    above = place.before.rstrip()
    line = above[above.rfind("\n") + 1 :]
    return _row(None, line, place.language), first


def _row(number: int | None, line: str, language: str, *, is_in_brackets: bool = False) -> Row:
    blank = line[: len(line) - len(line.lstrip())]
    code = [each for each in lexemes_of(line, language) if each.kind is not LexemeKind.COMMENT]
    shown = line[code[0].start : code[-1].stop] if code else ""
    return Row(number, blank.count("\t"), blank.count(" "), shown, is_in_brackets)


class _Kept:
    """Knows in what each line of a suggestion begins.

    Args:
        joined: The suggestion behind what is on the cursor's line before it.
        lexemes: Of that.
    """

    def __init__(self, joined: str, lexemes: Iterable[Lexeme]) -> None:
        self._in_literal: set[int] = set()
        self._aligned: set[int] = set()
        self._in_brackets: set[int] = set()
        newlines = [match.start() for match in re.finditer("\n", joined)]
        lines = joined.split("\n")
        opened: list[int | None] = []  # the column of what stands behind it on its line
        number = 0  # of the last line begun
        for lexeme in lexemes:
            while number < len(newlines) and newlines[number] < lexeme.stop:
                is_inside = newlines[number] > lexeme.start
                number += 1
                self._note(number, lines[number], opened, is_in_literal=is_inside)
            if lexeme.kind is LexemeKind.OPENER:
                start = newlines[number - 1] + 1 if number else 0
                opened.append(_column_behind(lines[number], lexeme.stop - start))
            elif lexeme.kind is LexemeKind.CLOSER and opened:
                opened.pop()

    def is_in_literal(self, number: int) -> bool:
        """Tell whether a line begins in a string or comment."""
        return number in self._in_literal

    def is_aligned(self, number: int) -> bool:
        """Tell whether a line begins under what stands behind its bracket."""
        return number in self._aligned

    def is_in_brackets(self, number: int) -> bool:
        """Tell whether a line begins in brackets that the suggestion, or its line, opened."""
        return number in self._in_brackets

    def _note(
        self, number: int, line: str, opened: list[int | None], *, is_in_literal: bool
    ) -> None:
        if is_in_literal:
            self._in_literal.add(number)
        elif opened:
            self._in_brackets.add(number)
            if opened[-1] == columns_of(line):
                self._aligned.add(number)


def _column_behind(line: str, index: int) -> int | None:
    """Return the column of the first character from `index` on that is not white space."""
    rest = line[index:].lstrip()
    return len(line[: len(line) - len(rest)].expandtabs(TAB_COLUMNS)) if rest else None


def lexemes_around(place: Place, text: str) -> Iterator[Lexeme]:
    """Give the brackets of the cursor's line, and the lexemes of the suggestion behind them."""
    yield from bracket_lexemes_of(place.line_before, place.language)
    shift = len(place.line_before)
    for each in generated_lexemes(place, text):
        for piece in _pieces(each, place.language):
            yield replace(piece, start=piece.start + shift, stop=piece.stop + shift)


def _pieces(lexeme: Lexeme, language: str) -> Iterator[Lexeme]:
    """Part strings that stand side by side, which a grammar may take for one."""
    pieces = list(lexemes_of(lexeme.text, language)) if "\n" in lexeme.text else []
    if lexeme.kind is LexemeKind.STRING and pieces and all(map(_is_string_or_prefix, pieces)):
        for each in pieces:
            yield replace(each, start=each.start + lexeme.start, stop=each.stop + lexeme.start)
    else:
        yield lexeme


def _is_string_or_prefix(lexeme: Lexeme) -> bool:
    is_string = lexeme.kind is LexemeKind.STRING
    return lexeme.is_closed if is_string else lexeme.text.isidentifier()
