"""Finds token ids by the hashes of texts, thousands at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.decoding.text_hashes import Hashes, places_within


class Found(NamedTuple):
    """The ids of the hashes asked for, in no order. Shapes: (any,), both the same.

    Attributes:
        places: Of the hash that was asked for, among all.
        ids: One each; a hash with several ids comes several times.
    """

    places: NDArray[np.intp]
    ids: NDArray[np.intp]


class HashTable:
    """Token ids by the hash of a text; several ids may have the same. Immutable.

    Distinct hashes stand in their order, so those of one bucket, which have their highest bits
    in common, stand side by side. Most buckets are empty, and most questions end there.

    Shapes:
        hashes, ids: (N,).
    """

    _BUCKETS_PER_HASH = 8

    def __init__(self, hashes: Hashes, ids: NDArray[np.intp]) -> None:
        self._ids = ids[hashes.argsort()]
        self._hashes, self._first, self._num_ids = np.unique(
            np.sort(hashes), return_index=True, return_counts=True
        )
        self._has_several = self._num_ids > 1
        num_bits = (len(self._hashes) * self._BUCKETS_PER_HASH).bit_length()
        self._shift = np.uint64(64 - num_bits)
        buckets = self._buckets_of(self._hashes)
        sizes = np.bincount(buckets, minlength=2**num_bits)
        self._is_used = sizes > 0
        self._starts = (sizes.cumsum() - sizes).astype(np.int32)
        self._is_last_of_bucket = buckets != np.append(buckets, -1)[1:]

    def find(self, hashes: Hashes) -> Found:
        """Return the ids of all `hashes`. Shapes: (any,)."""
        buckets = self._buckets_of(hashes)
        asked = self._is_used[buckets].nonzero()[0]
        asked, rows = self._look(asked, hashes[asked], self._starts[buckets[asked]])
        ids = self._ids[self._first[rows]]
        several = self._has_several[rows].nonzero()[0]
        if not len(several):
            return Found(asked, ids)
        num_more = self._num_ids[rows[several]] - 1
        more = np.repeat(self._first[rows[several]], num_more) + places_within(num_more) + 1
        return Found(
            np.concatenate([asked, np.repeat(asked[several], num_more)]),
            np.concatenate([ids, self._ids[more]]),
        )

    def _look(
        self, asked: NDArray[np.intp], hashes: Hashes, rows: NDArray[np.int32]
    ) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """Look for each hash from a row on, as far as its bucket goes; return those found."""
        found = []
        while len(rows):
            is_hit = self._hashes[rows] == hashes
            found.append((asked[is_hit], rows[is_hit]))
            goes_on = (~(is_hit | self._is_last_of_bucket[rows])).nonzero()[0]
            asked, hashes, rows = asked[goes_on], hashes[goes_on], rows[goes_on] + 1
        return (
            np.concatenate([asked, *(some for some, _ in found)]),
            np.concatenate([rows, *(some for _, some in found)]),
        )

    def _buckets_of(self, hashes: Hashes) -> NDArray[np.intp]:
        return (hashes >> self._shift).view(np.intp)
