"""From what the model wrote to what should be inserted.

A suggestion is inserted in front of the text after the cursor, so nothing in it may repeat
that text: not the rest of the line, not brackets or quotes that are closed already, not the
lines that follow.
"""

import re
from dataclasses import dataclass

from completion.angle_brackets import num_closed_after, without_doubled_angle
from completion.languages import traits_of
from completion.lexemes import CLOSER_OF, LexemeKind, bracket_lexemes_of, unclosed_count
from completion.repetition import (
    repeats_line_before,
    without_following_lines,
    without_loop,
)
from completion.scope import find_end
from completion.syntax import Place
from completion.types import EmptyReason

_QUOTES = "\"'`"


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What is left of a candidate, and why if that is nothing."""

    text: str
    reason: EmptyReason | None = None


def complete_text(data: bytes) -> str:
    """Decode UTF-8 up to the last complete, valid character."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data[: error.start].decode("utf-8")


def uses_crlf(text: str) -> bool:
    """Tell whether a document ends its lines with CRLF, by its first line."""
    newline = text.find("\n")
    return newline > 0 and text[newline - 1] == "\r"


def with_newlines_of(document_text: str, text: str) -> str:
    """Return `text` with its lines ending as those of a document do."""
    text = text.replace("\r\n", "\n")
    return text.replace("\n", "\r\n") if uses_crlf(document_text) else text


def trim(generated: str, place: Place, forced_text: str = "") -> Trimmed:
    """Cut a candidate down to what belongs at the cursor. Newlines are LF on both sides.

    Args:
        generated: What the model wrote, beginning with `forced_text`.
        place: The code around the cursor.
        forced_text: Never cut; when nothing is left after it, nothing is left at all.
    """
    text = generated.replace("\r\n", "\n").removesuffix("\r")
    text = _without_comment(text[: find_end(place, text, len(forced_text))], place)
    if text.strip() in {"", forced_text.strip()}:
        return Trimmed("", EmptyReason.NOTHING_TO_SAY)
    if not forced_text and repeats_line_before(text, place):
        return Trimmed("", EmptyReason.REPEATS_PREFIX)
    for cut in _CUTS:
        text = cut(text, place)
    if len(text) <= len(forced_text) or not text.strip():
        return Trimmed("", EmptyReason.REPEATS_SUFFIX)
    return Trimmed(text)


def _without_comment(text: str, place: Place) -> str:
    """Drop a comment that would swallow the rest of the line."""
    if place.is_in_literal or not place.line_after.strip():
        return text
    mark = traits_of(place.language).comment_mark
    for lexeme in bracket_lexemes_of(text, place.language):
        if lexeme.kind is not LexemeKind.COMMENT or not lexeme.text.startswith(mark):
            continue
        left = text[lexeme.start - 1] if lexeme.start else place.line_before[-1:]
        if lexeme.stop == len(text) and not _is_within_word(mark, left):
            return text[: lexeme.start].rstrip(" \t")
    return text


def _is_within_word(mark: str, left: str) -> bool:
    """Tell whether a mark of comments is none there, as in `${name#x}` and `https://`."""
    return bool(left.strip()) if mark == "#" else left == ":"


def _without_rest_of_word(text: str, place: Place) -> str:
    """Drop it all if it begins with the rest of the word in which the cursor is."""
    rest = re.match(r"\w+", place.line_after)
    if rest is None or not _splits_word(place.line_before, rest[0]):
        return text
    return "" if re.match(rf"{re.escape(rest[0])}(?!\w)", text) else text


def _without_rest_of_line(text: str, place: Place) -> str:
    """Drop an end of `text` that is the beginning of the rest of the line."""
    rest = place.line_after.rstrip()
    if not rest.strip() or num_closed_after(place):
        return text
    if place.is_in_literal and rest[0] in _QUOTES:
        return _before_quote(text, rest[0])
    if place.is_in_literal and rest[0] in CLOSER_OF.values():
        return _before_closer(text, rest[0], place.language)  # an interpolation is closed
    shown = text if rest[0] in " \t" else text.rstrip()
    for length in range(min(len(shown), len(rest)), 0, -1):
        if shown.endswith(rest[:length]) and _is_repetition(shown, rest, length, place):
            return shown[:-length]
    return text


def _is_repetition(text: str, rest: str, length: int, place: Place) -> bool:
    """Tell whether the overlap repeats the rest rather than ending like it by chance."""
    kept, overlap = text[:-length], rest[:length]
    if not overlap.strip() or _splits_word(overlap, rest[length:]):
        return False
    if _splits_word(kept, overlap) and not _splits_word(place.line_before, rest):
        return False
    if place.is_in_literal:
        return True
    return unclosed_count(kept, place.language) <= unclosed_count(text, place.language)


def _splits_word(left: str, right: str) -> bool:
    return bool(re.search(r"\w\Z", left) and re.match(r"\w", right))


def _before_quote(text: str, quote: str) -> str:
    """Cut before the first `quote` without a backslash, which would close the string twice."""
    found = re.match(rf"(?:\\.|[^\\{quote}])*", text, re.DOTALL)
    return found[0] if found else text


def _before_closer(text: str, closer: str, language: str) -> str:
    """Cut before the first `closer` that closes nothing in `text`."""
    depth = 0
    for lexeme in bracket_lexemes_of(text, language):
        if CLOSER_OF.get(lexeme.text) == closer:
            depth += 1
        elif lexeme.text == closer:
            depth -= 1
        if depth < 0:
            return text[: lexeme.start]
    return text


def _without_doubled_closers(text: str, place: Place) -> str:
    """Cut before a closing bracket that closes nothing, or what is closed after the cursor."""
    if place.is_in_literal or not traits_of(place.language).pairs_brackets:
        return text
    allowed, depth = place.missing_closers.copy(), 0
    for lexeme in bracket_lexemes_of(text, place.language):
        if lexeme.kind is LexemeKind.OPENER:
            depth += 1
        elif lexeme.kind is LexemeKind.CLOSER and depth:
            depth -= 1
        elif lexeme.kind is LexemeKind.CLOSER:
            if not allowed[lexeme.text]:
                return text[: lexeme.start]
            allowed[lexeme.text] -= 1
    return text


def _without_end(text: str, place: Place) -> str:
    """Drop white space at the end, unless it parts the text from a word after the cursor."""
    if re.match(r"\w", place.line_after):
        return text.rstrip("\n")
    return text.rstrip()


_CUTS = (
    _without_rest_of_word,
    without_doubled_angle,
    _without_rest_of_line,
    _without_doubled_closers,
    without_following_lines,
    without_loop,
    _without_end,
)
