"""The contract of a document's cache, whether it can rotate keys or only reuse prefixes."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from torch import Tensor

from engine.protocol.messages import CacheRun, SyncReport, TokenRange
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


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one candidate goes on with: its last token, and perhaps drafts of what follows.

    Node 0 is the last token chosen and its own parent. Every further node is a draft that
    follows its parent, an earlier node. So a line is the tree `(0, 0, 1, 2, ...)`.
    """

    candidate: int
    tokens: tuple[int, ...]
    parents: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        """Raise ValueError where the parents are not those of a tree."""
        later = any(parent >= node for node, parent in enumerate(self.parents[1:], start=1))
        if len(self.parents) != len(self.tokens) or self.parents[:1] != (0,) or later:
            raise ValueError(
                f"{len(self.tokens)} tokens have the parents {self.parents}; wanted 0 for the "
                "first and an earlier node for each other."
            )

    def child(self, node: int, token: int) -> int | None:
        """Return the first node that follows `node` with `token`."""
        nodes = range(node + 1, len(self.tokens))
        matches = (n for n in nodes if self.parents[n] == node and self.tokens[n] == token)
        return next(matches, None)


class Branches(Protocol):
    """Candidates being written after one cache, whose prompt they read and never change.

    `first_logits` comes first, then `step` any number of times, with `keep` after a step that
    had drafts. Valid until a `sync` or a `refresh` changes the cache.
    """

    @property
    def takes_drafts(self) -> bool:
        """Whether a proposal may have more than one node."""
        ...

    def first_logits(self, checkpoint: Checkpoint) -> Tensor:
        """Score the first token of every candidate. Returns (V,), float32."""
        ...

    def step(self, proposals: Sequence[Proposal], checkpoint: Checkpoint) -> Tensor:
        """Append the nodes of each proposal to its candidate and score what follows each.

        One pass through the model for all of them. A node sees the prompt, its candidate's
        tokens and the nodes above it. Interrupted, it leaves no trace.

        Args:
            proposals: At most one for a candidate; others stay as they are.
            checkpoint: As for `DocumentCache.sync`.

        Returns:
            (sum of nodes, V), float32: the nodes of the first proposal, then the next one's.

        Raises:
            SupersededError: If the cache has changed since `first_logits`.
            ValueError: If there are drafts where `takes_drafts` is false.
        """
        ...

    def keep(self, candidate: int, path: Sequence[int]) -> None:
        """Make nodes of the candidate's last proposal its own: a way from node 0 downwards.

        Without it, only node 0 is kept. What is not kept is never seen again.
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
        """What the last finished sync did that had anything to do."""
        ...

    def sync(
        self,
        tokens: TokenArray,
        cursor: int,
        checkpoint: Checkpoint,
        chunks: Sequence[TokenRange] = (),
    ) -> Generator[None, None, SyncReport]:
        """Make the cache hold exactly `tokens`.

        Args:
            tokens: (L,), at least one.
            cursor: Token index just past the text before the cursor.
            checkpoint: Called between layers, or only between passes where the model cannot
                be left in the middle; what it raises passes through.
            chunks: Where pieces of other files stand in it, in order and apart, for caches that
                can make use of having met them before.
        """
        ...

    def refresh(self, checkpoint: Checkpoint) -> Generator[int, None, None]:
        """Encode afresh what is approximate, front to back; yields tokens done per pass."""
        ...

    def branch(self, num_candidates: int, max_tokens: int, max_drafts: int = 0) -> Branches:
        """Begin candidates of at most `max_tokens` each, after a finished sync.

        `max_drafts` is how many drafts all proposals of one step may have together.

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
