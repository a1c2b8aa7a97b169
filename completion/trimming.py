"""From what the model wrote to what should be inserted.

A suggestion is inserted in front of the text after the cursor, so nothing in it may repeat
that text: not the rest of the line, not brackets or quotes that are closed already, not the
lines that follow.
"""

import re
from dataclasses import dataclass

from completion.languages import traits_of
from completion.lexemes import CLOSER_OF, LexemeKind, bracket_lexemes_of, unclosed_count
from completion.scope import find_end
from completion.syntax import Place
from completion.types import EmptyReason

_LONG_LINE_CHARACTERS = 8  # a repeated line of this length is no coincidence
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
    text = text[: find_end(place, text, len(forced_text))]
    if text.strip() in {"", forced_text.strip()}:
        return Trimmed("", EmptyReason.NOTHING_TO_SAY)
    text = _without_rest_of_line(text, place)
    text = _without_doubled_closers(text, place)
    text = _without_following_lines(text, place)
    text = _without_end(text, place)
    if len(text) <= len(forced_text) or not text.strip():
        return Trimmed("", EmptyReason.REPEATS_SUFFIX)
    return Trimmed(text)


def _without_rest_of_line(text: str, place: Place) -> str:
    """Drop an end of `text` that is the beginning of the rest of the line."""
    rest = place.line_after.rstrip()
    if not rest.strip():
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
    if not overlap.strip() or _splits_word(kept, overlap) or _splits_word(overlap, rest[length:]):
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


def _without_following_lines(text: str, place: Place) -> str:
    """Cut before lines that follow the cursor already."""
    following = [line.rstrip() for line in place.after.split("\n")[1:] if line.strip()]
    if not following:
        return text
    lines = text.split("\n")
    shown = [place.line_before + lines[0], *lines[1:]]
    for index in range(len(lines)):
        written = [line.rstrip() for line in shown[index:] if line.strip()]
        if shown[index].strip() and _repeats(written, following):
            return "\n".join(lines[:index])
    return text


def _repeats(written: list[str], following: list[str]) -> bool:
    """Tell whether `written` begins to repeat the lines of `following`.

    One line must be telling, or be all there is and more than brackets; in several, the last
    may be cut short.
    """
    if written[0] != following[0]:
        return False
    if len(following[0].strip()) >= _LONG_LINE_CHARACTERS:
        return True
    if not re.search(r"\w", written[0]):
        return False
    *whole, last = written
    expected = following[: len(written)]
    return (
        whole == expected[:-1] and len(expected) == len(written) and expected[-1].startswith(last)
    )


def _without_end(text: str, place: Place) -> str:
    """Drop white space at the end, unless it parts the text from a word after the cursor."""
    if re.match(r"\w", place.line_after):
        return text.rstrip("\n")
    return text.rstrip()
