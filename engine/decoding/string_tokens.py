"""Finds the tokens that go on with one of some strings, wherever a text stands."""

from collections.abc import Collection, Iterator
from itertools import chain
from typing import NamedTuple

import numpy as np

from engine.decoding.allowed_tokens import AllowedTokens
from engine.decoding.sorted_tokens import TokenIds
from engine.decoding.string_tree import StringTree
from engine.decoding.text_hashes import beginning_hashes
from engine.decoding.token_index import ascending, may_end
from engine.decoding.vocabulary import Vocabulary

_CROWD = 1_500
"""Where so many beginnings are open, what is allowed is found before the first step."""

_FEW_TOKENS = 8
"""So many are tried one by one."""


class _State(NamedTuple):
    """Where a text stands: `written` is a beginning of a string, and `before` precedes the rest."""

    written: bytes
    before: bytes


class StringTokens:
    """What is allowed on the way to a whole string, and behind one.

    Found once for each state and kept. Not for use by several threads.

    Args:
        vocabulary: Of the model.
        strings: What may be written, at least one.
    """

    def __init__(self, vocabulary: Vocabulary, strings: Collection[bytes]) -> None:
        self._vocabulary = vocabulary
        self._index = vocabulary.index
        self._found: dict[_State, AllowedTokens] = {}
        self.strings = StringTree(strings, self._index.ends)

    def prepare(self, before: bytes) -> None:
        """Find ahead what every text comes by, and what takes long because much is open there.

        Cost: 1.5 ms for 5,000 names.

        Args:
            before: What has to be written before a string begins.
        """
        wide = []
        for state in chain(self._first_states(before), self._crowded_states()):
            if not self._is_narrow(state):
                wide.append(state)
            elif not state.written:
                self.allowed(*state)
        if wide:
            self._find_all(wide)

    def allowed(self, written: bytes, before: bytes = b"") -> AllowedTokens:
        """Return the tokens that are `before` and then, with more bytes, may follow `written`."""
        state = _State(written, before)
        if state not in self._found:
            is_crowded = self.strings.num_after(written) >= _CROWD
            find = self._try_few if is_crowded and self._is_narrow(state) else self._find
            self._found[state] = self._with_what_follows(state, find(state))
        return self._found[state]

    def is_through(self, written: bytes, num_bytes_before: int) -> bool:
        """Tell whether a whole string lies behind, and nothing that could make it longer.

        Args:
            written: All that is written.
            num_bytes_before: So many of it were there when none lay behind.
        """
        return any(
            written[:length] in self.strings
            and may_end(written[:length], written[length : length + 1])
            for length in range(num_bytes_before, len(written) + 1)
        )

    def _first_states(self, before: bytes) -> Iterator[_State]:
        """Yield the states in which a token may begin the first byte of a string."""
        yield _State(b"", b"")
        for start in range(max(0, len(before) - self._index.longest), len(before)):
            if self._index.has_longer(before[start:]):
                yield _State(b"", before[start:])

    def _crowded_states(self) -> Iterator[_State]:
        """Yield the later states in which much is open."""
        num_bytes, texts = 0, [b""]
        while texts:
            num_bytes += 1 + min(map(self._num_narrow_after, texts))
            texts = list(self.strings.crowded(num_bytes, _CROWD))
            yield from (_State(text, b"") for text in texts)

    def _num_narrow_after(self, text: bytes) -> int:
        """Return how many of the next states are narrow, one byte after the other."""
        certain = self.strings.common_after(text)
        rests = (certain[place + 1 :] for place in range(len(certain)))
        wide = (place for place, rest in enumerate(rests) if self._has_many(rest))
        return next(wide, len(certain))

    def _is_narrow(self, state: _State) -> bool:
        """Tell whether few tokens begin with what is certain to come."""
        return not self._has_many(self._certain_after(state))

    def _has_many(self, text: bytes) -> bool:
        """Tell whether more tokens begin with `text` than can be tried."""
        return self._index.has_more(text, _FEW_TOKENS)

    def _certain_after(self, state: _State) -> bytes:
        return state.before + self.strings.common_after(state.written)

    def _find(self, state: _State) -> TokenIds:
        return ascending(self._index.fitting(self.strings.after(*state)).ids)

    def _find_all(self, states: Collection[_State]) -> None:
        """Find and keep what is allowed in all `states`."""
        left = [self.strings.after(*state) for state in states]
        ends = np.cumsum([len(hashes) for hashes in left])
        found, size = self._index.fitting(np.concatenate(left)), self._vocabulary.size
        keys = ascending(ends.searchsorted(found.places, "right") * size + found.ids)
        parts = np.split(keys, keys.searchsorted(np.arange(1, len(states)) * size))
        for number, (state, part) in enumerate(zip(states, parts, strict=True)):
            self._found[state] = self._with_what_follows(state, part - number * size)

    def _try_few(self, state: _State) -> TokenIds:
        """Find what is within the bytes that are certain to come, and try what is longer."""
        certain = self._certain_after(state)
        beginnings = beginning_hashes([certain], np.array([len(certain)]))
        within = self._index.fitting(beginnings[len(state.before) : -1]).ids
        longer = self._index.beginning_with(certain)
        fits = [self._fits(state, token) for token in longer.tolist()]
        return ascending(np.concatenate([within, longer[np.array(fits, np.bool_)]]))

    def _fits(self, state: _State, token: int) -> bool:
        more = self._vocabulary.token_bytes(token)[len(state.before) :]
        written = state.written + more
        return bool(more) and (
            self.strings.has_beginning(written) or self.is_through(written, len(state.written))
        )

    def _with_what_follows(self, state: _State, ids: TokenIds) -> AllowedTokens:
        """Add what may come behind `written`, if that is a whole string."""
        if state.written not in self.strings:
            return AllowedTokens(ids)
        if not state.before:
            return AllowedTokens(ids, self._index.after_name)
        others = self._index.no_name_after(state.before)
        return AllowedTokens(ascending(np.concatenate([ids, others])))
