"""Token sequences on the wire: packed, and as the difference to the last one declared.

Both ends keep the last sequence of each document, numbered by a revision. One edit of a
long prompt then costs its own length, not the prompt's.
"""

import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.errors import UnknownBaseError, WireError
from engine.tokens import TokenArray, as_token_array, common_length

REMEMBERED_DOCUMENTS = 64
"""Sequences each end keeps; both forget the least recently declared, so they agree."""


@dataclass(frozen=True, slots=True)
class WholeTokens:
    """A sequence in full."""

    revision: int
    tokens: bytes  # little-endian int32


@dataclass(frozen=True, slots=True)
class SplicedTokens:
    """The sequence of revision `base` with `[start, stop)` replaced by `inserted`."""

    revision: int
    base: int
    start: int
    stop: int
    inserted: bytes  # little-endian int32
    checksum: int  # CRC-32 of the packed result


TokenChange = WholeTokens | SplicedTokens


class _Declared(NamedTuple):
    revision: int
    tokens: TokenArray


def pack_tokens(tokens: Sequence[int] | TokenArray) -> bytes:
    """Return `tokens` as little-endian int32."""
    return as_token_array(tokens).astype("<i4").tobytes()


def unpack_tokens(packed: bytes, where: str) -> TokenArray:
    """Undo `pack_tokens`; `where` names the field in the message.

    Raises:
        WireError: If the bytes are no whole number of int32.
    """
    if len(packed) % 4:
        raise WireError(f"`{where}` has {len(packed)} bytes, expected a multiple of 4.")
    return np.frombuffer(packed, dtype="<i4").astype(np.int32)


class TokenDeclarer:
    """The sender's end: turns each new sequence into the smallest change."""

    def __init__(self) -> None:
        self._declared: OrderedDict[str, _Declared] = OrderedDict()
        self._next_revision = 1

    def declare(self, document: str, tokens: Sequence[int]) -> TokenChange:
        """Return the change that tells the receiver that `document` now has `tokens`."""
        new = as_token_array(tokens)
        old = self._declared.get(document)
        revision = self._next_revision
        self._next_revision += 1
        _remember(self._declared, document, _Declared(revision, new))
        if old is None:
            return WholeTokens(revision, pack_tokens(new))
        return _splice(old, revision, new)

    def forget(self, document: str) -> None:
        """Declare `document` in full next time."""
        self._declared.pop(document, None)


class TokenLedger:
    """The receiver's end: turns changes back into sequences."""

    def __init__(self) -> None:
        self._declared: OrderedDict[str, _Declared] = OrderedDict()

    def apply(self, document: str, change: TokenChange) -> TokenArray:
        """Return the sequence that `document` has after `change`, (L,).

        Raises:
            UnknownBaseError: If the change does not build on the last sequence held.
            WireError: If the change contradicts itself.
        """
        if isinstance(change, WholeTokens):
            tokens = unpack_tokens(change.tokens, "tokens")
        else:
            tokens = self._spliced(document, change)
        _remember(self._declared, document, _Declared(change.revision, tokens))
        return tokens

    def forget(self, document: str) -> None:
        """Hold nothing for `document` any more."""
        self._declared.pop(document, None)

    def _spliced(self, document: str, change: SplicedTokens) -> TokenArray:
        held = self._declared.get(document)
        if held is None or held.revision != change.base:
            found = "none is held" if held is None else f"revision {held.revision} is held"
            raise UnknownBaseError(
                f"The tokens of {document} were sent as a change of revision {change.base}, but "
                f"{found}; they must be sent whole."
            )
        if not 0 <= change.start <= change.stop <= len(held.tokens):
            raise WireError(
                f"A change of [{change.start}, {change.stop}) is outside a sequence of "
                f"{len(held.tokens)} tokens."
            )
        inserted = unpack_tokens(change.inserted, "inserted")
        before, after = held.tokens[: change.start], held.tokens[change.stop :]
        tokens = np.concatenate([before, inserted, after])
        if _checksum(tokens) != change.checksum:
            raise UnknownBaseError(
                f"The tokens of {document} came out different from the sender's; they must be "
                "sent whole."
            )
        return tokens


def _remember(declared: OrderedDict[str, _Declared], document: str, entry: _Declared) -> None:
    declared[document] = entry
    declared.move_to_end(document)
    if len(declared) > REMEMBERED_DOCUMENTS:
        declared.popitem(last=False)


def _splice(old: _Declared, revision: int, new: TokenArray) -> SplicedTokens:
    start = common_length(old.tokens, new)
    tail = common_length(old.tokens[start:][::-1], new[start:][::-1])
    return SplicedTokens(
        revision=revision,
        base=old.revision,
        start=start,
        stop=len(old.tokens) - tail,
        inserted=pack_tokens(new[start : len(new) - tail]),
        checksum=_checksum(new),
    )


def _checksum(tokens: TokenArray) -> int:
    return zlib.crc32(tokens.astype("<i4").tobytes())
