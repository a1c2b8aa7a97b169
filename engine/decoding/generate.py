"""Writes several texts at once after one cache."""

from collections.abc import Generator, Iterable

from engine.cache.base import DocumentCache
from engine.decoding.candidate import Candidate, Events
from engine.decoding.constraint import Both, ForcedText, TokenConstraint
from engine.decoding.sampling import Chooser, Scores, choose_likeliest, chooser_for
from engine.decoding.stops import StopFilter
from engine.decoding.vocabulary import Vocabulary
from engine.errors import EngineError
from engine.protocol.messages import FinishReason, GenerationRequest
from engine.types import Checkpoint


def decode(
    cache: DocumentCache,
    request: GenerationRequest,
    vocabulary: Vocabulary,
    checkpoint: Checkpoint,
    constraint: TokenConstraint | None = None,
) -> Generator[Events, None, None]:
    """Write the texts that `request` asks for, one token of each per pass through the model.

    Yields after each pass what it brought. A candidate that has finished leaves the batch.
    A piece has one token, and as much text as is certain: an end that may be the start of a
    stop string is held back, and comes with a later piece, or in one of its own at the end.
    Text may be cut within a character.

    A candidate finishes with STOP at a stop string, none of which may begin within the
    forced text, and where constraints leave no token at all; with END_OF_TEXT at a control
    token, which is not delivered; and with LENGTH at `max_tokens`, forced tokens included.

    Candidate 0 is greedy if there are several; all others follow `request.sampling`, each
    with random numbers of its own.

    Args:
        cache: Synced to the request's tokens; not changed.
        request: What to write.
        vocabulary: Of the model.
        checkpoint: Called between layers. What it raises passes through and ends the
            generator; the cache needs no repair.
        constraint: What every candidate obeys besides the forced text.

    Raises:
        EngineError: If the request makes no sense, or the model's scores are not numbers.
        SupersededError: If the cache was changed between two passes.
    """
    _require_sense(request)
    candidates = _begin(request, vocabulary, constraint)
    if request.max_tokens <= 0:
        yield _join(candidate.finish(FinishReason.LENGTH) for candidate in candidates)
        return
    branches = cache.branch(len(candidates), request.max_tokens)
    first: Scores = branches.first_logits(checkpoint).numpy(force=True)
    yield _join(candidate.advance(first) for candidate in candidates)
    while candidates := [candidate for candidate in candidates if not candidate.is_finished]:
        logits: Scores = branches.step(
            [candidate.index for candidate in candidates],
            [candidate.tokens[-1] for candidate in candidates],
            checkpoint,
        ).numpy(force=True)
        yield _join(
            candidate.advance(row) for candidate, row in zip(candidates, logits, strict=True)
        )


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


def _begin(
    request: GenerationRequest, vocabulary: Vocabulary, constraint: TokenConstraint | None
) -> list[Candidate]:
    forced: TokenConstraint = ForcedText(vocabulary, request.forced_text)
    return [
        Candidate(
            index,
            vocabulary=vocabulary,
            choose=_chooser(request, index),
            stops=StopFilter(request.stops, exempt_bytes=len(request.forced_text)),
            constraint=forced if constraint is None else Both(forced, constraint),
            max_tokens=request.max_tokens,
        )
        for index in range(request.num_candidates)
    ]


def _chooser(request: GenerationRequest, index: int) -> Chooser:
    is_first_of_several = index == 0 and request.num_candidates > 1
    return choose_likeliest if is_first_of_several else chooser_for(request.sampling, index)


def _join(events: Iterable[Events]) -> Events:
    return tuple(event for group in events for event in group)
