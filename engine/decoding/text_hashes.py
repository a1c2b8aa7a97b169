"""Hashes of texts and of all their beginnings, for thousands of them at once.

The hash of a text is a polynomial in its bytes, modulo 2**64. So the hash of what remains of a
text after a beginning follows from the hashes of both, and that of two texts one after the other
from the hash and length of each.

Two texts of different bytes have the same hash with a probability of about 2**-64.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_MODULUS = 2**64
_BASE = 0x9E3779B97F4A7C15  # odd, so that it can be divided by
_BYTE_CODES = np.random.default_rng(2407).integers(1, _MODULUS, 256, dtype=np.uint64)


def beginning_hashes(texts: Sequence[bytes], num_bytes: NDArray[np.intp]) -> Hashes:
    """Return the hashes of all beginnings of all texts, by text and then by length.

    Shapes:
        num_bytes: (N,), the lengths of the texts.
        returned: (sum of lengths,).
    """
    codes = _BYTE_CODES[np.frombuffer(b"".join(texts), np.uint8)]
    codes *= _powers(num_bytes)[places_within(num_bytes)]
    sums = np.concatenate([np.zeros(1, np.uint64), codes.cumsum(dtype=np.uint64)])
    starts = num_bytes.cumsum() - num_bytes
    hashes: Hashes = sums[1:] - np.repeat(sums[starts], num_bytes)
    return hashes


def hash_of(text: bytes) -> int:
    """Return the hash of one text."""
    total = 0
    for byte in reversed(text):
        total = (total * _BASE + int(_BYTE_CODES[byte])) % _MODULUS
    return total


def replace_start(hashes: Hashes, old: int, num_old_bytes: int, new: bytes) -> Hashes:
    """Return the hashes that texts have once their common beginning is replaced by `new`.

    Args:
        hashes: Of the texts.
        old: Hash of what they all begin with, `num_old_bytes` long.
        num_old_bytes: Its length.
        new: What they are to begin with.
    """
    scale = pow(_BASE, len(new) - num_old_bytes, _MODULUS)
    shift = (hash_of(new) - old * scale) % _MODULUS
    return hashes if (scale, shift) == (1, 0) else hashes * np.uint64(scale) + np.uint64(shift)


def places_within(num_items: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return 0, 1, ... for the items of each group, one group after the other.

    Shapes:
        num_items: (N,), the sizes of the groups; gives (sum of sizes,).
    """
    starts = num_items.cumsum() - num_items
    return np.arange(num_items.sum()) - np.repeat(starts, num_items)


def _powers(num_bytes: NDArray[np.intp]) -> Hashes:
    """Return the powers of the base that the longest text needs."""
    powers = np.full(int(num_bytes.max(initial=0)) + 1, _BASE, np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)


class HashTable:
    """Token ids by the hash of a text; several ids may have the same.

    Distinct hashes stand in their order, so those of one bucket, which have their highest bits
    in common, stand side by side. Most buckets are empty, and most questions end there.

    Shapes:
        hashes, ids: (N,).
    """

    _BUCKETS_PER_HASH = 8

    def __init__(self, hashes: Hashes, ids: NDArray[np.intp]) -> None:
        self._ids = ids[hashes.argsort()]
        self._hashes, first, self._num_ids = np.unique(
            np.sort(hashes), return_index=True, return_counts=True
        )
        self._first = first
        self._first_ids = self._ids[first]
        self._has_several = self._num_ids > 1
        num_bits = (len(self._hashes) * self._BUCKETS_PER_HASH).bit_length()
        self._shift = np.uint64(64 - num_bits)
        buckets = self._buckets_of(self._hashes)
        sizes = np.bincount(buckets, minlength=2**num_bits)
        self._is_used = sizes > 0
        self._starts = (sizes.cumsum() - sizes).astype(np.int32)
        self._is_last_of_bucket = buckets != np.append(buckets, -1)[1:]

    def find(self, hashes: Hashes) -> NDArray[np.intp]:
        """Return the ids of all `hashes`, in no order. Shapes: (any,) gives (any,)."""
        buckets = self._buckets_of(hashes)
        asked = self._is_used[buckets].nonzero()[0]
        places = self._places_of(hashes[asked], self._starts[buckets[asked]])
        several = places[self._has_several[places]]
        return np.concatenate([self._first_ids[places], self._ids[self._all_of(several)]])

    def _places_of(self, hashes: Hashes, places: NDArray[np.int32]) -> NDArray[np.int32]:
        """Look for each hash from a place on, as far as its bucket goes."""
        found = []
        while len(places):
            is_hit = self._hashes[places] == hashes
            found.append(places[is_hit])
            goes_on = ~(is_hit | self._is_last_of_bucket[places])
            hashes, places = hashes[goes_on], places[goes_on] + 1
        return np.concatenate([places, *found])

    def _all_of(self, places: NDArray[np.int32]) -> NDArray[np.intp]:
        """Return where the ids of all `places` are, those of one after those of another."""
        num_ids = self._num_ids[places]
        return np.repeat(self._first[places], num_ids) + places_within(num_ids)

    def _buckets_of(self, hashes: Hashes) -> NDArray[np.intp]:
        return (hashes >> self._shift).view(np.intp)
