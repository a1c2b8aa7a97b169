"""The text tokens of a vocabulary in the order of their bytes.

All tokens that begin with the same bytes lie side by side, so a prefix is a range, and
reading one more byte narrows the range by bisection: a trie without nodes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TokenIds = NDArray[np.intp]
"""(any,), ascending."""


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
        order = sorted((index for index, text in enumerate(tokens) if text), key=tokens.__getitem__)
        self._texts = [tokens[index] for index in order]
        self._ids = np.array(order, np.intp)
        self._ids_by_first_byte = [
            self.ids([self.starting_with(bytes([byte]), self.all)]) for byte in range(256)
        ]

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
        after = after_all_with(last)
        stop = within.stop if after is None else bisect_left(self._texts, after, *within)
        return Span(start, stop)

    def equal_to(self, text: bytes, within: Span) -> Span:
        """Return the part of `within` whose tokens are `text`: one, as a rule, or none."""
        return Span(
            bisect_left(self._texts, text, *within), bisect_right(self._texts, text, *within)
        )

    def has_longer(self, text: bytes) -> bool:
        """Tell whether a token is `text` and more."""
        place = bisect_right(self._texts, text)
        return place < len(self._texts) and self._texts[place].startswith(text)

    def has_more(self, prefix: bytes, than: int) -> bool:
        """Tell whether more tokens `than` so many begin with `prefix`."""
        place = bisect_left(self._texts, prefix) + than
        return place < len(self._texts) and self._texts[place].startswith(prefix)

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

    def ids_with(self, prefix: bytes) -> TokenIds:
        """Return the ids of all tokens that begin with `prefix`."""
        if len(prefix) == 1:  # tens of thousands begin with a space
            return self._ids_by_first_byte[prefix[0]]
        return self.ids([self.starting_with(prefix, self.all)])

    def ids(self, spans: Iterable[Span]) -> TokenIds:
        """Return the ids of all tokens of `spans`, which do not overlap."""
        return np.sort(np.concatenate([self._ids[:0], *(self._ids[a:b] for a, b in spans)]))


def after_all_with(prefix: bytes) -> bytes | None:
    """Return the least bytes greater than all that begin with `prefix`; None if none are."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None
