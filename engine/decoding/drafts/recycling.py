"""Drafts from what the model itself once thought likely after the same tokens."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from engine.decoding.drafts.base import Evidence, Guess
from engine.model.likeliest import likeliest

NUM_TOKENS = 4
LONGEST_CONTEXT = 2

_NUM_SLOT_BITS = 16
_TOKEN_BITS = 32
_MIXER = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: Fibonacci hashing
_WORD = 2**64 - 1


class RecycledTokens:
    """The likeliest next tokens after the contexts of one and two tokens scored last.

    A table of fixed size: a context takes the slot its hash names, from whichever was there.

    Source:
        Token Recycling, arXiv 2408.08696, which keeps contexts of one token. Two tokens were
        measured to be right twice as often.
    """

    def __init__(self) -> None:
        self._contexts = np.full(2**_NUM_SLOT_BITS, -1, dtype=np.int64)
        self._tokens = np.zeros((2**_NUM_SLOT_BITS, NUM_TOKENS), dtype=np.int32)

    @property
    def num_bytes(self) -> int:
        """Memory held."""
        return self._contexts.nbytes + self._tokens.nbytes

    def store(self, contexts: Sequence[Sequence[int]], scores: Tensor) -> None:
        """Remember what the model said after each context.

        Shapes:
            contexts: (S, 1 or more); the last token is what the model had just read.
            scores: (S, V).
        """
        best = likeliest(scores, NUM_TOKENS).numpy(force=True)
        for context, tokens in zip(contexts, best, strict=True):
            for length in range(1, min(len(context), LONGEST_CONTEXT) + 1):
                key = _key(context, length)
                slot = _slot(key)
                self._contexts[slot] = key
                self._tokens[slot] = tokens

    def after(self, context: Sequence[int], length: int) -> list[int]:
        """Return what came after the last `length` tokens of `context`, likeliest first."""
        key = _key(context, length)
        slot = _slot(key)
        return self._tokens[slot].tolist() if self._contexts[slot] == key else []


class Recycling:
    """Guesses from recycled tokens: after the longest context known."""

    def __init__(self, recycled: RecycledTokens, before: Sequence[int]) -> None:
        self._recycled = recycled
        self._before = list(before[-LONGEST_CONTEXT:])

    def guesses(self, written: Sequence[int]) -> list[Guess]:
        """Guess as many tokens as are kept."""
        context = [*self._before, *written[-LONGEST_CONTEXT:]][-LONGEST_CONTEXT:]
        for length in range(len(context), 0, -1):
            tokens = self._recycled.after(context, length)
            if tokens:
                return [
                    Guess(token, Evidence(f"recycled-{length}", NUM_TOKENS - rank))
                    for rank, token in enumerate(tokens)
                ]
        return []

    def accept(self, tokens: Sequence[int]) -> None:
        """Do nothing: scores are stored for all candidates at once."""


def _key(context: Sequence[int], length: int) -> int:
    if length == 1:
        return context[-1]
    return (context[-2] + 1 << _TOKEN_BITS) | context[-1]  # no single token has such a key


def _slot(key: int) -> int:
    return (key * _MIXER & _WORD) >> (64 - _NUM_SLOT_BITS)
