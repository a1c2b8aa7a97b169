"""Hashes of texts and of all their beginnings, for thousands of them at once.

The hash of a text is a polynomial in its bytes, modulo 2**64. So the hash of what remains of a
text after a beginning follows from the hashes of both, and that of two texts one after the other
from the hash and length of each.

A text may have an end mark, a symbol like its bytes and none of them, which sets a whole text apart
from the beginning of a longer one.

Two texts of different symbols have the same hash with a probability of about 2**-64.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

_MODULUS = 2**64
_BASE = 0x9E3779B97F4A7C15  # odd, so that it can be divided by
_CODES = np.random.default_rng(2407).integers(1, _MODULUS, 257, dtype=np.uint64)
_BYTE_CODES = _CODES[:256]
_END_CODE = _CODES[256]


def beginning_hashes(texts: Sequence[bytes], num_bytes: NDArray[np.intp]) -> Hashes:
    """Return the hashes of all beginnings of all texts, by text and then by length.

    Shapes:
        num_bytes: (N,), the lengths of the texts.
        returned: (sum of lengths,).
    """
    codes = _BYTE_CODES[np.frombuffer(b"".join(texts), np.uint8)]
    return _beginning_hashes(codes, num_bytes)


def ended_beginning_hashes(texts: Sequence[bytes], num_bytes: NDArray[np.intp]) -> Hashes:
    """Return the hashes of all beginnings of all texts, and of each with its end mark.

    Shapes:
        num_bytes: (N,), the lengths of the texts.
        returned: (N + sum of lengths,), by text and then by length.
    """
    codes = _BYTE_CODES[np.frombuffer(b"\0".join([*texts, b""]), np.uint8)]
    codes[(num_bytes + 1).cumsum() - 1] = _END_CODE
    return _beginning_hashes(codes, num_bytes + 1)


def with_end(hashes: Hashes, num_bytes: NDArray[np.intp]) -> Hashes:
    """Return the hashes that texts have once each is followed by its end mark.

    Shapes:
        hashes, num_bytes: (N,), of the texts.
    """
    ended: Hashes = hashes + _END_CODE * _powers(num_bytes)[num_bytes]
    return ended


def _beginning_hashes(codes: Hashes, num_symbols: NDArray[np.intp]) -> Hashes:
    codes *= _powers(num_symbols)[places_within(num_symbols)]
    sums = np.concatenate([np.zeros(1, np.uint64), codes.cumsum(dtype=np.uint64)])
    starts = num_symbols.cumsum() - num_symbols
    hashes: Hashes = sums[1:] - np.repeat(sums[starts], num_symbols)
    return hashes


def hash_of(text: bytes) -> int:
    """Return the hash of one text."""
    total = 0
    for byte in reversed(text):
        total = (total * _BASE + int(_BYTE_CODES[byte])) % _MODULUS
    return total


class Replacement(NamedTuple):
    """What turns hashes into those of texts with another beginning: times `scale`, plus `shift`."""

    scale: np.uint64
    shift: np.uint64


def replacement(old: int, num_old_bytes: int, new: bytes = b"") -> Replacement:
    """Return how to replace the common beginning of some texts.

    Args:
        old: Hash of what they all begin with, `num_old_bytes` long.
        num_old_bytes: Its length.
        new: What they are to begin with.
    """
    scale = _power(len(new) - num_old_bytes)
    return Replacement(np.uint64(scale), np.uint64((hash_of(new) - old * scale) % _MODULUS))


@lru_cache(maxsize=1024)
def _power(exponent: int) -> int:
    return pow(_BASE, exponent, _MODULUS)


def places_within(num_items: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return 0, 1, ... for the items of each group, one group after the other.

    Shapes:
        num_items: (N,), the sizes of the groups; gives (sum of sizes,).
    """
    starts = num_items.cumsum() - num_items
    return np.arange(num_items.sum()) - np.repeat(starts, num_items)


def _powers(num_symbols: NDArray[np.intp]) -> Hashes:
    """Return the powers of the base that the longest text needs."""
    powers = np.full(int(num_symbols.max(initial=0)) + 1, _BASE, np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)
