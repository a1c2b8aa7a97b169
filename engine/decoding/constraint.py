"""What one candidate has still to obey."""

from collections.abc import Collection
from copy import copy
from typing import Protocol

from engine.decoding.sorted_tokens import TokenIds
from engine.decoding.string_tree import StringTree
from engine.decoding.token_index import may_end
from engine.decoding.vocabulary import Vocabulary


class TokenConstraint(Protocol):
    """Which tokens may come next. Immutable; candidates may share one."""

    def allowed(self) -> TokenIds | None:
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
    rest = AllowedStrings(vocabulary, StringTree(continuations)) if continuations else None
    if rest:
        rest.prepare(forced_text[-1:])
    if forced_text:
        return ForcedText(vocabulary, forced_text, rest)
    return rest or Anything()


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

    def __init__(self, vocabulary: Vocabulary, strings: StringTree) -> None:
        self._vocabulary = vocabulary
        self._strings = strings
        self._found: dict[tuple[bytes, bytes], TokenIds] = {}
        self._written = b""

    def prepare(self, before: bytes) -> None:
        """Find ahead what takes longest, because all strings are open there.

        Args:
            before: The byte before a string begins, if it has still to be written.
        """
        for text in {b"", before}:
            self.allowed_after(text)

    def allowed(self) -> TokenIds:
        """Return the tokens that go on with a string, or follow a whole one."""
        return self.allowed_after(b"")

    def allowed_after(self, text: bytes) -> TokenIds:
        """Return the tokens that are `text` and then, with more bytes, what is allowed here."""
        key = (self._written, text)
        if key not in self._found:
            self._found[key] = self._find_after(text)
        return self._found[key]

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

    def _find_after(self, text: bytes) -> TokenIds:
        index = self._vocabulary.index
        left = self._strings.after(self._written, instead=text)
        groups = [index.whole.find(left.beginnings), index.longer.find(left.wholes)]
        if self._written not in self._strings:
            return index.joined(groups)
        if not text:
            return index.joined_after_name(groups)
        return index.joined([*groups, index.no_name_after(text)])


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
        self._tree = StringTree([text])
        self._then = then
        self._found: dict[int, TokenIds] = {}  # by how much is written
        self._num_written = 0

    def allowed(self) -> TokenIds:
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

    def _find(self) -> TokenIds:
        index = self._vocabulary.index
        left = self._text[self._num_written :]
        beginnings = self._tree.after(self._text[: self._num_written]).beginnings
        groups = [index.whole.find(beginnings[: index.longest])]
        if self._then is None:
            groups.append(index.beginning_with(left))
        elif index.has_longer(left):
            groups.append(self._then.allowed_after(left))
        return index.joined(groups)


def _forbidden(token: int, written: bytes, wanted: str) -> ValueError:
    return ValueError(
        f"Token {token} makes the text {written!r}, and it should go on with {wanted}; choose one "
        "of the allowed tokens."
    )
