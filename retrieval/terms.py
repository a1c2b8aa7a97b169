"""The words of code: what queries and chunks are compared by, the same for both."""

import re
from functools import lru_cache

_WORD = re.compile(r"\w+")
_PART_BY_KINDS = re.compile("U+(?=UL)|U?L+|U+|D+|O+")
"""Of a word whose characters are replaced by their kinds, see `_kind`."""
_REMEMBERED_WORDS = 65_536


def terms_of(text: str) -> list[str]:
    """Return the terms of `text` in order, lower case.

    An identifier gives itself and then the words it is made of, if they are not the same:
    `getHTTPServer_2` gives `gethttpserver_2`, `get`, `http`, `server` and `2`, and `_x` gives
    `_x` and `x`. Punctuation gives nothing.
    """
    terms: list[str] = []
    for word in _WORD.findall(text):
        terms.extend(_terms_of_word(word))
    return terms


@lru_cache(maxsize=_REMEMBERED_WORDS)
def _terms_of_word(word: str) -> tuple[str, ...]:
    kinds = "".join(map(_kind, word))
    parts = [word[slice(*part.span())].lower() for part in _PART_BY_KINDS.finditer(kinds)]
    whole = word.lower()
    return (whole,) if parts == [whole] else (whole, *parts)


def _kind(character: str) -> str:
    """Return U for upper case, L for lower case, D for digits, O for letters without case."""
    if character == "_":
        return "_"
    if character.isupper():
        return "U"
    if character.islower():
        return "L"
    return "D" if character.isdigit() else "O"
