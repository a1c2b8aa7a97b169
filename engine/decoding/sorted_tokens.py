"""The text tokens of a vocabulary in the order of their bytes.

All tokens that begin with the same bytes lie side by side, so a prefix is a range, and
reading one more byte narrows the range by bisection: a trie without nodes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""(V,); True where a token is allowed."""


class Span(NamedTuple):
    """A half-open range of places in the sorted order."""

    start: int
    stop: int

    def __bool__(self) -> bool:
        return self.start < self.stop


class SortedTokens:
    """Ranges of tokens by prefix. Immutable.

    Tokens without bytes are left out; tokens with the same bytes keep the order of their ids.
    """

    def __init__(self, tokens: Sequence[bytes]) -> None:
        self._size = len(tokens)
        order = sorted((index for index, text in enumerate(tokens) if text), key=tokens.__getitem__)
        self._texts = [tokens[index] for index in order]
        self._ids = np.array(order, np.int64)

    @property
    def all(self) -> Span:
        """Every text token: the range of the empty prefix."""
        return Span(0, len(self._texts))

    def starting_with(self, prefix: bytes, within: Span) -> Span:
        """Return the part of `within` whose tokens begin with `prefix`."""
        return self.between(prefix, prefix, within)

    def between(self, first: bytes, last: bytes, within: Span) -> Span:
        """Return the part of `within` from `first` up to all that begins with `last`."""
        start = bisect_left(self._texts, first, *within)
        after = _after_all_with(last)
        stop = within.stop if after is None else bisect_left(self._texts, after, *within)
        return Span(start, stop)

    def equal_to(self, text: bytes, within: Span) -> Span:
        """Return the part of `within` whose tokens are `text`: one, as a rule, or none."""
        return Span(
            bisect_left(self._texts, text, *within), bisect_right(self._texts, text, *within)
        )

    def longest_start_of(self, text: bytes) -> int | None:
        """Return the longest token that `text` begins with; None if there is none."""
        longest, span = None, self.all
        for length in range(1, len(text) + 1):
            span = self.starting_with(text[:length], span)
            if not span:
                break
            equal = self.equal_to(text[:length], span)
            if equal:
                longest = int(self._ids[equal.start])
        return longest

    def mask(self, spans: Iterable[Span]) -> Mask:
        """Return a fresh mask that allows the tokens of all `spans`. Shape: (V,)."""
        mask = np.zeros(self._size, np.bool_)
        for start, stop in spans:
            mask[self._ids[start:stop]] = True
        return mask


def _after_all_with(prefix: bytes) -> bytes | None:
    """Return the least bytes greater than all that begin with `prefix`; None if none are."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None
