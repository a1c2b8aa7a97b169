"""Which tokens of the new prompt the cache already holds, and where."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.tokens import TokenArray, common_length

ANCHOR_TOKENS = 8
"""Runs shorter than this are not worth keeping: their heads are encoded afresh anyway."""


@dataclass(frozen=True, slots=True)
class Run:
    """`length` equal tokens at `old_start` before and at `new_start` now."""

    old_start: int
    new_start: int
    length: int

    @property
    def new_stop(self) -> int:
        """The end of the run in the new tokens."""
        return self.new_start + self.length


def align(old: TokenArray, new: TokenArray) -> list[Run]:
    """Find runs of the new tokens in the old ones, in order of the new tokens.

    The common prefix and suffix first; between them, runs around stretches of
    `ANCHOR_TOKENS` tokens that occur once on either side (patience matching), wherever they
    were before: a run may have moved past another. Negative tokens in `old` match nothing.

    Cost: O(L log L) in numpy.
    """
    prefix = common_length(old, new)
    suffix = common_length(old[prefix:][::-1], new[prefix:][::-1])
    runs = [Run(0, 0, prefix)] if prefix else []
    runs.extend(_inner_runs(old, new, prefix, suffix))
    if suffix:
        runs.append(Run(len(old) - suffix, len(new) - suffix, suffix))
    return runs


def _inner_runs(old: TokenArray, new: TokenArray, prefix: int, suffix: int) -> Iterator[Run]:
    old_middle = old[prefix : len(old) - suffix]
    new_middle = new[prefix : len(new) - suffix]
    if min(len(old_middle), len(new_middle)) < ANCHOR_TOKENS:
        return
    covered = 0  # in new_middle
    for old_index, new_index in _unique_anchors(old_middle, new_middle):
        if new_index < covered:
            continue
        back = _common_length_reversed(old_middle, new_middle, old_index, new_index, covered)
        forward = common_length(old_middle[old_index:], new_middle[new_index:])
        if forward < ANCHOR_TOKENS:
            continue
        yield Run(prefix + old_index - back, prefix + new_index - back, back + forward)
        covered = new_index + forward


def _common_length_reversed(
    old: TokenArray, new: TokenArray, old_index: int, new_index: int, floor: int
) -> int:
    """Count equal tokens just before two indices, not reaching below `floor` in `new`."""
    room = min(old_index, new_index - floor)
    before_old = old[old_index - room : old_index][::-1]
    before_new = new[new_index - room : new_index][::-1]
    return common_length(before_old, before_new)


def _unique_anchors(old: TokenArray, new: TokenArray) -> list[tuple[int, int]]:
    """Pair stretches that occur once in each, in order of the new tokens."""
    old_keys, old_indices = _unique_keys(old)
    new_keys, new_indices = _unique_keys(new)
    _, in_old, in_new = np.intersect1d(old_keys, new_keys, assume_unique=True, return_indices=True)
    pairs = zip(old_indices[in_old].tolist(), new_indices[in_new].tolist(), strict=True)
    return sorted(pairs, key=lambda pair: pair[1])


def _unique_keys(tokens: TokenArray) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    """Hash every stretch of `ANCHOR_TOKENS` tokens; return those that occur once."""
    windows = np.lib.stride_tricks.sliding_window_view(tokens, ANCHOR_TOKENS)
    odd_powers = np.uint64(0x9E3779B97F4A7C15) ** np.arange(1, ANCHOR_TOKENS + 1, dtype=np.uint64)
    hashes = (windows.astype(np.int64).astype(np.uint64) * odd_powers).sum(axis=1, dtype=np.uint64)
    keys, indices, counts = np.unique(hashes, return_index=True, return_counts=True)
    return keys[counts == 1], indices[counts == 1]
