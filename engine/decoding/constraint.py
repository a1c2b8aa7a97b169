"""Which tokens one candidate may write next."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from copy import copy
from itertools import groupby, islice, takewhile
from string import ascii_letters, digits
from typing import NamedTuple, Protocol, Self

from engine.decoding.sorted_tokens import Mask, Span
from engine.decoding.vocabulary import Vocabulary

IDENTIFIER_BYTES = frozenset((ascii_letters + digits + "_$").encode()) | frozenset(
    range(0x80, 0x100)
)
"""Bytes an identifier goes on with, in most languages; any non-ASCII character may be one."""


class TokenConstraint(Protocol):
    """What one candidate has still to obey. Immutable: a rollback keeps an older one.

    Candidates may share one; whoever implements it may cache masks.
    """

    def allowed(self) -> Mask | None:
        """Return which tokens may come next, (V,); None when all may.

        The caller does not change the mask. A mask that allows nothing ends the candidate.
        """
        ...

    def advance(self, token: int) -> "TokenConstraint":
        """Return what is to be obeyed after `token`.

        Raises:
            ValueError: If `token` was not allowed.
        """
        ...


class AllowedStrings:
    """The text goes on with one of a set of byte strings, such as the members of an object.

    A token may be a part of a string, or a whole string and more. What follows a string
    that ends in a name byte, or an empty string, is not a name byte, so that `count` does
    not pass for `counter`; after any other string, such as `key=`, all may follow. The text
    may also end after a string. From then on all is allowed.

    No strings at all means that nothing is known, so all is allowed.

    Cost: a mask takes about one bisection per distinct prefix of the strings, once for each
    prefix that is written; it is kept, (V,) bytes, and shared by all states.

    Args:
        vocabulary: Of the model.
        strings: What may be written; UTF-8, as a rule.
        name_bytes: Bytes that would make a name longer.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        strings: Iterable[bytes],
        name_bytes: AbstractSet[int] = IDENTIFIER_BYTES,
    ) -> None:
        self._vocabulary = vocabulary
        self._known = frozenset(strings)
        self._sorted = sorted(self._known)
        self._name_bytes = name_bytes
        self._ending_bytes = tuple(_runs_outside(name_bytes))
        self._masks: dict[bytes, Mask] = {}
        self._written: bytes | None = b"" if self._known else None  # None once all is allowed

    def allowed(self) -> Mask | None:
        """Return which tokens go on with a string, or follow a whole one."""
        if self._written is None:
            return None
        if self._written not in self._masks:
            self._masks[self._written] = self._mask(self._written)
        return self._masks[self._written]

    def advance(self, token: int) -> Self:
        """Return the state after `token`."""
        if self._written is None:
            return self
        written = self._written + self._vocabulary.token_bytes(token)
        if self._is_through(self._written, written) or self._may_end(token):
            return self._at(None)
        if written == self._written or not any(self._strings_from(written)):
            raise ValueError(
                f"token {token} makes the text {written!r}, which none of "
                f"{len(self._sorted)} allowed strings begins with; wanted a token of the mask."
            )
        return self._at(written)

    def _at(self, written: bytes | None) -> Self:
        state = copy(self)
        state._written = written  # noqa: SLF001 - a copy of this very object
        return state

    def _may_end(self, token: int) -> bool:
        return self._written in self._known and self._vocabulary.is_control(token)

    def _is_through(self, before: bytes, written: bytes) -> bool:
        """Tell whether a whole string lies behind, and nothing that could make it longer."""
        return any(
            self._is_ended(written[:length], written[length : length + 1])
            for length in range(len(before), len(written) + 1)
        )

    def _is_ended(self, string: bytes, next_byte: bytes) -> bool:
        if string not in self._known:
            return False
        has_ending = bool(next_byte) and next_byte[0] not in self._name_bytes
        return has_ending or not self._needs_ending(string)

    def _needs_ending(self, string: bytes) -> bool:
        return not string or string[-1] in self._name_bytes

    def _strings_from(self, written: bytes) -> Iterator[bytes]:
        first = bisect_left(self._sorted, written)
        return takewhile(
            lambda string: string.startswith(written), islice(self._sorted, first, None)
        )

    def _mask(self, written: bytes) -> Mask:
        mask = self._vocabulary.sorted_tokens.mask(self._spans(written))
        if written in self._known:
            mask[list(self._vocabulary.end_ids)] = True
        return mask

    def _spans(self, written: bytes) -> Iterator[Span]:
        """Walk along all strings at once; neighbours share the path of their common prefix."""
        tokens = self._vocabulary.sorted_tokens
        path = [tokens.all]  # path[n]: the tokens that begin with the first n bytes
        previous = b""
        for string in self._strings_from(written):
            rest = string[len(written) :]
            del path[_num_common_bytes(previous, rest) + 1 :]
            while path[-1] and len(path) <= len(rest):
                prefix = rest[: len(path)]
                path.append(tokens.starting_with(prefix, path[-1]))
                yield tokens.equal_to(prefix, path[-1])
            if path[-1]:
                yield from self._beyond(string, rest, path[-1])
            previous = rest

    def _beyond(self, string: bytes, rest: bytes, span: Span) -> Iterator[Span]:
        if not self._needs_ending(string):
            yield span
            return
        for first, last in self._ending_bytes:
            yield self._vocabulary.sorted_tokens.between(
                rest + bytes([first]), rest + bytes([last]), span
            )


class ForcedText(AllowedStrings):
    """The text goes on with exactly these bytes; the token that ends them may say more.

    One allowed string after which anything may follow.
    """

    def __init__(self, vocabulary: Vocabulary, text: bytes) -> None:
        super().__init__(vocabulary, (text,) if text else (), name_bytes=frozenset())


class Both:
    """Two constraints at once."""

    def __init__(self, first: TokenConstraint, second: TokenConstraint) -> None:
        self._first = first
        self._second = second

    def allowed(self) -> Mask | None:
        """Return the tokens both allow."""
        first, second = self._first.allowed(), self._second.allowed()
        if first is None or second is None:
            return second if first is None else first
        both: Mask = first & second
        return both

    def advance(self, token: int) -> "Both":
        """Move both on."""
        return Both(self._first.advance(token), self._second.advance(token))


def _num_common_bytes(left: bytes, right: bytes) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    shorter = min(len(left), len(right))
    return next((index for index, (byte, other) in pairs if byte != other), shorter)


class _Run(NamedTuple):
    """Neighbouring byte values, both ends included."""

    first: int
    last: int


def _runs_outside(name_bytes: AbstractSet[int]) -> Iterator[_Run]:
    for is_name, group in groupby(range(256), key=name_bytes.__contains__):
        run = tuple(group)
        if not is_name:
            yield _Run(run[0], run[-1])
