"""What is worth showing of a suggestion that was cut short: no half statement."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from completion.angle_brackets import open_angles
from completion.languages import opens_block, traits_of
from completion.lexemes import Lexeme, LexemeKind, bracket_lexemes_of
from completion.repetition import without_loop_in_line
from completion.syntax import Place, ShapeKind

_PREFIX_WORDS = r"(?:(?:export|default|public|private|protected|static|async|pub)\s+)*"
_HEADER = re.compile(
    rf"{_PREFIX_WORDS}(?:def|class|function|func|fn|fun|struct|interface|if|elif|else|for|while"
    r"|with|try|except|switch|match|case|impl|enum|trait)\b(?!\s*[=.])"
)
_ENDING_CHARACTERS = 100  # at the end of a line, enough to see whether it must go on
_MEMBER_TO_COME = re.compile(r"(?:\w+(?:\.|\?\.|::|->))+\Z")
_SIGN_TO_GO_ON = re.compile(
    r"(?:[*/%=<&|^~:.,@\\([{]|(?<!\+)\+|(?<!-)-|[-=\s]>|\s[!?])\Z"  # not x++, load()? or <br>
)
_WORD_TO_GO_ON = re.compile(
    r"(?:^|(?<=\W))(?:and|or|not|in|is|if|else|for|as|from|import|await|new|return|raise|throw"
    r"|yield|lambda|let|const|var)\Z"
)


def whole_part(text: str, place: Place, forced_text: str) -> str:
    """Return the beginning of `text` that can stand by itself; it was cut short at its end.

    Args:
        text: What was written. Newlines are LF.
        place: The code around the cursor.
        forced_text: What it begins with in any case.
    """
    rest = text[len(forced_text) :]
    lines = rest[: rest.rfind("\n") + 1]
    if place.shape.kind is ShapeKind.LINE:
        is_line_whole = "\n" in rest
        return text if is_line_whole else forced_text + _whole_part_of_line(rest, place)
    if lines.strip():
        return _whole_lines(forced_text + lines, place, len(forced_text))
    if _HEADER.match(rest.lstrip()):
        return forced_text
    return forced_text + _whole_part_of_line(rest, place)


def _whole_part_of_line(line: str, place: Place) -> str:
    """Drop what is half at the end of a line: a word, an operator, a bracket before code."""
    if place.is_in_literal or not traits_of(place.language).pairs_brackets:
        return _without_half_word(line)
    line = _without_half_word(without_loop_in_line(line))
    lexemes = list(bracket_lexemes_of(line, place.language))
    if lexemes and _is_unclosed(lexemes[-1], line):
        is_last = not place.line_after.strip()
        return line if is_last else _without_dangling_end(line[: lexemes[-1].start])
    opened = [each.start for each in _opened(lexemes)] + open_angles(line, place.language)
    if opened and place.line_after.strip():
        return _without_dangling_end(_without_half_word(line[: min(opened)]))
    return _without_dangling_end(line)


def _without_half_word(line: str) -> str:
    stop = len(line)
    while stop and (line[stop - 1].isalnum() or line[stop - 1] == "_"):
        stop -= 1
    return line[:stop]


def _without_dangling_end(line: str) -> str:
    """Drop operators, commas, openers and words after which something must come."""
    while (start := _start_of_dangling_end(line.rstrip())) is not None:
        line = line[:start]
    return line


def _start_of_dangling_end(line: str) -> int | None:
    tail = line[-_ENDING_CHARACTERS:]
    for ending in (_MEMBER_TO_COME, _SIGN_TO_GO_ON, _WORD_TO_GO_ON):
        if found := ending.search(tail):
            return len(line) - len(tail) + found.start()
    return None


def _is_unclosed(lexeme: Lexeme, text: str) -> bool:
    return lexeme.stop == len(text) and not lexeme.is_closed


def _opened(lexemes: list[Lexeme]) -> list[Lexeme]:
    """Return the brackets that stay open."""
    opened: list[Lexeme] = []
    for lexeme in lexemes:
        if lexeme.kind is LexemeKind.OPENER:
            opened.append(lexeme)
        elif lexeme.kind is LexemeKind.CLOSER and opened:
            opened.pop()
    return opened


@dataclass(frozen=True, slots=True)
class _LineEnd:
    """The end of a line of code, outside of strings and block comments."""

    offset: int  # of the newline, in code points
    code: str  # of the line, without comment
    opened: tuple[str, ...]  # brackets that are open here, outermost first


def _whole_lines(text: str, place: Place, num_forced: int) -> str:
    """Drop lines until the last statement, or at least its last line, is whole."""
    if not traits_of(place.language).pairs_brackets:
        return text
    ends = [end for end in _line_ends(text, place) if end.offset >= num_forced]
    ends.reverse()
    whole = (end.offset for end in ends if _is_statement_end(end, place))
    entries = (end.offset for end in ends if _is_entry_end(end, place.language))
    return text[: next(chain(whole, entries), num_forced)]


def _line_ends(text: str, place: Place) -> Iterator[_LineEnd]:
    opened: list[str] = []
    start, code, done = 0, place.line_before, 0
    for lexeme in (*bracket_lexemes_of(text, place.language), None):
        stop = len(text) if lexeme is None else lexeme.start
        while (newline := text.find("\n", done, stop)) >= 0:
            code += text[start:newline]
            if code.strip():
                yield _LineEnd(newline, code.strip(), tuple(opened))
            start, code, done = newline + 1, "", newline + 1
        if lexeme is None:
            return
        done = lexeme.stop
        if lexeme.kind is LexemeKind.OPENER:
            opened.append(lexeme.text)
        elif lexeme.kind is LexemeKind.CLOSER and opened:
            opened.pop()
        elif lexeme.kind is LexemeKind.COMMENT:
            code += text[start : lexeme.start]
            start = lexeme.stop


def _is_statement_end(end: _LineEnd, place: Place) -> bool:
    if end.opened or end.code.startswith("@"):
        return False
    is_entry = place.shape.kind is ShapeKind.BODY and not place.shape.ends_by_dedent
    return not goes_on(end.code.removesuffix(",") if is_entry else end.code, place.language)


def _is_entry_end(end: _LineEnd, language: str) -> bool:
    """Tell whether a line is a whole statement of a block, or entry of a list, still open."""
    if "(" in end.opened or not end.opened:
        return False
    return not goes_on(end.code.removesuffix(","), language)


def goes_on(code: str, language: str) -> bool:
    """Tell whether something must come after a line of code, without comment."""
    return opens_block(code, language) or _start_of_dangling_end(code) is not None
