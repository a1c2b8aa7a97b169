"""The candidates of the second stage: what shares words with the query, and what defines names.

The words of twenty lines find code that looks alike. What comes next is often a name of another
file, whose definition looks like nothing here. So the chunks that define the names which the
place is about are candidates too: of its types, of what it imports.
"""

from collections.abc import Iterator

from retrieval.surroundings import Surroundings, surroundings_of
from retrieval.types import Chunk, ChunkIndex, Place

MOST_NAMES = 24
"""Whose definitions are looked for; each may bring candidates for the second stage."""

_DEFINITIONS_OF_NAME = 2


def propose(index: ChunkIndex, place: Place, query: str, num_candidates: int) -> tuple[Chunk, ...]:
    """Return the candidates of a place, best first by the first stage.

    Args:
        index: The first stage.
        place: Whose own file is left out.
        query: `query_of(place)`.
        num_candidates: Most that are found by the words of the query. Definitions come on top,
            behind them and with a score of 0.
    """
    found = index.search(query, num_candidates, without_path=place.path)
    known = {(chunk.path, chunk.start_line) for chunk in found}
    definitions: list[Chunk] = []
    for chunk in _definitions(index, place, surroundings_of(place, query)):
        if (chunk.path, chunk.start_line) not in known:
            known.add((chunk.path, chunk.start_line))
            definitions.append(Chunk(chunk.path, chunk.start_line, chunk.text, 0.0))
    return (*found, *definitions)


def _definitions(index: ChunkIndex, place: Place, around: Surroundings) -> Iterator[Chunk]:
    for name in names_sought(around):
        yield from index.defining(name, _DEFINITIONS_OF_NAME, near=place.path)


def names_sought(around: Surroundings) -> tuple[str, ...]:
    """Return the names whose definitions may help, the most telling ones first.

    What the names of the last line are made of and what encloses the cursor, then imports that
    nothing has used yet, then other imports.
    """
    groups = (around.source, around.scope, around.unused, around.recent & around.imported)
    in_order = [name for group in (*groups, around.imported) for name in sorted(group)]
    return tuple(dict.fromkeys(name for name in in_order if name not in around.own))[:MOST_NAMES]
