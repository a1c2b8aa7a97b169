"""Where the rows of a new prompt come from: from the old one, from the store, or from nowhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.cache.alignment import Run, align
from engine.cache.chunks import ChunkStore, StoredChunk
from engine.protocol.messages import TokenRange
from engine.tokens import TokenArray


class Borrowed(NamedTuple):
    """Where a stored chunk stands in the new prompt, and the chunk."""

    start: int
    chunk: StoredChunk

    @property
    def place(self) -> TokenRange:
        """Its rows in the new prompt."""
        return TokenRange(self.start, self.start + len(self.chunk.tokens))


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """What of a new prompt is known.

    Attributes:
        runs: What the cache holds itself, in order of the new prompt.
        borrowed: What the store has of the rest.
        removed: Tokens of the old prompt that no run keeps, in its order.
    """

    runs: list[Run]
    borrowed: list[Borrowed]
    removed: TokenArray

    @property
    def pieces(self) -> list[Run]:
        """Everything known, in order of the new prompt; a borrowed one began at 0 where it was."""
        borrowed = [Run(0, each.start, len(each.chunk.tokens)) for each in self.borrowed]
        return sorted([*self.runs, *borrowed], key=lambda run: run.new_start)


def arrange(
    old: TokenArray, tokens: TokenArray, chunks: Sequence[TokenRange], store: ChunkStore
) -> Arrangement:
    """Find out what of `tokens` is known.

    A chunk comes as a whole from one place: from the cache where one run covers it, else from
    the store. Only what neither has is pieced together from shorter runs.

    Args:
        old: What the cache holds; negative where a row holds nothing.
        tokens: The new prompt.
        chunks: Where chunks stand in it.
        store: Of the model.
    """
    runs = align(old, tokens)
    borrowed = []
    for place in chunks:
        is_held = any(run.new_start <= place.start and place.stop <= run.new_stop for run in runs)
        stored = None if is_held else store.find(tokens[place.start : place.stop])
        if stored is not None:
            borrowed.append(Borrowed(place.start, stored))
    runs = list(_outside(runs, [each.place for each in borrowed]))
    return Arrangement(runs, borrowed, _left_out(old, runs))


def _outside(runs: Sequence[Run], places: Sequence[TokenRange]) -> Iterator[Run]:
    """Cut runs where they reach into places, which ascend."""
    for run in runs:
        start = run.new_start
        for place in places:
            if place.start < run.new_stop and start < place.stop:
                yield from _part(run, start, place.start)
                start = place.stop
        yield from _part(run, start, run.new_stop)


def _part(run: Run, start: int, stop: int) -> Iterator[Run]:
    """Yield what a run has in [start, stop) of the new prompt, if that is anything."""
    if start < stop:
        yield Run(run.old_start + start - run.new_start, start, stop - start)


def _left_out(tokens: TokenArray, runs: Sequence[Run]) -> TokenArray:
    is_kept = np.zeros(len(tokens), dtype=np.bool_)
    for run in runs:
        is_kept[run.old_start : run.old_start + run.length] = True
    return tokens[~is_kept]
