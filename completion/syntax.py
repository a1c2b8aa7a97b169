"""What is to be written at a cursor: the rest of a line, a block's body, or one statement."""

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile

from completion.grammars import has_grammar, parsed_lexemes
from completion.languages import opens_block, traits_of
from completion.lexemes import (
    Lexeme,
    LexemeKind,
    brackets_of,
    lexemes_of,
    literal_at_end,
    missing_closers,
)

PARSED_CHARACTERS = 8_192  # before the cursor, for the shape and while decoding
_READ_CHARACTERS = 2_048  # of these, where the statement at the cursor is looked for
_PARSED_AFTER_CHARACTERS = 1_024  # enough to see whether a string ends
BRACKET_CHARACTERS = 200_000  # on either side of the cursor, to count brackets
TAB_COLUMNS = 4

_COLON_WORDS = frozenset(
    {"async", "case", "class", "def", "elif", "else", "except"}
    | {"finally", "for", "if", "match", "try", "while", "with"}
)
_INTRODUCTION = re.compile(r"@[\w.]+\s*(?:\(.*\))?|#!?\[.*\]", re.DOTALL)


class ShapeKind(Enum):
    """How far a suggestion should reach."""

    LINE = "line"  # to the end of the line
    BODY = "body"  # to the end of the block that was just opened
    STATEMENT = "statement"  # one statement, with whatever blocks it has


@dataclass(frozen=True, slots=True)
class Shape:
    """How far a suggestion should reach, and where that ends."""

    kind: ShapeKind
    indent: int = 0  # columns; of the opening line for a body, of the statement otherwise
    ends_by_dedent: bool = False  # else by a closing bracket


LINE = Shape(ShapeKind.LINE)


@dataclass(frozen=True, slots=True)
class Place:
    """What the code around a cursor says about a suggestion there. CRLF is LF here."""

    before: str
    after: str
    language: str
    shape: Shape
    literal: LexemeKind | None  # STRING or COMMENT if the cursor is inside one
    missing_closers: Counter[str]  # brackets that the text after the cursor does not close

    @property
    def is_in_literal(self) -> bool:
        """Tell whether the cursor is inside a string or comment."""
        return self.literal is not None

    @property
    def line_before(self) -> str:
        """The text on the cursor's line before it."""
        return self.before[self.before.rfind("\n") + 1 :]

    @property
    def line_after(self) -> str:
        """The text on the cursor's line after it."""
        return self.after.partition("\n")[0]


def place_at(text: str, offset: int, language: str, *, multi_line: bool) -> Place:
    """Look at the code around `offset`. Copes with code that does not parse."""
    before = text[max(0, offset - BRACKET_CHARACTERS) : offset].replace("\r\n", "\n")
    after = text[offset : offset + BRACKET_CHARACTERS].replace("\r\n", "\n").removesuffix("\r")
    tail = last_lines(before, PARSED_CHARACTERS)
    lexemes = _lexemes_around(tail, after[:_PARSED_AFTER_CHARACTERS], language)
    literal = _literal_at_end(lexemes, tail, language)
    shape = LINE
    if multi_line and literal is None and not after.partition("\n")[0].strip():
        shape = _shape([each for each in lexemes if each.stop <= len(tail)], tail, after, language)
    return Place(before, after, language, shape, literal, _missing(before, after, language))


def last_lines(text: str, num_characters: int) -> str:
    """Return at most about `num_characters` of the end of `text`, from a line's start."""
    if len(text) <= num_characters:
        return text
    return text[text.rfind("\n", 0, len(text) - num_characters) + 1 :]


def columns_of(line: str) -> int:
    """Return how far a line is indented, in columns."""
    return len(line[: len(line) - len(line.lstrip())].expandtabs(TAB_COLUMNS))


def _missing(before: str, after: str, language: str) -> Counter[str]:
    return missing_closers(brackets_of(before, language), brackets_of(after, language))


def _lexemes_around(tail: str, head: str, language: str) -> list[Lexeme]:
    """Return lexemes of the text before the cursor, and the one the cursor is in."""
    if not has_grammar(language):
        return list(lexemes_of(tail, language))
    near = parsed_lexemes(tail + head, language, start=len(tail) - _READ_CHARACTERS)
    return list(takewhile(lambda lexeme: lexeme.start < len(tail), near))


