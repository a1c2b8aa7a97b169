"""The contracts of drafting: who guesses a token, and who proposes nodes for a pass."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from torch import Tensor

from engine.cache.base import Proposal
from engine.decoding.candidate import Candidate
from engine.protocol.messages import GenerationRequest


class Evidence(NamedTuple):
    """Why a token was guessed. There are few, for each has an acceptance rate of its own."""

    source: str
    strength: int  # more is better within a source


class Guess(NamedTuple):
    """A token that may come next."""

    token: int
    evidence: Evidence


class Source(Protocol):
    """Guesses the next token of one candidate. Cheap: it is asked for every node of a draft."""

    def guesses(self, written: Sequence[int]) -> Iterable[Guess]:
        """Say what may follow after `written`, best first, each token once.

        Args:
            written: All tokens of the candidate, and the drafts on the way to this node.
        """
        ...

    def accept(self, tokens: Sequence[int]) -> None:
        """Take note of tokens that the candidate has chosen."""
        ...


class Drafting(Protocol):
    """Drafts for one request, pass by pass: `propose`, then `learn`, and so on."""

    def propose(self, candidates: Sequence[Candidate]) -> list[Proposal]:
        """Return one proposal for each candidate; node 0 is the last token it chose.

        All together have at most `MAX_DRAFTS` drafts.
        """
        ...

    def learn(self, candidates: Sequence[Candidate], scores: Tensor) -> None:
        """Take note of what became of the proposals for the same candidates.

        Args:
            candidates: They have chosen their tokens by now.
            scores: (sum of nodes, V), what the model said after each node.
        """
        ...


class Drafter(Protocol):
    """Drafts for any request of one model."""

    def begin(self, request: GenerationRequest) -> Drafting:
        """Begin to draft for one request."""
        ...


MAX_DRAFTS = 15
"""Most drafts in one pass, which so has at most 16 tokens for a single candidate."""


class NoDrafts:
    """One token of each candidate per pass. Implements `Drafting`."""

    def propose(self, candidates: Sequence[Candidate]) -> list[Proposal]:
        """Return the last token of each candidate."""
        return [Proposal(candidate.index, (candidate.tokens[-1],)) for candidate in candidates]

    def learn(self, candidates: Sequence[Candidate], scores: Tensor) -> None:
        """Do nothing."""
