"""What to search with: the last lines that somebody wrote."""

from retrieval.types import Place

QUERY_LINES = 20
"""How many non-blank lines before the cursor a query has at most."""

_LINE_CHARACTERS = 400  # more of a line is data or minified code, and says nothing by its end
_READ_CHARACTERS = 40_000  # before the cursor; bounds the time in whatever kind of file


def query_of(place: Place) -> str:
    """Return the last non-blank lines before the cursor, the unfinished one included.

    Lines stand as they are, with one newline between two; of a very long one its end is taken.
    """
    start = max(0, place.offset - _READ_CHARACTERS)
    lines = place.text[start : place.offset].splitlines()
    written = [line for line in lines if line.strip()]
    return "\n".join(line[-_LINE_CHARACTERS:] for line in written[-QUERY_LINES:])
