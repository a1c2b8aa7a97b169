"""A source file as lines: which of them are code, and how many tokens they have."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from completion.grammars import parsed_lexemes
from completion.lexemes import Lexeme, LexemeKind

CountTokens = Callable[[str], int]

_IMPORTS = {
    "python": re.compile(r"\s*(from|import)\b"),
    "typescript": re.compile(r"\s*(import\b|export\s*(type\s*)?[{*])"),
    "rust": re.compile(r"\s*(pub(\(.*?\))?\s+)?(use|extern)\b"),
}


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file whose lines all end in a line feed.

    Attributes:
        path: In the package.
        language: As in `completion.languages`.
        lines: With their ends.
        code_lines: Indices of the lines that begin with code: no comment, no part of a longer
            string, no import, and not brackets alone.
        token_ends: Entry i is about how many tokens stand before line i; one more than lines.
    """

    path: str
    language: str
    lines: tuple[str, ...]
    code_lines: frozenset[int]
    token_ends: tuple[int, ...]

    def num_tokens(self, start: int, stop: int) -> int:
        """Return about how many tokens the lines [start, stop) have."""
        return self.token_ends[stop] - self.token_ends[start]

    def first_line(self, stop: int, most_tokens: int) -> int:
        """Return where to begin so that the lines up to `stop` have at most so many tokens."""
        return bisect_left(self.token_ends, self.token_ends[stop] - most_tokens, hi=stop)

    def last_line(self, start: int, most_tokens: int) -> int:
        """Return where to stop so that the lines from `start` have at most so many tokens."""
        return bisect_right(self.token_ends, self.token_ends[start] + most_tokens, lo=start) - 1


def read_code(path: str, text: str, language: str, count_tokens: CountTokens) -> CodeFile:
    """Take a file apart. Cost: one parse, and one call of `count_tokens` for each line."""
    lines = lines_of(text)
    counts = (count_tokens(line) for line in lines)
    return CodeFile(
        path, language, lines, _code_lines(lines, language), tuple(accumulate(counts, initial=0))
    )


def lines_of(text: str) -> tuple[str, ...]:
    """Cut a text into lines that all end in a line feed, and in nothing else."""
    return tuple(f"{line}\n" for line in text.removesuffix("\n").split("\n"))


def indentation_of(line: str) -> str:
    """Return the white space a line begins with."""
    return line[: len(line) - len(line.lstrip())].rstrip("\n")


def _code_lines(lines: Sequence[str], language: str) -> frozenset[int]:
    places = list(_placed(parsed_lexemes("".join(lines), language), lines))
    words = {first for first, _, lexeme in places if _is_word(lexeme)}
    inside = {line for first, last, _ in places for line in range(first + 1, last + 1)}
    imports = _import_lines(lines, places, inside, _IMPORTS[language])
    return frozenset(words - inside - imports)


def _placed(lexemes: Iterable[Lexeme], lines: Sequence[str]) -> Iterator[tuple[int, int, Lexeme]]:
    """Yield each lexeme after its first and its last line."""
    starts = list(accumulate((len(line) for line in lines), initial=0))
    for lexeme in lexemes:
        first = bisect_right(starts, lexeme.start) - 1
        last_character = lexeme.start + max(0, len(lexeme.text.rstrip()) - 1)
        yield first, bisect_right(starts, last_character, lo=first) - 1, lexeme


def _is_word(lexeme: Lexeme) -> bool:
    return lexeme.kind is LexemeKind.OTHER and any(map(str.isalnum, lexeme.text))


def _import_lines(
    lines: Sequence[str],
    places: Iterable[tuple[int, int, Lexeme]],
    inside: set[int],
    pattern: re.Pattern[str],
) -> set[int]:
    """Return the lines of imports, with all lines of the brackets they open."""
    changes = [0] * (len(lines) + 1)
    for first, _, lexeme in places:
        if lexeme.kind in {LexemeKind.OPENER, LexemeKind.CLOSER}:
            changes[first + 1] += 1 if lexeme.kind is LexemeKind.OPENER else -1
    depths = list(accumulate(changes))
    imports: set[int] = set()
    begun_at: int | None = None
    for line, text in enumerate(lines):
        if begun_at is not None and depths[line] <= begun_at:
            begun_at = None
        if begun_at is None and line not in inside and pattern.match(text):
            begun_at = depths[line]
        if begun_at is not None:
            imports.add(line)
    return imports
