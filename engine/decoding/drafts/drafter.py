"""Everything about drafts that one model keeps, and its use for one request."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from engine.cache.base import Proposal
from engine.decoding.candidate import Candidate
from engine.decoding.constraint import TokenConstraint, follow
from engine.decoding.drafts.acceptance import Acceptance
from engine.decoding.drafts.base import Evidence, Source
from engine.decoding.drafts.costs import FixedCosts, PassCosts
from engine.decoding.drafts.forced import Forced
from engine.decoding.drafts.lookup import MAX_MATCH, Lookup
from engine.decoding.drafts.planning import Root, plan
from engine.decoding.drafts.previous import PreviousSuggestions, Suggestion
from engine.decoding.drafts.priors import PRIORS
from engine.decoding.drafts.recycling import LONGEST_CONTEXT, RecycledTokens, Recycling
from engine.decoding.vocabulary import Vocabulary
from engine.protocol.messages import GenerationRequest
from engine.tokens import TokenArray

MAX_CHILDREN = 1
"""Lines. Trees of two or four children were measured within 2 % for new text, and 4 to 12 % slower
where a suggestion is written again after an edit."""

_Guesses = Mapping[int, list[Evidence]]
"""What speaks for each token that may come next."""


class LearningDrafter:
    """Recycled tokens, last suggestions and acceptance rates of one model.

    Implements `Drafter`.
    Used by one thread. Requests in turns may share it: what one learns the others draft with,
    and nothing of it changes what is written.

    Args:
        vocabulary: Of the model.
        costs: Of passes; told of each that is run.
        max_children: Of a node; 1 makes every tree a line.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        costs: PassCosts | None = None,
        max_children: int = MAX_CHILDREN,
    ) -> None:
        self.vocabulary = vocabulary
        self.costs = costs or FixedCosts()
        self.max_children = max_children
        self.recycled = RecycledTokens()
        self.previous = PreviousSuggestions()
        self.acceptance = Acceptance(PRIORS)

    def begin(self, request: GenerationRequest) -> "RequestDrafts":
        """Begin to draft for one request."""
        return RequestDrafts(self, request)


@dataclass(slots=True)
class _Progress:
    """One candidate between two passes."""

    sources: tuple[Source, ...]
    num_known: int = 0  # tokens that the sources have been told
    asked: dict[tuple[int, ...], _Guesses] = field(default_factory=dict)  # by way from the root
    constraints: dict[tuple[int, ...], TokenConstraint] = field(default_factory=dict)


class RequestDrafts:
    """Drafts for the candidates of one request. Implements `Drafting`."""

    def __init__(self, drafter: LearningDrafter, request: GenerationRequest) -> None:
        self._drafter = drafter
        self._before = tuple(request.tokens[max(0, request.cursor - MAX_MATCH) : request.cursor])
        self._max_tokens = request.max_tokens
        prompt = np.asarray(request.tokens, dtype=np.int32)
        document = np.concatenate([prompt[request.cursor :], prompt[: request.cursor]])
        previous = drafter.previous.material(request.document)
        self._progress = [
            _Progress(self._sources(request, document, previous))
            for _ in range(request.num_candidates)
        ]
        self._suggestion: Suggestion = drafter.previous.begin(request.document, self._before)
        self._proposals: list[Proposal] = []
        self._proposed_s = 0.0  # when

    def propose(self, candidates: Sequence[Candidate]) -> list[Proposal]:
        """Draft for all candidates, within one pass."""
        for candidate in candidates:
            self._tell_sources(candidate)
        roots = [
            Root(
                candidate.index, candidate.tokens[-1], self._max_tokens - len(candidate.tokens) - 1
            )
            for candidate in candidates
        ]

        def expand(place: int, path: tuple[int, ...]) -> Mapping[int, float]:
            guesses = self._guesses(candidates[place], path)
            probability = self._drafter.acceptance.probability
            return {token: probability(evidence) for token, evidence in guesses.items()}

        self._proposals = plan(roots, expand, self._drafter.costs.table, self._drafter.max_children)
        self._proposed_s = time.perf_counter()
        return self._proposals

    def learn(self, candidates: Sequence[Candidate], scores: Tensor) -> None:
        """Recycle what the pass has scored, and see which guesses came true."""
        num_tokens = sum(len(proposal.tokens) for proposal in self._proposals)
        self._drafter.costs.observe(num_tokens, time.perf_counter() - self._proposed_s)
        self._recycle(candidates, scores)
        for candidate in candidates:
            self._observe(candidate)
            if candidate.index == 0:
                self._suggestion.tokens = [*self._before, *candidate.tokens]

    def _sources(
        self, request: GenerationRequest, document: TokenArray, previous: TokenArray
    ) -> tuple[Source, ...]:
        return (
            Lookup("document", document, self._before, room=request.max_tokens),
            Lookup("previous", previous, self._before),
            Recycling(self._drafter.recycled, self._before),
            Forced(self._drafter.vocabulary, request.forced_text),
        )

    def _tell_sources(self, candidate: Candidate) -> None:
        progress = self._progress[candidate.index]
        chosen = candidate.tokens[progress.num_known :]
        for source in progress.sources:
            source.accept(chosen)
        progress.num_known = len(candidate.tokens)
        progress.asked.clear()
        progress.constraints = {(): candidate.constraint}

    def _guesses(self, candidate: Candidate, path: tuple[int, ...]) -> _Guesses:
        """Ask all sources what may follow `path`, once, and leave out what is forbidden."""
        progress = self._progress[candidate.index]
        if path not in progress.asked:
            written = [*candidate.tokens[: progress.num_known], *path]
            evidence: dict[int, list[Evidence]] = defaultdict(list)
            for source in progress.sources:
                for guess in source.guesses(written):
                    evidence[guess.token].append(guess.evidence)
            progress.asked[path] = dict(_permitted(progress, path, evidence))
        return progress.asked[path]

    def _observe(self, candidate: Candidate) -> None:
        """Compare every guess on the way that was taken with the token that was chosen."""
        progress = self._progress[candidate.index]
        chosen = tuple(candidate.tokens[progress.num_known :])
        for depth, token in enumerate(chosen):
            for guess, evidence in progress.asked.get(chosen[:depth], {}).items():
                self._drafter.acceptance.observe(evidence, is_hit=guess == token)

    def _recycle(self, candidates: Sequence[Candidate], scores: Tensor) -> None:
        contexts: list[Sequence[int]] = []
        for candidate, proposal in zip(candidates, self._proposals, strict=True):
            known = self._progress[candidate.index].num_known
            ways = [(*self._before, *candidate.tokens[:known])[-LONGEST_CONTEXT:]]
            for token, parent in zip(proposal.tokens[1:], proposal.parents[1:], strict=True):
                ways.append((*ways[parent], token)[-LONGEST_CONTEXT:])
            contexts += ways
        self._drafter.recycled.store(contexts, scores)


def _permitted(
    progress: _Progress, path: tuple[int, ...], guesses: _Guesses
) -> Iterator[tuple[int, list[Evidence]]]:
    """Yield the guesses that may follow `path`; the others could never be chosen."""
    for token, evidence in guesses.items():
        constraint = follow(progress.constraints[path], token)
        if constraint is not None:
            progress.constraints[(*path, token)] = constraint
            yield token, evidence
