"""Keys and values of pieces of other files, computed once for whichever prompt has them next."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Self

from torch import Tensor

from engine.cache.alignment import ANCHOR_TOKENS
from engine.cache.arena import Arena
from engine.cache.ledger import Ledger, LedgerColumns
from engine.protocol.messages import TokenRange
from engine.tokens import TokenArray


@dataclass(frozen=True, slots=True, eq=False)
class StoredChunk:
    """The rows of one chunk, as some cache held them.

    Attributes:
        entries: What that cache's ledger knew of them, C of each.
        unrotated: Keys before they are turned, (layers, H_kv, C, D).
        values: (layers, H_kv, C, D).
    """

    entries: LedgerColumns
    unrotated: Tensor
    values: Tensor

    @property
    def tokens(self) -> TokenArray:
        """What the chunk says, (C,)."""
        return self.entries.tokens

    @property
    def num_bytes(self) -> int:
        """Memory held."""
        return self.unrotated.nbytes + self.values.nbytes

    @classmethod
    def of(cls, arena: Arena, ledger: Ledger, place: TokenRange) -> Self:
        """Copy the rows of `place`, all of which hold something."""
        rows = slice(place.start, place.stop)
        return cls(
            ledger.entries(place.start, place.stop),
            arena.unrotated[:, :, rows].clone(),
            arena.values[:, :, rows].clone(),
        )


class ChunkStore:
    """Chunks of one model, by their tokens, within a budget of bytes. Used by one thread at a time.

    A chunk is kept as it was first met. Its keys are not turned yet, so it may stand anywhere;
    its rows know what stood before them then, so they count as exact where that stands there
    again, and else as approximate. The least recently used ones go first.

    Source:
        EPIC, arXiv 2410.15332, and CacheBlend, arXiv 2405.16444: chunks that are computed once
        and reused wherever they stand.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._chunks: OrderedDict[bytes, StoredChunk] = OrderedDict()  # oldest use first
        self._num_bytes = 0

    @property
    def num_bytes(self) -> int:
        """Memory held by keys and values."""
        return self._num_bytes

    def find(self, tokens: TokenArray) -> StoredChunk | None:
        """Return the chunk of exactly these tokens, if it is held; that is a use."""
        key = tokens.tobytes()
        chunk = self._chunks.get(key)
        if chunk is not None:
            self._chunks.move_to_end(key)
        return chunk

    def take(self, arena: Arena, ledger: Ledger, place: TokenRange) -> None:
        """Keep what a cache holds of a chunk, unless its tokens are held already or too few."""
        tokens = ledger.tokens[place.start : place.stop]
        is_wanted = self._budget_bytes and len(tokens) >= ANCHOR_TOKENS
        if is_wanted and self.find(tokens) is None:
            self._add(StoredChunk.of(arena, ledger, place))

    def copy(self) -> "ChunkStore":
        """Return a store with the same chunks that may come to hold others."""
        other = ChunkStore(self._budget_bytes)
        other._chunks = self._chunks.copy()
        other._num_bytes = self._num_bytes
        return other

    def _add(self, chunk: StoredChunk) -> None:
        if chunk.num_bytes > self._budget_bytes:
            return
        self._chunks[chunk.tokens.tobytes()] = chunk
        self._num_bytes += chunk.num_bytes
        while self._num_bytes > self._budget_bytes:
            _, oldest = self._chunks.popitem(last=False)
            self._num_bytes -= oldest.num_bytes
