"""Drafts from the text that every candidate has to begin with."""

from collections.abc import Sequence

from engine.decoding.drafts.base import Evidence, Guess
from engine.decoding.vocabulary import Vocabulary

FORCED = Evidence("forced", 1)


class Forced:
    """Guesses the longest token that the rest of the forced text begins with."""

    def __init__(self, vocabulary: Vocabulary, text: bytes) -> None:
        self._vocabulary = vocabulary
        self._text = text

    def guesses(self, written: Sequence[int]) -> list[Guess]:
        """Guess one token while there is forced text left."""
        length = sum(len(self._vocabulary.token_bytes(token)) for token in written)
        token = self._vocabulary.index.in_order.longest_start_of(self._text[length:])
        return [] if token is None else [Guess(token, FORCED)]

    def accept(self, tokens: Sequence[int]) -> None:
        """Do nothing: what is written is told with each question."""
