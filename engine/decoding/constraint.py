"""What one candidate has still to obey."""

from collections.abc import Collection, Iterator
from copy import copy
from itertools import chain, count
from typing import NamedTuple, Protocol

import numpy as np

from engine.decoding.allowed_tokens import AllowedTokens
from engine.decoding.sorted_tokens import TokenIds
from engine.decoding.string_tree import StringTree
from engine.decoding.text_hashes import beginning_hashes
from engine.decoding.token_index import ascending, may_end
from engine.decoding.vocabulary import Vocabulary

_CROWD = 4_000
"""Where so many beginnings are left, what is allowed is found ahead of the first step."""

_FEW_TOKENS = 16
"""So many are tried one by one."""


class TokenConstraint(Protocol):
    """Which tokens may come next. Immutable; candidates may share one."""

    def allowed(self) -> AllowedTokens | None:
        """Return which tokens may come next; None when all may, no ids when none may.

        The caller does not change what is returned.
        """
        ...

    def advance(self, token: int) -> "TokenConstraint":
        """Return what is to be obeyed after `token`.

        Raises:
            ValueError: If `token` was not allowed.
        """
        ...


class Anything:
    """Nothing is forbidden."""

    def allowed(self) -> None:
        """Return None: all tokens may come next."""
        return

    def advance(self, token: int) -> "Anything":
        """Return this, whatever `token` is."""
        del token
        return self


def follow(constraint: TokenConstraint, token: int) -> TokenConstraint | None:
    """Return what is to be obeyed after `token`; None if it is not allowed."""
    try:
        return constraint.advance(token)
    except ValueError:
        return None


def constraint_of(
    vocabulary: Vocabulary, forced_text: bytes, continuations: Collection[bytes]
) -> TokenConstraint:
    """Return the constraint to write `forced_text`, then one of `continuations` if there are any.

    The two are one: a token may end the forced text and begin a continuation.
    """
    rest = AllowedStrings(vocabulary, continuations) if continuations else None
    if rest:
        rest.prepare(forced_text)
    if forced_text:
        return ForcedText(vocabulary, forced_text, rest)
    return rest or Anything()


class _State(NamedTuple):
    """Where a text stands: `written` is a beginning of a string, and `before` precedes the rest."""

    written: bytes
    before: bytes


