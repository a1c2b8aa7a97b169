"""Where a block ends in text that is still being written."""

from collections import Counter
from dataclasses import dataclass, field

from completion.grammars import has_grammar, parsed_lexemes
from completion.languages import traits_of
from completion.lexemes import Lexeme, LexemeKind, lexemes_of, open_literal
from completion.syntax import PARSED_CHARACTERS, Place, ShapeKind, columns_of, last_lines

_CONTINUATIONS = frozenset(["else", "elif", "except", "finally", "catch", "where", "end"])
_CLOSING_WORDS = frozenset(["end", "done", "fi"])  # where words open blocks, words close them
_LONGEST_MARK = 3  # characters with which a literal begins
_INTRODUCTIONS = ("@", "#")  # decorators, annotations, attributes


def find_end(
    place: Place, generated: str, num_forced: int = 0, *, is_whole: bool = True
) -> int | None:
    """Return how much of `generated` belongs to what was asked for; None while all of it does.

    Args:
        place: The code around the cursor.
        generated: Everything written so far. Newlines are LF.
        num_forced: Characters at its beginning that belong in any case.
        is_whole: False if more may come: then a word at the very end decides nothing yet.
    """
    if place.shape.kind is ShapeKind.LINE:
        newline = generated.find("\n", num_forced)
        return None if newline < 0 else newline
    walk = _Walk(place, generated)
    for lexeme in generated_lexemes(place, generated):
        if not is_whole and lexeme.stop == len(generated) and lexeme.kind is LexemeKind.OTHER:
            return None
        if walk.ends_before(lexeme):
            return max(walk.last_stop, num_forced)
        walk.take(lexeme)
    return None


def generated_lexemes(place: Place, generated: str) -> list[Lexeme]:
    """Cut text behind the cursor into lexemes, by what stands before it where that is known."""
    if not has_grammar(place.language):
        return list(lexemes_of(generated, place.language))
    context = last_lines(place.before, PARSED_CHARACTERS)
    shift = len(context)
    lexemes = [
        Lexeme(each.kind, each.start - shift, each.stop - shift, each.text, each.is_closed)
        for each in parsed_lexemes(context + generated, place.language, start=shift)
        if each.start >= shift
    ]
    return _with_open_literal(lexemes, generated, place.language)


def _with_open_literal(lexemes: list[Lexeme], generated: str, language: str) -> list[Lexeme]:
    """Take a string or comment that is still being written for one, not for the code in it."""
    literal = open_literal(generated, language)
    if literal is None or any(_is_same_literal(each, literal) for each in lexemes):
        return lexemes
    return [*(each for each in lexemes if each.stop <= literal.start), literal]


def _is_same_literal(lexeme: Lexeme, literal: Lexeme) -> bool:
    """Tell whether a grammar has an opinion on what stands behind the marks of a literal."""
    if lexeme.kind not in {LexemeKind.STRING, LexemeKind.COMMENT}:
        return False
    return lexeme.start <= literal.start and lexeme.stop > literal.start + _LONGEST_MARK


@dataclass(slots=True)
class _Walk:
    """Goes along the lexemes of a block until one no longer belongs to it."""

    place: Place
    generated: str
    last_stop: int = 0
    depth: int = 0
    has_closed: bool = False  # the bracket that encloses the block
    has_begun: bool = False  # more than comments and decorators was seen
    may_close: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        self.may_close = self.place.missing_closers.copy()

    def ends_before(self, lexeme: Lexeme) -> bool:
        if self.depth:
            return False
        if lexeme.kind is LexemeKind.CLOSER:
            return not self.may_close[lexeme.text]
        if not self._is_first_on_line(lexeme):
            return False
        if self.has_closed:
            return True
        if self._goes_on(lexeme):
            return False
        return self._is_dedented(lexeme) and not self._closes_by_word(lexeme)

    def _goes_on(self, lexeme: Lexeme) -> bool:
        """Tell whether the statement has not come to the mark that ends it."""
        end = traits_of(self.place.language).statement_end
        between = self.generated[self.last_stop : lexeme.start]
        is_ended = self.generated.endswith(end or "", 0, self.last_stop)
        return end is not None and not is_ended and between.count("\n") <= 1

    def take(self, lexeme: Lexeme) -> None:
        if lexeme.kind is LexemeKind.OPENER:
            self.depth += 1
        elif lexeme.kind is LexemeKind.CLOSER and self.depth:
            self.depth -= 1
        elif lexeme.kind is LexemeKind.CLOSER:
            self.may_close[lexeme.text] -= 1
            self.has_closed = True
        elif not self.depth and self._is_first_on_line(lexeme) and self._closes_by_word(lexeme):
            self.has_closed = True
        self._note_beginning(lexeme)
        self.last_stop = lexeme.stop

    def _note_beginning(self, lexeme: Lexeme) -> None:
        if self.depth or lexeme.kind is LexemeKind.COMMENT:
            return
        first_on_line = self._line_of(lexeme).lstrip()
        if not first_on_line.startswith(_INTRODUCTIONS):
            self.has_begun = True

    def _is_dedented(self, lexeme: Lexeme) -> bool:
        shape = self.place.shape
        if not shape.ends_by_dedent:
            return False
        columns = columns_of(self._line_of(lexeme))
        if shape.kind is ShapeKind.BODY:
            return columns <= shape.indent
        if columns < shape.indent:
            return True
        is_continued = lexeme.text in _CONTINUATIONS or lexeme.text == "{"
        return columns == shape.indent and self.has_begun and not is_continued

    def _closes_by_word(self, lexeme: Lexeme) -> bool:
        if not traits_of(self.place.language).block_line or lexeme.text not in _CLOSING_WORDS:
            return False
        return columns_of(self._line_of(lexeme)) == self.place.shape.indent

    def _is_first_on_line(self, lexeme: Lexeme) -> bool:
        if "\n" in self.generated[self.last_stop : lexeme.start]:
            return True
        return self.last_stop == 0 and not self.place.line_before.strip()

    def _line_of(self, lexeme: Lexeme) -> str:
        """Return the lexeme's line up to its end, with what stands before the cursor."""
        so_far = self.generated[: lexeme.stop]
        newline = so_far.rfind("\n", 0, lexeme.start)
        return self.place.line_before + so_far if newline < 0 else so_far[newline + 1 :]
