"""The contract of a document's cache, whether it can rotate keys or only reuse prefixes."""

from collections.abc import Generator, Sequence
from typing import Protocol, TypeVar

from torch import Tensor

from engine.protocol.messages import CacheRun, SyncReport
from engine.tokens import TokenArray
from engine.types import Checkpoint

Result = TypeVar("Result")


def run_to_end(work: Generator[object, None, Result]) -> Result:
    """Do all of a piece of work that could be interleaved, and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: Result = end.value
            return result


class Branches(Protocol):
    """Candidates being written after one cache, whose prompt they read and never change.

    `first_logits` comes first, then `step` any number of times. Valid until a `sync` or a
    `refresh` changes the cache.
    """

    def first_logits(self, checkpoint: Checkpoint) -> Tensor:
        """Score the first token of every candidate. Returns (V,), float32."""
        ...

    def step(
        self, candidates: Sequence[int], tokens: Sequence[int], checkpoint: Checkpoint
    ) -> Tensor:
        """Append one token to each of the named candidates and score the next ones.

        One pass through the model for all of them. Interrupted, it leaves no trace.

        Args:
            candidates: Which candidates go on, by index; others stay as they are.
            tokens: One token for each of `candidates`.
            checkpoint: As for `DocumentCache.sync`.

        Returns:
            (len(candidates), V), float32.

        Raises:
            SupersededError: If the cache has changed since `first_logits`.
        """
        ...


class DocumentCache(Protocol):
    """Keys and values of one token sequence. Used by one thread at a time.

    `sync` and `refresh` are generators that yield between passes through the model, so that
    the caller may do something else in between. Dropped at any yield, or left by what a
    checkpoint raises, they leave the cache consistent; the next `sync` goes on from there.
    """

    @property
    def tokens(self) -> TokenArray:
        """The token sequence the cache is for, (L,)."""
        ...

    @property
    def exact_prefix(self) -> int:
        """How many leading tokens are known to equal a fresh prefill."""
        ...

    @property
    def num_bytes(self) -> int:
        """Memory held, in bytes."""
        ...

    @property
    def last_sync(self) -> SyncReport | None:
        """What the last finished sync did."""
        ...

    def sync(
        self, tokens: TokenArray, cursor: int, checkpoint: Checkpoint
    ) -> Generator[None, None, SyncReport]:
        """Make the cache hold exactly `tokens`.

        Args:
            tokens: (L,), at least one.
            cursor: Token index just past the text before the cursor.
            checkpoint: Called between layers, or only between passes where the model cannot
                be left in the middle; what it raises passes through.
        """
        ...

    def refresh(self, checkpoint: Checkpoint) -> Generator[int, None, None]:
        """Encode afresh what is approximate, front to back; yields tokens done per pass."""
        ...

    def branch(self, num_candidates: int, max_tokens: int) -> Branches:
        """Begin candidates of at most `max_tokens` each, after a finished sync.

        Raises:
            RuntimeError: If no sync has finished, or a later one was dropped.
        """
        ...

    def runs(self) -> tuple[CacheRun, ...]:
        """Describe every token: where it came from and whether it is exact."""
        ...

    def copy(self) -> "DocumentCache":
        """Return an independent cache with the same content, for another session."""
        ...