class AllowedStrings:
    """The text goes on with one of some byte strings, such as the names of an object's members.

    A token may be a part of a string, or a whole string and more. What follows a string that
    ends in a name byte, or an empty string, is not a name byte, so that `count` does not pass
    for `counter`; after any other string, such as `key=`, all may follow. The text may also
    end after a string. From then on all is allowed.

    Cost: what is allowed is found once for each text written, and kept for all states.

    Args:
        vocabulary: Of the model.
        strings: What may be written, at least one.
    """

    def __init__(self, vocabulary: Vocabulary, strings: Collection[bytes]) -> None:
        self._vocabulary = vocabulary
        self._strings = StringTree(strings, vocabulary.index.ends)
        self._found: dict[_State, AllowedTokens] = {}
        self._written = b""

    def prepare(self, before: bytes) -> None:
        """Find ahead what takes longest, all at once: wherever much is open.

        Args:
            before: What has to be written before a string begins.
        """
        states = [
            state
            for state in chain(self._first_states(before), self._crowded_states())
            if not self._is_narrow(state)
        ]
        if not states:
            return
        left = [self._strings.after(state.written, state.before) for state in states]
        ends = np.cumsum([len(hashes) for hashes in left])
        places, ids = self._vocabulary.index.fitting(np.concatenate(left))
        keys = ascending(ends.searchsorted(places, "right") * self._vocabulary.size + ids)
        owners, ids = np.divmod(keys, self._vocabulary.size)
        parts = np.split(ids, owners.searchsorted(np.arange(1, len(states))))
        for state, part in zip(states, parts, strict=True):
            self._found[state] = self._with_what_follows(state, part)

    def allowed(self) -> AllowedTokens:
        """Return the tokens that go on with a string, or follow a whole one."""
        return self.allowed_after(b"")

    def allowed_after(self, before: bytes) -> AllowedTokens:
        """Return the tokens that are `before` and then, with more bytes, what is allowed here."""
        state = _State(self._written, before)
        if state not in self._found:
            self._found[state] = self._with_what_follows(state, self._find(state))
        return self._found[state]

    def advance(self, token: int) -> TokenConstraint:
        """Return the state after `token`."""
        if self._written in self._strings and self._vocabulary.is_control(token):
            return Anything()
        return self.advance_by(self._vocabulary.token_bytes(token), token)

    def advance_by(self, text: bytes, token: int) -> TokenConstraint:
        """Return the state after `text`, which is what `token` ends with."""
        written = self._written + text
        if self._is_through(written):
            return Anything()
        if not text or not self._strings.has_beginning(written):
            raise _forbidden(token, written, f"one of {len(self._strings)} strings")
        state = copy(self)
        state._written = written  # noqa: SLF001 - a copy of this very object
        return state

    def _is_through(self, written: bytes) -> bool:
        """Tell whether a whole string lies behind, and nothing that could make it longer."""
        return any(
            written[:length] in self._strings
            and may_end(written[:length], written[length : length + 1])
            for length in range(len(self._written), len(written) + 1)
        )

    def _first_states(self, before: bytes) -> Iterator[_State]:
        """Yield the states before any string has begun, where all are open.

        If that is not much, those where it is most likely that tokens begin so.
        """
        yield _State(b"", b"")
        is_crowded = self._strings.num_after(b"") >= _CROWD
        num_bytes = min(len(before), self._vocabulary.index.longest if is_crowded else 1)
        for start in range(len(before) - num_bytes, len(before)):
            yield _State(b"", before[start:])

    def _crowded_states(self) -> Iterator[_State]:
        """Yield the other states in which much is open."""
        for num_bytes in count(1):
            texts = self._strings.crowded(num_bytes, _CROWD)
            if not texts:
                return
            yield from (_State(text, b"") for text in texts)

    def _is_narrow(self, state: _State) -> bool:
        return not self._vocabulary.index.has_more(self._next_bytes(state), _FEW_TOKENS)

    def _next_bytes(self, state: _State) -> bytes:
        """Return what a token is a beginning of or begins with."""
        return state.before + self._strings.common_after(state.written)

    def _find(self, state: _State) -> TokenIds:
        index = self._vocabulary.index
        if self._strings.num_after(state.written) >= _CROWD and self._is_narrow(state):
            return self._try_few(state)
        left = self._strings.after(state.written, state.before)
        return ascending(index.fitting(left).ids)

    def _try_few(self, state: _State) -> TokenIds:
        index, text = self._vocabulary.index, self._next_bytes(state)
        beginnings = beginning_hashes([text], np.array([len(text)]))[len(state.before) : -1]
        whole, several = index.fitting(beginnings).ids, index.beginning_with(text)
        fits = [self._fits(state, token) for token in several.tolist()]
        return ascending(np.concatenate([whole, several[np.array(fits, np.bool_)]]))

    def _fits(self, state: _State, token: int) -> bool:
        more = self._vocabulary.token_bytes(token)[len(state.before) :]
        written = state.written + more
        return bool(more) and (self._is_through(written) or self._strings.has_beginning(written))

    def _with_what_follows(self, state: _State, ids: TokenIds) -> AllowedTokens:
        """Add what may come behind `state.written`, if that is a whole string."""
        index = self._vocabulary.index
        if state.written not in self._strings:
            return AllowedTokens(ids)
        if not state.before:
            return AllowedTokens(ids, index.after_name)
        return AllowedTokens(ascending(np.concatenate([ids, index.no_name_after(state.before)])))


class ForcedText:
    """The text goes on with exactly these bytes; the token that ends them may say more.

    Args:
        vocabulary: Of the model.
        text: Not empty.
        then: What comes after it; None if anything may.
    """

    def __init__(
        self, vocabulary: Vocabulary, text: bytes, then: AllowedStrings | None = None
    ) -> None:
        self._vocabulary = vocabulary
        self._text = text
        self._beginnings = StringTree([text])
        self._then = then
        self._found: dict[int, AllowedTokens] = {}  # by how much is written
        self._num_written = 0

    def allowed(self) -> AllowedTokens:
        """Return the tokens that the text begins with, and those that say more."""
        if self._num_written not in self._found:
            self._found[self._num_written] = self._find()
        return self._found[self._num_written]

    def advance(self, token: int) -> TokenConstraint:
        """Return the state after `token`."""
        text, left = self._vocabulary.token_bytes(token), self._text[self._num_written :]
        if text and left.startswith(text) and text != left:
            state = copy(self)
            state._num_written += len(text)  # noqa: SLF001 - a copy of this very object
            return state
        if not text.startswith(left):
            raise _forbidden(token, text, repr(left))
        more = text[len(left) :]
        if self._then is None:
            return Anything()
        return self._then.advance_by(more, token) if more else self._then

    def _find(self) -> AllowedTokens:
        index = self._vocabulary.index
        left = self._text[self._num_written :]
        beginnings = self._beginnings.after(self._text[: self._num_written])[:-1]
        whole = index.fitting(beginnings[: index.longest]).ids
        if self._then is None:
            return AllowedTokens(ascending(np.concatenate([whole, index.beginning_with(left)])))
        if not index.has_longer(left):
            return AllowedTokens(ascending(whole))
        crossing = self._then.allowed_after(left)
        return AllowedTokens(ascending(np.concatenate([whole, crossing.some])))


def _forbidden(token: int, written: bytes, wanted: str) -> ValueError:
    return ValueError(
        f"Token {token} makes the text {written!r}, and it should go on with {wanted}; choose one "
        "of the allowed tokens."
    )
