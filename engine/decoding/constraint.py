"""What one candidate has still to obey."""

from collections.abc import Collection
from copy import copy
from typing import Protocol

import numpy as np

from engine.decoding.allowed_tokens import AllowedTokens
from engine.decoding.sorted_tokens import TokenIds
from engine.decoding.string_tokens import StringTokens
from engine.decoding.string_tree import StringTree
from engine.decoding.token_index import ascending
from engine.decoding.vocabulary import Vocabulary


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
    rest = AllowedStrings(vocabulary, continuations, forced_text) if continuations else None
    if forced_text:
        return ForcedText(vocabulary, forced_text, rest)
    return rest or Anything()


class AllowedStrings:
    """The text goes on with one of some byte strings, such as the names of an object's members.

    A token may be a part of a string, or a whole string and more. What follows a string that
    ends in a name byte, or an empty string, is not a name byte, so that `count` does not pass
    for `counter`; after any other string, such as `key=`, all may follow. The text may also
    end after a string. From then on all is allowed.

    Args:
        vocabulary: Of the model.
        strings: What may be written, at least one.
        before: What has to be written before.
    """

    def __init__(
        self, vocabulary: Vocabulary, strings: Collection[bytes], before: bytes = b""
    ) -> None:
        self._vocabulary = vocabulary
        self._tokens = StringTokens(vocabulary, strings)
        self._tokens.prepare(before)
        self._written = b""

    def allowed(self) -> AllowedTokens:
        """Return the tokens that go on with a string, or follow a whole one."""
        return self._tokens.allowed(self._written)

    def allowed_after(self, before: bytes) -> AllowedTokens:
        """Return the tokens that are `before` and then, with more bytes, what is allowed here."""
        return self._tokens.allowed(self._written, before)

    def advance(self, token: int) -> TokenConstraint:
        """Return the state after `token`."""
        if self._written in self._tokens.strings and self._vocabulary.is_control(token):
            return Anything()
        return self.advance_by(self._vocabulary.token_bytes(token), token)

    def advance_by(self, text: bytes, token: int) -> TokenConstraint:
        """Return the state after `text`, which is what `token` ends with."""
        written = self._written + text
        if self._tokens.is_through(written, len(self._written)):
            return Anything()
        strings = self._tokens.strings
        if not text or not strings.has_beginning(written):
            raise _forbidden(token, written, f"one of {len(strings)} strings")
        state = copy(self)
        state._written = written  # noqa: SLF001 - a copy of this very object
        return state


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
        beginnings = self._beginnings.after(self._text[: self._num_written])
        if self._then is None:
            num_within, others = len(left) - 1, index.beginning_with(left)
        else:
            num_within, others = len(left), self._crossing(left, self._then)
        within = ascending(index.fitting(beginnings[: min(num_within, index.longest)]).ids)
        return AllowedTokens(np.insert(others, others.searchsorted(within), within))

    def _crossing(self, left: bytes, then: AllowedStrings) -> TokenIds:
        """Return the tokens that are `left` and more."""
        has_any = self._vocabulary.index.has_longer(left)
        return then.allowed_after(left).some if has_any else np.array([], np.intp)


def _forbidden(token: int, written: bytes, wanted: str) -> ValueError:
    return ValueError(
        f"Token {token} makes the text {written!r}, and it should go on with {wanted}; choose one "
        "of the allowed tokens."
    )
