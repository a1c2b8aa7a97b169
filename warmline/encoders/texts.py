"""What a transformer is shown of a chunk."""

from collections.abc import Sequence

from retrieval.types import Chunk

MAX_CHARACTERS = 8192
"""Of one text; an encoder reads 512 tokens at most."""


def texts_of(chunks: Sequence[Chunk]) -> tuple[str, ...]:
    """Return path and text of each chunk, of a long one the beginning."""
    return tuple(f"{chunk.path}\n{chunk.text}"[:MAX_CHARACTERS] for chunk in chunks)


def ends_of(queries: Sequence[str]) -> tuple[str, ...]:
    """Return each query, of a long one the end, where the cursor is."""
    return tuple(query[-MAX_CHARACTERS:] for query in queries)
