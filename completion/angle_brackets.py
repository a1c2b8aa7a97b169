"""The brackets of types and tags, which are operators elsewhere."""

import re
from collections.abc import Iterable, Iterator

from completion.languages import traits_of
from completion.lexemes import LexemeKind, bracket_lexemes_of
from completion.syntax import Place

_TYPE_OPENER = re.compile(r"(?<=[\w:<])<(?![=<])")
_TAG_OPENER = re.compile(r"<(?=[A-Za-z][\w.-]*(?:\s|\Z))")
_CLOSER = re.compile(r"(?<![-=/])>(?!=)")


def without_doubled_angle(text: str, place: Place) -> str:
    """Cut before a `>` that closes what is closed after the cursor."""
    if not num_closed_after(place):
        return text
    num_open = len(open_angles(place.line_before, place.language))
    num_allowed = max(0, num_open - num_closed_after(place))
    masked, depth = _masked(text, place.language), 0
    for match in re.finditer(f"{_TYPE_OPENER.pattern}|{_CLOSER.pattern}", masked):
        depth += 1 if match[0] == "<" else -1
        if match[0] == ">" and depth < -num_allowed:
            return text[: match.start()]
    return text


def num_closed_after(place: Place) -> int:
    """Return how many brackets around the cursor are closed right after it."""
    closers = re.match(r">*", place.line_after)
    if place.is_in_literal or closers is None or not closers[0]:
        return 0
    return min(len(closers[0]), len(open_angles(place.line_before, place.language)))


def open_angles(line: str, language: str) -> list[int]:
    """Return where the brackets of types, or of a tag, begin that are open at a line's end."""
    traits, masked = traits_of(language), _masked(line, language)
    openers = [_TYPE_OPENER] if traits.has_type_brackets else []
    openers += [_TAG_OPENER] if traits.has_tags else []
    starts = {match.start() for opener in openers for match in opener.finditer(masked)}
    opened: list[int] = []
    for match in re.finditer(f"<|{_CLOSER.pattern}", masked):
        if match[0] == "<" and match.start() in starts:
            opened.append(match.start())
        elif match[0] == ">" and opened:
            opened.pop()
    return opened


def _masked(text: str, language: str) -> str:
    """Blank out literals and what stands in other brackets that are closed."""
    characters = list(text)
    for start, stop in _outermost(_hidden(text, language)):
        characters[start:stop] = " " * (stop - start)
    return "".join(characters)


def _hidden(text: str, language: str) -> Iterator[tuple[int, int]]:
    opened: list[int] = []  # where, in code points
    for lexeme in bracket_lexemes_of(text, language):
        if lexeme.kind is LexemeKind.OPENER:
            opened.append(lexeme.start)
        elif lexeme.kind is not LexemeKind.CLOSER:
            yield lexeme.start, lexeme.stop
        elif opened:
            yield opened.pop(), lexeme.stop


def _outermost(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Leave out spans within others, so that nothing is blanked out twice."""
    done = 0
    for start, stop in sorted(spans):
        if stop > done:
            yield start, stop
            done = stop
