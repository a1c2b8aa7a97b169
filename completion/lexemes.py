"""Text as comments, strings, brackets and the rest, without a grammar.

Works on fragments and on broken code: a string that is not closed ends with its line, so
that one stray quote never hides the rest of a file.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache

from completion.languages import LanguageTraits, traits_of

CLOSER_OF = {"(": ")", "[": "]", "{": "}"}
_BRACKETS = frozenset("()[]{}")


class LexemeKind(Enum):
    """What a lexeme is."""

    OPENER = "opener"
    CLOSER = "closer"
    COMMENT = "comment"
    STRING = "string"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A piece of text without white space around it, [start, stop) in code points."""

    kind: LexemeKind
    start: int
    stop: int
    text: str
    is_closed: bool = True  # false for a string or comment whose end is missing


_KIND_OF_GROUP = {
    "string": LexemeKind.STRING,
    "character": LexemeKind.STRING,
    "long_string": LexemeKind.STRING,
    "comment": LexemeKind.COMMENT,
    "long_comment": LexemeKind.COMMENT,
    "word": LexemeKind.OTHER,
    "sign": LexemeKind.OTHER,
}


def bracket_kind(text: str) -> LexemeKind:
    """Tell an opening and a closing bracket from everything else."""
    if text in CLOSER_OF:
        return LexemeKind.OPENER
    return LexemeKind.CLOSER if text in CLOSER_OF.values() else LexemeKind.OTHER


def lexemes_of(text: str, language: str) -> Iterator[Lexeme]:
    """Cut `text` into lexemes, beginning outside of strings and comments."""
    for match in _pattern(traits_of(language), has_words=True).finditer(text):
        yield _lexeme(match)


def bracket_lexemes_of(text: str, language: str) -> Iterator[Lexeme]:
    """Give the same without words and signs, in a fraction of the time."""
    traits = traits_of(language)
    pattern, beginning = _pattern(traits, has_words=False), _beginning(traits)
    position = 0
    # the search for one of a few characters is far quicker than trying all alternatives
    while found := beginning.search(text, position):
        match = pattern.match(text, found.start())
        if match is None:
            position = found.end()
        else:
            position = match.end()
            yield _lexeme(match)


def brackets_of(text: str, language: str) -> Iterator[str]:
    """Give the brackets alone, quicker still: those of a whole file are counted at each key."""
    traits = traits_of(language)
    pattern, beginning = _pattern(traits, has_words=False), _beginning(traits)
    position = 0
    while found := beginning.search(text, position):
        position = found.end()
        if found[0] in _BRACKETS:  # with which nothing else begins
            yield found[0]
        elif match := pattern.match(text, found.start()):
            position = match.end()


def open_literal(text: str, language: str) -> Lexeme | None:
    """Return the string or comment in which `text` ends, if there is one."""
    last = deque(bracket_lexemes_of(text, language), maxlen=1)
    is_inside = bool(last) and last[0].stop == len(text) and not last[0].is_closed
    return last[0] if is_inside else None


def literal_at_end(text: str, language: str) -> LexemeKind | None:
    """Return STRING or COMMENT if what follows `text` belongs to one begun in it."""
    literal = open_literal(text, language)
    return literal.kind if literal else None


def unclosed_count(text: str, language: str) -> int:
    """Return how many brackets and strings `text` opens and leaves open."""
    opened: list[str] = []
    count = 0
    for lexeme in bracket_lexemes_of(text, language):
        if lexeme.kind is LexemeKind.STRING and not lexeme.is_closed:
            count += 1
        elif lexeme.text in _BRACKETS:
            _match_bracket(opened, lexeme.text)
    return count + len(opened)


def missing_closers(before: Iterable[str], after: Iterable[str]) -> Counter[str]:
    """Count, by kind, the brackets open at the cursor that nothing after it closes."""
    opened: list[str] = []
    for bracket in before:
        _match_bracket(opened, bracket)
    missing = Counter(CLOSER_OF[opener] for opener in opened)
    inner: list[str] = []
    for bracket in after:
        if _match_bracket(inner, bracket):
            missing[bracket] -= 1
    return +missing


def _match_bracket(opened: list[str], bracket: str) -> bool:
    """Keep the stack of open brackets. Tells whether `bracket` closes one from outside."""
    if bracket in CLOSER_OF:
        opened.append(bracket)
    elif not opened:
        return True
    elif CLOSER_OF[opened[-1]] == bracket:
        opened.pop()
    return False


def _lexeme(match: re.Match[str]) -> Lexeme:
    found, group = match[0], match.lastgroup or ""
    kind = bracket_kind(found) if group == "bracket" else _KIND_OF_GROUP[group]
    return Lexeme(kind, match.start(), match.end(), found, _is_closed(match))


@cache
def _beginning(traits: LanguageTraits) -> re.Pattern[str]:
    """Return a pattern for the characters with which brackets, strings and comments begin."""
    marks = [*traits.multi_line_quotes, traits.comment_mark, *(traits.block_comment or ())[:1]]
    firsts = {mark[0] for mark in marks} | set("'" if traits.has_characters else "")
    return re.compile(f"[{re.escape(''.join({*firsts, *traits.string_quotes, *'()[]{}'}))}]")


@cache
def _pattern(traits: LanguageTraits, *, has_words: bool) -> re.Pattern[str]:
    groups = []
    if traits.multi_line_quotes:
        quotes = "|".join(map(re.escape, traits.multi_line_quotes))
        groups.append(rf"(?P<long_string>(?P<quotes>{quotes})(?s:.)*?(?:(?P=quotes)|\Z))")
    if traits.block_comment is not None:
        start, end = map(re.escape, traits.block_comment)
        groups.append(rf"(?P<long_comment>{start}(?s:.)*?(?:(?P<comment_end>{end})|\Z))")
    if traits.has_line_comments:
        groups.append(rf"(?P<comment>{re.escape(traits.comment_mark)}[^\n]*)")
    if traits.has_characters:
        groups.append(r"(?P<character>'(?:\\[^'\n]+|\\'|[^\\'\n])')")
    if traits.string_quotes:
        groups.append(
            rf"(?P<string>(?P<quote>[{traits.string_quotes}])"
            r"(?:\\.|(?!(?P=quote))[^\\\n])*(?P<end>(?P=quote))?)"
        )
    groups.append(r"(?P<bracket>[()\[\]{}])")
    if has_words:
        groups.extend([r"(?P<word>\w+)", r"(?P<sign>[^\w\s])"])
    return re.compile("|".join(groups))


def _is_closed(match: re.Match[str]) -> bool:
    if match.lastgroup == "string":
        return match["end"] is not None
    if match.lastgroup == "long_string":
        quotes = match["quotes"]
        return match[0].endswith(quotes) and len(match[0]) >= 2 * len(quotes)
    if match.lastgroup == "long_comment":
        return match["comment_end"] is not None
    return match.lastgroup != "comment"
