"""What is known about each cached token: where it came from and under what it was encoded.

Each row keeps the hash of all tokens up to and including its own at the time it was encoded,
and whether all rows before it were exact then. A row is fresh if that is the hash of the tokens
that stand there now, and exact if it is fresh and was exact. So an undo makes rows exact again.
"""

from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.cache.alignment import Run
from engine.protocol.messages import CacheRun
from engine.tokens import TokenArray

Flags = NDArray[np.bool_]
"""(L,), one for each row."""
Hashes = NDArray[np.uint64]
_SEED = 0x5EED
_NO_TOKEN = -1


class Origin(IntEnum):
    """What the last sync or refresh did with a row."""

    KEPT = 0
    MOVED = 1
    ENCODED = 2


class LedgerColumns(NamedTuple):
    """All that a ledger knows, (L,) each, for keeping it elsewhere."""

    tokens: TokenArray
    encoded_under: Hashes
    is_encoded: Flags
    was_exact: Flags
    origins: NDArray[np.uint8]


class Ledger:
    """One entry per token of the prompt. Knows no tensors."""

    def __init__(self) -> None:
        self.tokens: TokenArray = np.empty(0, dtype=np.int32)
        self._hashes: Hashes = np.empty(0, dtype=np.uint64)  # of the tokens as they stand
        self._encoded_under: Hashes = np.empty(0, dtype=np.uint64)
        self._is_encoded: Flags = np.empty(0, dtype=np.bool_)
        self._was_exact: Flags = np.empty(0, dtype=np.bool_)
        self._origins: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def is_encoded(self) -> Flags:
        """Rows that hold keys and values at all."""
        return self._is_encoded

    @property
    def is_fresh(self) -> Flags:
        """Rows encoded since anything before them changed."""
        is_current: Flags = self._encoded_under == self._hashes
        return self._is_encoded & is_current

    @property
    def is_exact(self) -> Flags:
        """Rows that equal a fresh prefill."""
        return self.is_fresh & self._was_exact

    @property
    def exact_prefix(self) -> int:
        """How many leading rows are exact."""
        return _leading(self.is_exact)

    @property
    def reusable_tokens(self) -> TokenArray:
        """The tokens, with rows that hold nothing marked so that they match no token."""
        return np.where(self._is_encoded, self.tokens, _NO_TOKEN).astype(np.int32)

    def rearrange(self, tokens: TokenArray, runs: Sequence[Run]) -> None:
        """Take `tokens` as the prompt; entries of kept runs go with them."""
        before = (self._encoded_under, self._is_encoded, self._was_exact)
        length = len(tokens)
        self.tokens = tokens
        self._hashes = prefix_hashes(tokens)
        self._encoded_under = np.zeros(length, dtype=np.uint64)
        self._is_encoded = np.zeros(length, dtype=np.bool_)
        self._was_exact = np.zeros(length, dtype=np.bool_)
        self._origins = np.full(length, Origin.ENCODED, dtype=np.uint8)
        after = (self._encoded_under, self._is_encoded, self._was_exact)
        for run in runs:
            there = slice(run.old_start, run.old_start + run.length)
            here = slice(run.new_start, run.new_stop)
            for source, target in zip(before, after, strict=True):
                target[here] = source[there]
            is_moved = run.old_start != run.new_start
            self._origins[here] = Origin.MOVED if is_moved else Origin.KEPT

    def entries(self, start: int, stop: int) -> LedgerColumns:
        """Copy what is known of the rows [start, stop)."""
        rows = slice(start, stop)
        return LedgerColumns(
            self.tokens[rows].copy(),
            self._encoded_under[rows].copy(),
            self._is_encoded[rows].copy(),
            self._was_exact[rows].copy(),
            self._origins[rows].copy(),
        )

    def place(self, start: int, entries: LedgerColumns) -> None:
        """Enter rows from elsewhere at `start`, where the same tokens stand."""
        here = slice(start, start + len(entries.tokens))
        self._encoded_under[here] = entries.encoded_under
        self._is_encoded[here] = entries.is_encoded
        self._was_exact[here] = entries.was_exact
        self._origins[here] = Origin.MOVED

    def mark_encoded(self, rows: NDArray[np.intp]) -> None:
        """Record that a pass has encoded `rows`, ascending, each seeing all rows before it."""
        becomes_exact = self.is_exact
        becomes_exact[rows] = True
        first_inexact = _leading(becomes_exact)
        self._is_encoded[rows] = True
        self._encoded_under[rows] = self._hashes[rows]
        self._was_exact[rows] = rows < first_inexact
        self._origins[rows] = Origin.ENCODED

    def count(self, origin: Origin) -> int:
        """Count rows of one origin."""
        return int(np.count_nonzero(self._origins == origin))

    def runs(self) -> tuple[CacheRun, ...]:
        """Describe all rows as runs of one origin and exactness."""
        if not len(self):
            return ()
        is_exact = self.is_exact
        state = self._origins * 2 + is_exact
        cuts = [0, *(np.flatnonzero(np.diff(state)) + 1).tolist(), len(self)]
        return tuple(
            CacheRun(start, stop, Origin(self._origins[start]).name.lower(), bool(is_exact[start]))
            for start, stop in pairwise(cuts)
        )

    @property
    def columns(self) -> LedgerColumns:
        """What `from_columns` makes an equal ledger from; shared with this one."""
        return LedgerColumns(
            self.tokens, self._encoded_under, self._is_encoded, self._was_exact, self._origins
        )

    @classmethod
    def from_columns(cls, columns: LedgerColumns) -> "Ledger":
        """Return the ledger with these entries, which become its own."""
        ledger = cls()
        ledger.tokens = columns.tokens
        ledger._hashes = prefix_hashes(columns.tokens)
        ledger._encoded_under = columns.encoded_under
        ledger._is_encoded = columns.is_encoded
        ledger._was_exact = columns.was_exact
        ledger._origins = columns.origins
        return ledger

    def copy(self) -> "Ledger":
        """Return an independent ledger with the same entries."""
        other = Ledger()
        other.tokens = self.tokens
        for name in ("_hashes", "_encoded_under", "_is_encoded", "_was_exact", "_origins"):
            setattr(other, name, getattr(self, name).copy())
        return other


def prefix_hashes(tokens: TokenArray) -> Hashes:
    """Hash every prefix: element i covers tokens [0, i].

    A sum of each token times a random odd number of its position, modulo 2**64, so that all
    prefixes cost one pass and two different ones agree about once in 2**63.
    """
    terms = (tokens.astype(np.uint64) + np.uint64(1)) * _position_weights(len(tokens))
    hashes: Hashes = np.cumsum(terms, dtype=np.uint64)
    return hashes


def _position_weights(length: int) -> Hashes:
    """Return the same random odd numbers every time."""
    generator = np.random.Generator(np.random.PCG64(_SEED))
    return generator.integers(0, 2**63, length, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def _leading(flags: Flags) -> int:
    """Count leading true flags."""
    wrong = np.flatnonzero(~flags)
    return int(wrong[0]) if len(wrong) else len(flags)
