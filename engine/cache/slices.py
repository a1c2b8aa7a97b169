"""How tokens to encode are cut into passes through the model."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

DEFAULT_SLICE_TOKENS = 256

RowIndices = NDArray[np.intp]


def pack_slices(rows: RowIndices, slice_tokens: int) -> Iterator[RowIndices]:
    """Cut ascending row indices into passes of at most `slice_tokens`.

    Long stretches are cut at multiples of `slice_tokens`, so that a prefill always runs on the
    same grid; short stretches share a pass, because a pass costs nearly the same for 10 tokens
    as for 60.
    """
    return gathered(_grid_pieces(rows, slice_tokens), slice_tokens)


def gathered(pieces: Iterable[RowIndices], most_rows: int) -> Iterator[RowIndices]:
    """Join neighbouring pieces up to `most_rows`; a piece that is longer stays by itself."""
    pending: list[RowIndices] = []
    size = 0
    for piece in pieces:
        if pending and size + len(piece) > most_rows:
            yield np.concatenate(pending)
            pending, size = [], 0
        pending.append(piece)
        size += len(piece)
    if pending:
        yield np.concatenate(pending)


def stretches(rows: RowIndices) -> list[RowIndices]:
    """Cut ascending row indices wherever one or more are left out."""
    if not len(rows):
        return []
    return list(np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1))


def _grid_pieces(rows: RowIndices, slice_tokens: int) -> Iterator[RowIndices]:
    """Yield stretches of consecutive rows, long ones cut on the grid."""
    for stretch in stretches(rows):
        if len(stretch) <= slice_tokens:
            yield stretch
            continue
        cuts = np.flatnonzero(stretch % slice_tokens == 0)
        yield from (piece for piece in np.split(stretch, cuts) if len(piece))
