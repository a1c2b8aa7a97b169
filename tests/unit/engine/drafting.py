"""Drafters that a test can rely on: never right, always right, and trees of all kinds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from engine.cache.base import Proposal
from engine.decoding.candidate import Candidate
from engine.decoding.drafts.base import Drafting
from engine.protocol.messages import GenerationRequest

Propose = Callable[[Candidate], Proposal]


@dataclass
class ScriptedDrafter:
    """Proposes what a function says, for every request."""

    propose_for: Propose

    def begin(self, request: GenerationRequest) -> Drafting:
        del request
        return self

    def propose(self, candidates: Sequence[Candidate]) -> list[Proposal]:
        return [self.propose_for(candidate) for candidate in candidates]

    def learn(self, candidates: Sequence[Candidate], scores: Tensor) -> None:
        pass


def oracle(texts: Sequence[Sequence[int]], length: int) -> ScriptedDrafter:
    """Draft the next `length` tokens of what each candidate is going to write."""

    def propose(candidate: Candidate) -> Proposal:
        done = len(candidate.tokens)
        ahead = tuple(texts[candidate.index][done : done + length])
        tokens = (candidate.tokens[-1], *ahead)
        return Proposal(candidate.index, tokens, (0, *range(len(ahead))))

    return ScriptedDrafter(propose)


def garbage(vocabulary_size: int, length: int) -> ScriptedDrafter:
    """Draft random trees over all tokens, control tokens too."""
    generator = np.random.default_rng(11)

    def propose(candidate: Candidate) -> Proposal:
        drafts = generator.integers(0, vocabulary_size, length).tolist()
        parents = [0, *(int(generator.integers(0, node)) for node in range(1, length + 1))]
        return Proposal(candidate.index, (candidate.tokens[-1], *drafts), tuple(parents))

    return ScriptedDrafter(propose)


def twins(texts: Sequence[Sequence[int]]) -> ScriptedDrafter:
    """Draft a tree that says everything twice: right tokens below wrong ones, and below both."""

    def propose(candidate: Candidate) -> Proposal:
        done = len(candidate.tokens)
        ahead = [*texts[candidate.index], 3, 3][done : done + 2]
        tokens = (candidate.tokens[-1], ahead[0], ahead[0], 5, ahead[1], ahead[1], ahead[1], 5)
        return Proposal(candidate.index, tokens, (0, 0, 0, 0, 2, 1, 1, 6))

    return ScriptedDrafter(propose)
