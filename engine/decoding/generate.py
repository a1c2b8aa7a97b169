"""Writes several texts at once after one cache."""

from collections.abc import Generator, Iterable, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from engine.cache.base import DocumentCache, Proposal
from engine.decoding.candidate import Candidate, Events
from engine.decoding.constraint import constraint_of
from engine.decoding.drafts.base import MAX_DRAFTS, Drafter, NoDrafts
from engine.decoding.sampling import Chooser, choose_likeliest, chooser_for
from engine.decoding.stops import StopFilter
from engine.decoding.tally import Tally
from engine.decoding.vocabulary import Vocabulary
from engine.errors import EngineError
from engine.protocol.messages import Decoded, FinishReason, GenerationRequest, Piece
from engine.types import Checkpoint


def decode(
    cache: DocumentCache,
    request: GenerationRequest,
    vocabulary: Vocabulary,
    checkpoint: Checkpoint,
    *,
    drafter: Drafter | None = None,
) -> Generator[Events, None, None]:
    """Write the texts that `request` asks for, a token or more of each per pass.

    Yields after each pass what it brought, a report first. A candidate that has finished
    leaves the batch. A piece has one token, and as much text as is certain: an end that may be
    the start of a stop string is held back, and comes with a later piece, or in one of its own
    at the end. Text may be cut within a character.

    A candidate finishes with STOP at a stop string, none of which may begin within the
    forced text, and where forced text and continuations leave no token at all; with
    END_OF_TEXT at a control token, which is not delivered; and with LENGTH at `max_tokens`,
    forced tokens included.

    Candidate 0 is greedy if there are several; all others follow `request.sampling`, each
    with random numbers of its own.

    Drafts change nothing of the text but for rounding: each token is chosen from the model's
    scores as without them, and a draft that is not the token chosen is dropped.

    Args:
        cache: Synced to the request's tokens; not changed.
        request: What to write.
        vocabulary: Of the model.
        checkpoint: Called between layers. What it raises passes through and ends the
            generator; the cache needs no repair.
        drafter: Who guesses ahead, if the request and the cache allow drafts.

    Raises:
        EngineError: If the request makes no sense, or the model's scores are not numbers.
        SupersededError: If the cache was changed between two passes.
    """
    _require_sense(request)
    candidates = _begin(request, vocabulary)
    if request.max_tokens <= 0:
        yield _join(candidate.finish(FinishReason.LENGTH) for candidate in candidates)
        return
    writing = _Writing(cache, request, candidates, drafter)
    yield writing.begin(checkpoint)
    while writing.is_open:
        yield writing.step(checkpoint)


class _Writing:
    """The candidates of one request, pass by pass."""

    def __init__(
        self,
        cache: DocumentCache,
        request: GenerationRequest,
        candidates: list[Candidate],
        drafter: Drafter | None,
    ) -> None:
        self._candidates = candidates
        self._branches = cache.branch(len(candidates), request.max_tokens, MAX_DRAFTS)
        may_draft = request.drafts and self._branches.takes_drafts
        self._drafting = drafter.begin(request) if drafter and may_draft else NoDrafts()
        self._tally = Tally()

    @property
    def is_open(self) -> bool:
        """Whether a candidate has not finished."""
        return bool(self._candidates)

    def begin(self, checkpoint: Checkpoint) -> Events:
        """Choose the first tokens, from the scores that the prompt has left."""
        with self._tally.measured():
            scores = self._branches.first_logits(checkpoint).numpy(force=True)
            events = _join(candidate.advance(scores) for candidate in self._candidates)
        return self._delivered(events)

    def step(self, checkpoint: Checkpoint) -> Events:
        """Run one pass and choose as many tokens as it allows."""
        with self._tally.measured():
            proposals = self._drafting.propose(self._candidates)
            scores = self._branches.step(proposals, checkpoint)
            rows: NDArray[np.float32] = scores.numpy(force=True)
            events = _join(
                self._follow(candidate, proposal, rows[start:])
                for candidate, proposal, start in zip(
                    self._candidates, proposals, _starts(proposals), strict=True
                )
            )
            self._drafting.learn(self._candidates, scores)
            self._tally.count_pass(proposals)
        return self._delivered(events)

    def _follow(
        self, candidate: Candidate, proposal: Proposal, rows: NDArray[np.float32]
    ) -> Events:
        """Choose tokens down the proposal's tree, as long as the one chosen is drafted there."""
        events: Events = ()
        node: int | None = 0
        path = []
        while node is not None:
            path.append(node)
            events += candidate.advance(rows[node])
            if candidate.is_finished:
                break
            node = proposal.child(node, candidate.tokens[-1])
        self._branches.keep(candidate.index, path)
        self._tally.accepted += len(path) - 1
        return events

    def _delivered(self, events: Events) -> Events:
        self._candidates = [
            candidate for candidate in self._candidates if not candidate.is_finished
        ]
        self._tally.tokens += sum(len(event.tokens) for event in events if isinstance(event, Piece))
        return (Decoded(self._tally.report()), *events)


def _starts(proposals: Sequence[Proposal]) -> list[int]:
    """Return the row of each proposal's first node."""
    return [0, *accumulate(len(proposal.tokens) for proposal in proposals)][:-1]


def _require_sense(request: GenerationRequest) -> None:
    if request.num_candidates < 1:
        raise EngineError(
            f"The request asks for {request.num_candidates} candidates; ask for at least one."
        )
    if b"" in request.stops:
        raise EngineError(
            "One of the request's stop strings is empty, which would end every text at once; "
            "leave it out."
        )


def _begin(request: GenerationRequest, vocabulary: Vocabulary) -> list[Candidate]:
    constraint = constraint_of(vocabulary, request.forced_text, request.continuations)
    return [
        Candidate(
            index,
            vocabulary=vocabulary,
            choose=_chooser(request, index),
            stops=StopFilter(request.stops, exempt_bytes=len(request.forced_text)),
            constraint=constraint,
            max_tokens=request.max_tokens,
        )
        for index in range(request.num_candidates)
    ]


def _chooser(request: GenerationRequest, index: int) -> Chooser:
    is_first_of_several = index == 0 and request.num_candidates > 1
    return choose_likeliest if is_first_of_several else chooser_for(request.sampling, index)


def _join(events: Iterable[Events]) -> Events:
    return tuple(event for group in events for event in group)