def _literal_at_end(lexemes: list[Lexeme], tail: str, language: str) -> LexemeKind | None:
    """Return STRING or COMMENT if what follows `tail` belongs to one begun in it."""
    cursor = len(tail)
    if lexemes and lexemes[-1].kind in {LexemeKind.STRING, LexemeKind.COMMENT}:
        last = lexemes[-1]
        if last.stop > cursor or (last.stop == cursor and not last.is_closed):
            return last.kind
    return literal_at_end(tail[tail.rfind("\n") + 1 :], language)


def _shape(lexemes: list[Lexeme], tail: str, after: str, language: str) -> Shape:
    """Choose the shape for a cursor with nothing after it on its line."""
    line = tail[tail.rfind("\n") + 1 :]
    is_blank = not line.strip()
    code = [index for index, lexeme in enumerate(lexemes) if lexeme.kind is not LexemeKind.COMMENT]
    if is_blank and len(code) > 1 and _is_docstring(lexemes, code[-1], tail, language):
        code.pop()
    if code and _opens_block(lexemes, code[-1], tail, language):
        indent = columns_of(_line_at(tail, _line_start(lexemes, code[-1], tail)))
        is_brace = lexemes[code[-1]].kind is LexemeKind.OPENER
        has_body = _next_indent(after) > indent
        return LINE if has_body else Shape(ShapeKind.BODY, indent, ends_by_dedent=not is_brace)
    if not is_blank:
        return LINE
    follows_comment = bool(lexemes) and lexemes[-1].kind is LexemeKind.COMMENT
    is_introduced = follows_comment or (bool(code) and _is_introduction(lexemes, code[-1], tail))
    is_top_level = line == "" and _next_indent(after) <= 0
    if is_introduced or (is_top_level and not _has_open_bracket(lexemes)):
        return Shape(ShapeKind.STATEMENT, columns_of(line + "x"), ends_by_dedent=True)
    return LINE


def _opens_block(lexemes: list[Lexeme], index: int, tail: str, language: str) -> bool:
    traits, last = traits_of(language), lexemes[index]
    if traits.indents_blocks:
        first = _first_of_statement(lexemes, index, tail)
        return last.text == ":" and lexemes[first].text in _COLON_WORDS
    if last.text == "{" or traits.block_line is None:
        return last.text == "{"
    return opens_block(tail[_line_start(lexemes, index, tail) : last.stop], language)


def _is_introduction(lexemes: list[Lexeme], index: int, tail: str) -> bool:
    """Tell whether a decorator, an annotation or an attribute stands alone on its lines."""
    statement = tail[_line_start(lexemes, index, tail) : lexemes[index].stop]
    return _INTRODUCTION.fullmatch(statement) is not None


def _is_docstring(lexemes: list[Lexeme], index: int, tail: str, language: str) -> bool:
    """Tell whether a string stands alone as the first thing in a block."""
    if not traits_of(language).indents_blocks or lexemes[index].kind is not LexemeKind.STRING:
        return False
    return index > 0 and _opens_block(lexemes, index - 1, tail, language)


def _first_of_statement(lexemes: list[Lexeme], index: int, tail: str) -> int:
    """Return the index of the first lexeme of the statement that `index` ends."""
    depth = 0
    while index > 0:
        if lexemes[index].kind is LexemeKind.CLOSER:
            depth += 1
        elif lexemes[index].kind is LexemeKind.OPENER:
            depth = max(0, depth - 1)
        if depth == 0 and "\n" in tail[lexemes[index - 1].stop : lexemes[index].start]:
            break
        index -= 1
    return index


def _line_start(lexemes: list[Lexeme], index: int, tail: str) -> int:
    return lexemes[_first_of_statement(lexemes, index, tail)].start


def _line_at(text: str, offset: int) -> str:
    return text[text.rfind("\n", 0, offset) + 1 :].partition("\n")[0]


def _next_indent(after: str) -> int:
    """Return the columns of the next line that is not blank; -1 columns at the end."""
    for line in after.split("\n")[1:]:
        if line.strip():
            return columns_of(line)
    return -1


def _has_open_bracket(lexemes: list[Lexeme]) -> bool:
    kinds = {LexemeKind.OPENER, LexemeKind.CLOSER}
    return bool(missing_closers([each.text for each in lexemes if each.kind in kinds], []))
