"""Drafts from text at hand: what followed the last time the same tokens were written."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.decoding.drafts.base import Evidence, Guess
from engine.tokens import TokenArray

MAX_MATCH = 12
"""Longest match that is told from longer ones."""

_MATCHES_READ = 16


class Lookup:
    """Finds the longest end of the text in some material and guesses what followed there.

    Of equally long matches the later one counts first. No index: a comparison with all of
    8,000 tokens takes a few microseconds, and what it leaves is looked at token by token.

    Source:
        Prompt lookup; transformers has it as `prompt_lookup_num_tokens`.

    Args:
        name: Of the source, in its evidence.
        material: Where to look, most relevant last.
        before: The text in front of the first token that is written.
        room: How many written tokens may become material, too.
    """

    def __init__(
        self, name: str, material: TokenArray, before: Sequence[int], room: int = 0
    ) -> None:
        self._names = (name, f"{name}-other")
        self._material = np.concatenate([material, np.zeros(room, dtype=np.int32)])
        self._length = len(material)
        self._before = list(before[-MAX_MATCH:])

    def guesses(self, written: Sequence[int]) -> list[Guess]:
        """Guess what followed the longest matches: after the latest, and otherwise."""
        tail = [*self._before, *written[-MAX_MATCH:]][-MAX_MATCH:]
        matches, length = self._longest_matches(tail)
        latest_first = self._material[matches[: -_MATCHES_READ - 1 : -1]].tolist()
        distinct = list(dict.fromkeys(latest_first))[: len(self._names)]
        return [
            Guess(token, Evidence(name, length))
            for name, token in zip(self._names, distinct, strict=False)
        ]

    def accept(self, tokens: Sequence[int]) -> None:
        """Make the tokens material as long as there is room."""
        stop = min(self._length + len(tokens), len(self._material))
        self._material[self._length : stop] = tokens[: stop - self._length]
        self._length = stop

    def _longest_matches(self, tail: Sequence[int]) -> tuple[NDArray[np.intp], int]:
        """Return where the token after each longest match stands, and the matches' length."""
        material = self._material[: self._length]
        found = np.flatnonzero(material[:-1] == tail[-1]) if tail else np.empty(0, dtype=np.intp)
        length = min(len(found), 1)
        for token in reversed(tail[:-1]):
            longer = found[found >= length]
            longer = longer[material[longer - length] == token]
            if not len(longer):
                break
            found, length = longer, length + 1
        return found + 1, length
