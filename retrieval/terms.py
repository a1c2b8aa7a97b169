"""The words of code: what queries and chunks are compared by, the same for both."""

import re
from functools import lru_cache

_WORD = re.compile(r"\w+")
_PART = re.compile(
    r"[^\W\d_a-z]+(?=[^\W\d_a-z][a-z])"  # HTTP in HTTPServer
    r"|[^\W\d_a-z]?[a-z]+"  # Server, and get in getServer
    r"|[^\W\d_]+"  # URL, and letters that have no case
    r"|\d+"
)
_REMEMBERED_WORDS = 65_536


def terms_of(text: str) -> list[str]:
    """Return the terms of `text` in order, lower case.

    An identifier gives itself and, where it is made of several words, each of these:
    `getHTTPServer_2` gives `gethttpserver_2`, `get`, `http`, `server` and `2`. Punctuation
    gives nothing.
    """
    terms: list[str] = []
    for word in _WORD.findall(text):
        terms.extend(_terms_of_word(word))
    return terms


@lru_cache(maxsize=_REMEMBERED_WORDS)
def _terms_of_word(word: str) -> tuple[str, ...]:
    parts = _PART.findall(word)
    whole = word.lower()
    return (whole, *(part.lower() for part in parts)) if len(parts) > 1 else (whole,)
