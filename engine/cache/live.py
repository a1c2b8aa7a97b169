"""The live cache: one token sequence, one operation that makes it another."""

import time
from collections.abc import Callable, Generator, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.cache.arena import Arena, SavedRows
from engine.cache.arrangement import Arrangement, arrange
from engine.cache.attention import ArenaAttention, causal_groups
from engine.cache.branches import ArenaBranches
from engine.cache.chunks import ChunkStore
from engine.cache.ledger import Ledger, Origin
from engine.cache.parts import CacheParts
from engine.cache.probe import CacheProbe
from engine.cache.repair import RepairPolicy, Situation, WindowRepair
from engine.cache.slices import DEFAULT_SLICE_TOKENS, RowIndices, pack_slices
from engine.model.decoder import Decoder
from engine.model.rotary import RotaryTable
from engine.protocol.messages import CacheRun, SyncReport, TokenRange
from engine.tokens import TokenArray
from engine.types import Checkpoint

MakeArena = Callable[[Decoder, Sequence[RotaryTable]], Arena]


class LiveCache:
    """Keys and values of one prompt, moved, turned and mended as the prompt changes.

    After `refresh` to the end it equals a fresh prefill of the same tokens: bit for bit when
    both were encoded on the same grid of slices, otherwise within rounding. Implements
    `DocumentCache`.

    Source:
        Positional Integrity Encoding, arXiv 2407.03157: reuse after an edit by turning keys.
    """

    def __init__(
        self,
        parts: CacheParts,
        policy: RepairPolicy | None = None,
        slice_tokens: int = DEFAULT_SLICE_TOKENS,
        make_arena: MakeArena = Arena,
        store: ChunkStore | None = None,
    ) -> None:
        """Begin empty.

        Args:
            parts: Of the model; shared.
            policy: What to encode afresh beside new tokens.
            slice_tokens: Most tokens in one pass through the model.
            make_arena: Another way to keep rows, for measuring what this one is worth.
            store: Of the same model; shared. Without one, only what this cache holds is reused.
        """
        self._parts = parts
        self._policy = policy or WindowRepair()
        self._slice_tokens = slice_tokens
        self._make_arena = make_arena
        self._store = ChunkStore(budget_bytes=0) if store is None else store
        self._arena = make_arena(parts.decoder, parts.tables)
        self._device = parts.decoder.device
        self._ledger = Ledger()
        self._last_hidden: Tensor | None = None  # (1, hidden), of the last token
        self._last_sync: SyncReport | None = None
        self._mended_cursor: int | None = None  # of the last sync, if it was finished
        self._front = self._ledger.tokens  # up to the last chunk, of the last finished sync
        self._version = 0

    @property
    def tokens(self) -> TokenArray:
        """The prompt, (L,)."""
        return self._ledger.tokens

    @property
    def exact_prefix(self) -> int:
        """How many leading tokens equal a fresh prefill."""
        return self._ledger.exact_prefix

    @property
    def num_bytes(self) -> int:
        """Memory held by keys and values."""
        return self._arena.num_bytes

    @property
    def last_sync(self) -> SyncReport | None:
        """What the last sync did that had anything to do."""
        return self._last_sync

    @property
    def version(self) -> int:
        """Changes whenever rows do; branches of an older version are void."""
        return self._version

    @property
    def arena(self) -> Arena:
        """The memory, for candidates and for tests."""
        return self._arena

    @property
    def ledger(self) -> Ledger:
        """What is known of each row, for snapshots and for tests."""
        return self._ledger

    def adopt(self, ledger: Ledger) -> None:
        """Take `ledger` for what the arena holds, which someone else has filled."""
        self._changed()
        self._ledger = ledger
        self._mended_cursor = None

    def runs(self) -> tuple[CacheRun, ...]:
        """Describe every token."""
        return self._ledger.runs()

    def sync(
        self,
        tokens: TokenArray,
        cursor: int,
        checkpoint: Checkpoint,
        chunks: Sequence[TokenRange] = (),
    ) -> Generator[None, None, SyncReport]:
        """Hold exactly `tokens`: move what is known, encode what is new, mend what matters.

        Asked again for what it holds and has mended, it does nothing, and what the last sync did
        stays told. Dropped or interrupted at any point, what is encoded so far stays usable.
        """
        started = time.perf_counter()
        if cursor == self._mended_cursor and np.array_equal(tokens, self._ledger.tokens):
            return self._report_nothing(started)
        rows = self._rearrange(np.asarray(tokens, dtype=np.int32), cursor, chunks, checkpoint)
        for piece in pack_slices(rows, self._slice_tokens):
            self._encode(piece, checkpoint)
            yield
        for place in chunks:
            self._store.take(self._arena, self._ledger, place)
        self._mended_cursor = cursor
        self._front = _front_of(self._ledger.tokens, chunks)
        self._last_sync = SyncReport(
            prompt=len(self._ledger),
            kept=self._ledger.count(Origin.KEPT),
            moved=self._ledger.count(Origin.MOVED),
            encoded=len(rows),
            exact_prefix=self._ledger.exact_prefix,
            sync_ms=(time.perf_counter() - started) * 1000,
        )
        return self._last_sync

    def refresh(self, checkpoint: Checkpoint) -> Generator[int, None, None]:
        """Encode afresh every row that is not exact, front to back, a slice at a time.

        Slices end on the grid that a fresh prefill uses. Yields the tokens of each pass.
        """
        while (start := self._ledger.exact_prefix) < len(self._ledger):
            stop = min((start // self._slice_tokens + 1) * self._slice_tokens, len(self._ledger))
            rows = start + np.flatnonzero(~self._ledger.is_exact[start:stop])
            self._encode(rows, checkpoint)
            yield len(rows)

    def branch(self, num_candidates: int, max_tokens: int, max_drafts: int = 0) -> ArenaBranches:
        """Begin candidates in scratch rows behind the prompt."""
        if not len(self._ledger) or not self._ledger.is_encoded.all():
            raise RuntimeError("candidates were begun on a cache whose sync has not finished")
        self._arena.reserve(len(self._ledger) + num_candidates * max_tokens + max_drafts)
        return ArenaBranches(self, self._parts, num_candidates)

    def last_hidden(self, checkpoint: Checkpoint) -> Tensor:
        """Return the hidden state of the last token, (1, hidden), encoding it if need be."""
        if self._last_hidden is None:
            self._encode(np.array([len(self._ledger) - 1]), checkpoint)
        assert self._last_hidden is not None  # noqa: S101  (encoding the last row sets it)
        return self._last_hidden

    def copy(self) -> "LiveCache":
        """Return an independent cache with the same content."""
        return self.copy_under(self._policy, self._make_arena, self._store)

    def copy_under(
        self,
        policy: RepairPolicy,
        make_arena: MakeArena = Arena,
        store: ChunkStore | None = None,
    ) -> "LiveCache":
        """Return an independent cache with the same content that will go on otherwise."""
        other = LiveCache(self._parts, policy, self._slice_tokens, make_arena, store)
        other._ledger = self._ledger.copy()
        other._arena.copy_from(self._arena, len(self._ledger))
        other._mended_cursor = self._mended_cursor
        other._front = self._front
        return other

    def _rearrange(
        self,
        tokens: TokenArray,
        cursor: int,
        chunks: Sequence[TokenRange],
        checkpoint: Checkpoint,
    ) -> RowIndices:
        """Move known rows to their new places; return the rows to encode, ascending."""
        is_same = np.array_equal(tokens, self._ledger.tokens)
        if not is_same or not self._ledger.is_encoded.all():
            self._changed()
        self._mended_cursor = None
        arrangement = arrange(self._ledger.reusable_tokens, tokens, chunks, self._store)
        self._arena.reserve(len(tokens))
        self._arena.move(arrangement.runs)
        self._ledger.rearrange(tokens, arrangement.runs)
        for start, chunk in arrangement.borrowed:
            self._arena.place(start, chunk.unrotated, chunk.values)
            self._ledger.place(start, chunk.entries)
        situation = self._situation(arrangement, cursor, chunks, checkpoint)
        return np.flatnonzero(~self._ledger.is_encoded | self._policy.select(situation))

    def _report_nothing(self, started: float) -> SyncReport:
        return SyncReport(
            prompt=len(self._ledger),
            kept=len(self._ledger),
            moved=0,
            encoded=0,
            exact_prefix=self._ledger.exact_prefix,
            sync_ms=(time.perf_counter() - started) * 1000,
        )

    def _situation(
        self,
        arrangement: Arrangement,
        cursor: int,
        chunks: Sequence[TokenRange],
        checkpoint: Checkpoint,
    ) -> Situation:
        return Situation(
            tokens=self._ledger.tokens,
            removed=arrangement.removed,
            runs=arrangement.pieces,
            is_fresh=self._ledger.is_fresh,
            is_encoded=self._ledger.is_encoded,
            cursor=cursor,
            probe=CacheProbe(
                self._parts, self._arena, self._ledger, self._slice_tokens, checkpoint
            ),
            chunks=chunks,
            has_other_chunks=not np.array_equal(
                self._front, _front_of(self._ledger.tokens, chunks)
            ),
        )

    def _changed(self) -> None:
        self._version += 1
        self._last_hidden = None

    def _encode(self, rows: RowIndices, checkpoint: Checkpoint) -> None:
        """Run the tokens at `rows` through the model, each seeing all rows up to its own.

        Interrupted or failed, it leaves the arena as it was.
        """
        journal = _Journal(self._arena, rows[self._ledger.is_encoded[rows]], self._device)
        index = torch.from_numpy(rows).to(self._device)
        attention = ArenaAttention(
            self._arena,
            self._parts,
            rows=index,
            positions=index,
            groups=causal_groups(rows, self._device),
            before_write=journal.save,
        )
        tokens = torch.from_numpy(self._ledger.tokens[rows].astype(np.int64))
        started = time.perf_counter()
        try:
            hidden = self._parts.decoder.forward(tokens.to(index.device), attention, checkpoint)
        except BaseException:
            journal.undo()
            raise
        self._parts.pace.took(len(rows), (time.perf_counter() - started) * 1000)
        self._ledger.mark_encoded(rows)
        self._changed()
        if rows[-1] == len(self._ledger) - 1:
            self._last_hidden = hidden[-1:]


def _front_of(tokens: TokenArray, chunks: Sequence[TokenRange]) -> TokenArray:
    """Return the tokens up to the end of the last chunk."""
    return tokens[: chunks[-1].stop] if chunks else tokens[:0]


class _Journal:
    """Old content of rows that a pass overwrites, layer by layer."""

    def __init__(self, arena: Arena, rows: RowIndices, device: torch.device) -> None:
        self._arena = arena
        self._rows = torch.from_numpy(rows).to(device)
        self._saved: list[SavedRows] = []

    def save(self, layer: int) -> None:
        if len(self._rows):
            self._saved.append(self._arena.save(layer, self._rows))

    def undo(self) -> None:
        for saved in self._saved:
            self._arena.restore(saved)
