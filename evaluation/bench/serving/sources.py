"""Real code to open: modules of Python's own library, which every machine has."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from evaluation.errors import UnexpectedResultError


def library_texts(count: int, num_characters: int) -> tuple[str, ...]:
    """Return the beginnings of `count` modules, each cut after its last whole line.

    Raises:
        UnexpectedResultError: If the library has fewer modules of that length.
    """
    texts = tuple(itertools.islice(_texts(num_characters), count))
    if len(texts) < count:
        raise UnexpectedResultError(
            f"Python's library has {len(texts)} modules of {num_characters} characters or more,"
            f" and {count} are wanted; choose a smaller plan"
        )
    return texts


def _texts(num_characters: int) -> Iterator[str]:
    for path in sorted(Path(os.__file__).parent.glob("[a-z]*.py")):  # no generated ones
        text = path.read_text(encoding="utf-8", errors="replace")
        if len(text) >= num_characters:
            yield text[: text.rindex("\n", 0, num_characters) + 1]
